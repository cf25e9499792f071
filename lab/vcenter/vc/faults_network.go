package vc

import (
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/truth"
)

// networkFaults are the faults of the management network, of HA's agents and of the way to storage.
var networkFaults = []string{"partition", "isolate", "agentDown", "agentSetupFails", "agentRemovalFails", "datastoreLost"}

// checkNetwork names what is wrong with such a fault; empty when nothing is.
func (f *faults) checkNetwork(fault Fault) string {
	hosts := fault.Hosts
	if fault.Kind != "partition" {
		hosts = []string{fault.Host}
	}
	if len(hosts) == 0 {
		return "hosts: must name those on the other side"
	}
	for _, name := range hosts {
		if f.s.servers[name] == nil {
			return fmt.Sprintf("host: there is no server %q", name)
		}
	}
	if fault.Kind != "datastoreLost" {
		return ""
	}
	lost := f.s.datastoresOf(fault)
	switch state := hardware.Reach(fault.State); {
	case state != hardware.AllDown && state != hardware.DeviceLost:
		return fmt.Sprintf("state: %q is neither apd nor pdl", fault.State)
	case len(lost) == 0:
		return fmt.Sprintf("datastore: %s mounts no %q", fault.Host, fault.Datastore)
	case state == hardware.DeviceLost && fault.Datastore != "" && !f.s.isVMFS(lost[0]):
		return fmt.Sprintf("state: %q comes by SCSI sense codes, which there are on VMFS only", fault.State)
	}
	return ""
}

// applyNetwork begins or ends such a fault.
func (f *faults) applyNetwork(fault Fault, on bool) {
	switch fault.Kind {
	case "partition":
		f.split(fault.ID, hardware.Split{Servers: fault.Hosts, Gateway: fault.Gateway, VCenter: fault.VCenter}, on)
	case "isolate":
		f.split(fault.ID, hardware.Split{Servers: []string{fault.Host}}, on)
	case "agentDown":
		f.note(fault.Host, map[bool]string{true: "agentDown", false: "agentUp"}[on])
		f.s.servers[fault.Host].SetAgent(!on)
	case "datastoreLost":
		f.s.storageChanged(f.s.servers[fault.Host])
	}
}

// loss is what a fault takes of a datastore from a host; permanent loss takes VMFS only.
func (f *faults) loss(host, datastore string, vmfs bool) (hardware.Reach, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.active {
		state := hardware.Reach(fault.State)
		if fault.Kind == "datastoreLost" && fault.Host == host && (fault.Datastore == "" || strings.EqualFold(fault.Datastore, datastore)) && (vmfs || state != hardware.DeviceLost) {
			return state, true
		}
	}
	return "", false
}

// note writes what a fault does to a host into the log of what really happened.
func (f *faults) note(host, event string) {
	f.s.truth.Write(time.Now(), truth.Entry{Host: host, Event: event, Cause: "fault"})
}

func (f *faults) split(id string, s hardware.Split, on bool) {
	for _, name := range s.Servers {
		f.note(name, map[bool]string{true: "networkDown", false: "networkUp"}[on])
	}
	if on {
		f.s.network.Split(id, s)
	} else {
		f.s.network.Heal(id)
	}
	for _, server := range f.s.servers {
		f.s.watchContact(server)
	}
}

// datastoresOf are the datastores that a fault is about: the one that it names, or all that its host mounts.
func (s *Sim) datastoresOf(fault Fault) []types.ManagedObjectReference {
	h, ok := s.hostOf(s.servers[fault.Host])
	if !ok {
		return nil
	}
	var list []types.ManagedObjectReference
	for _, ds := range h.mounted {
		if fault.Datastore == "" || s.named(ds, fault.Datastore) {
			list = append(list, ds)
		}
	}
	return list
}

func (s *Sim) isVMFS(ref types.ManagedObjectReference) (vmfs bool) {
	ctx := s.context()
	if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok {
		ctx.WithLock(ds, func() { vmfs = ds.Summary.Type == string(types.HostFileSystemVolumeFileSystemTypeVMFS) })
	}
	return vmfs
}

func (s *Sim) named(ds types.ManagedObjectReference, name string) bool {
	d, ok := s.svc.Context.Map.Get(ds).(*simulator.Datastore)
	return ok && strings.EqualFold(d.Name, name)
}
