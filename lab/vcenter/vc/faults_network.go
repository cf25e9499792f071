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
var networkFaults = []string{"partition", "isolate", "agentDown", "datastoreLost"}

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
	if fault.State != string(pathAPD) && fault.State != string(pathPDL) {
		return fmt.Sprintf("state: %q is neither apd nor pdl", fault.State)
	}
	if len(f.s.datastoresOf(fault)) == 0 {
		return fmt.Sprintf("datastore: %s mounts no %q", fault.Host, fault.Datastore)
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
		h, _ := f.s.hostOf(f.s.servers[fault.Host])
		state := pathUp
		if on {
			state = pathState(fault.State)
		}
		for _, ds := range f.s.datastoresOf(fault) {
			f.s.setPath(h.ref, ds, state)
		}
	}
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

func (s *Sim) named(ds types.ManagedObjectReference, name string) bool {
	d, ok := s.svc.Context.Map.Get(ds).(*simulator.Datastore)
	return ok && strings.EqualFold(d.Name, name)
}
