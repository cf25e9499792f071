package vc

import (
	"cmp"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/hardware"
)

// protectComponents does what the settings say about machines that lost their storage (vSphere Availability, "VM Component
// Protection").
func (h *ha) protectComponents(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, hosts []managedHost, restarts *fdm.Restarter, now time.Duration) {
	losses, where := h.losses(hosts)
	protection := func(id string) fdm.Protection {
		m, _ := h.s.machine(vmRef(id))
		return componentProtection(cfg, m)
	}
	capacity := func(id string) fdm.Capacity {
		m, _ := h.s.machine(vmRef(id))
		return h.capacityFor(ctx, cfg, agents, m, where[id])
	}
	for _, step := range h.guard.Step(now, losses, protection, capacity) {
		m, ok := h.s.machine(vmRef(step.VM))
		if _, runs := h.s.fleet.Status(m.id); !ok || !runs {
			continue // somebody has powered it off
		}
		what := map[bool]string{true: "permanent device loss", false: "all paths down"}[step.Loss.PDL]
		switch step.Measure {
		case fdm.ReportLoss:
			h.post(ctx, "com.vmware.vc.HA.VmcpStorageFailureDetectedForVm", "warning", m, "vSphere HA detected that storage of virtual machine %s is inaccessible: "+what)
		case fdm.Terminate:
			h.post(ctx, "com.vmware.vc.HA.VmcpTerminatingVm", "warning", m, "vSphere HA VM component protection terminates virtual machine %s because of inaccessible storage: "+what)
			h.terminate(ctx, m)
			h.queue(ctx, cfg, m, restarts, now)
		case fdm.PutOff:
			h.post(ctx, "com.vmware.vc.HA.VmcpTerminateVmAborted", "warning", m, "vSphere HA VM component protection does not terminate virtual machine %s for now: no host is known to have room for it")
		case fdm.LeaveIt:
			h.post(ctx, "com.vmware.vc.HA.VmcpNotTerminateVmWithInaccessibleDatastore", "warning", m, "vSphere HA VM component protection leaves virtual machine %s with its inaccessible storage, as its settings say")
		case fdm.ReportClear:
			h.post(ctx, "com.vmware.vc.HA.VmcpStorageFailureCleared", "info", m, "The storage of virtual machine %s is accessible again")
		case fdm.ResetGuest:
			h.resetMachine(ctx, m, string(types.VmDasBeingResetEventReasonCodeVmcpResetApdCleared))
		}
	}
}

// losses lists the running machines whose host has lost a datastore of theirs, as the host's own agent sees it, and where
// each runs. Permanent loss comes before all paths down, and of two losses of a kind the earlier one counts.
func (h *ha) losses(hosts []managedHost) (list []fdm.Loss, where map[string]managedHost) {
	where = map[string]managedHost{}
	for _, host := range hosts {
		if len(host.lost) == 0 || !host.server.Agent() {
			continue
		}
		for _, m := range h.s.machinesOn(host.ref) {
			status, runs := h.s.fleet.Status(m.id)
			if m.template || m.system || m.failing || !runs || status.Host != host.server.Name {
				continue
			}
			if l, ok := worst(host, m); ok {
				list = append(list, l)
				where[l.VM] = host
			}
		}
	}
	return list, where
}

func worst(host managedHost, m machine) (fdm.Loss, bool) {
	found := false
	worst := fdm.Loss{VM: m.ref.Value}
	for _, ds := range m.files {
		l, lost := host.lost[ds]
		pdl := l.state == hardware.DeviceLost
		if !lost || !pdl && l.timeout == 0 {
			continue // component protection waits for a time-out that never comes
		}
		if !found || pdl && !worst.PDL || pdl == worst.PDL && l.since < worst.Since {
			found, worst.PDL, worst.Since, worst.Timeout = true, pdl, l.since, l.timeout
		}
	}
	return worst, found
}

// capacityFor asks the master whether another host could take a machine; a host that hears none does not know.
func (h *ha) capacityFor(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, m machine, host managedHost) fdm.Capacity {
	needs, ok := h.s.placementVM(ctx, m.ref)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !ok || h.master == "" || !agents.Obeys(host.ref.Value) {
		return fdm.Unknown
	}
	view := h.look(ctx, cfg, agents)
	if i, busy := view.Place(needs); i >= 0 || busy {
		return fdm.Enough
	}
	return fdm.NotEnough
}

// terminate ends a machine at once, without its guest's knowing.
func (h *ha) terminate(ctx *simulator.Context, m machine) {
	h.s.updateMachine(m.ref, func(x *machine) { x.failing = true }) // its protection outlives this
	h.s.fleet.PowerOff(m.id, "terminated by vSphere HA")
	h.s.change(ctx, m.ref,
		types.PropertyChange{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
		types.PropertyChange{Name: "summary.runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff})
	h.s.post(&types.VmPoweredOffEvent{VmEvent: h.s.vmEvent(ctx, m)})
}

// responses are the words of the API; per machine, clusterDefault leaves the cluster's.
var responses = map[string]fdm.StorageResponse{
	"disabled": fdm.IgnoreLoss, "warning": fdm.WarnOfLoss, "restartConservative": fdm.RestartIfPossible, "restartAggressive": fdm.RestartIfUnknown,
}

// componentProtection is how a machine is protected: by the cluster's settings, with its own over them. Without host
// monitoring, with restarts disabled or without protection there are events but no restarts (vSphere Availability, "VM
// Component Protection").
func componentProtection(cfg *types.ClusterConfigInfoEx, m machine) fdm.Protection {
	if cfg.DasConfig.VmComponentProtecting != "enabled" {
		return fdm.Protection{}
	}
	var s types.ClusterVmComponentProtectionSettings
	if d := cfg.DasConfig.DefaultVmSettings; d != nil && d.VmComponentProtectionSettings != nil {
		s = *d.VmComponentProtectionSettings
	}
	for _, o := range cfg.DasVmConfig {
		if o.Key == m.ref && o.DasSettings != nil && o.DasSettings.VmComponentProtectionSettings != nil {
			own := o.DasSettings.VmComponentProtectionSettings
			s.VmStorageProtectionForAPD = override(own.VmStorageProtectionForAPD, "clusterDefault", s.VmStorageProtectionForAPD)
			s.VmStorageProtectionForPDL = override(own.VmStorageProtectionForPDL, "clusterDefault", s.VmStorageProtectionForPDL)
			s.VmReactionOnAPDCleared = override(own.VmReactionOnAPDCleared, "useClusterDefault", s.VmReactionOnAPDCleared)
			if own.VmTerminateDelayForAPDSec > 0 {
				s.VmTerminateDelayForAPDSec = own.VmTerminateDelayForAPDSec
			}
		}
	}
	p := fdm.Protection{
		APD: responses[s.VmStorageProtectionForAPD], PDL: responses[s.VmStorageProtectionForPDL],
		Delay: time.Duration(s.VmTerminateDelayForAPDSec) * time.Second, ResetOnClear: s.VmReactionOnAPDCleared == "reset",
	}
	if !hostMonitoring(cfg) || priority(cfg, m.ref) == fdm.Disabled || !m.protected {
		p.APD, p.PDL = min(p.APD, fdm.WarnOfLoss), min(p.PDL, fdm.WarnOfLoss)
	}
	return p
}

// override is a machine's own word, unless it is unset or stands for the cluster's.
func override(own, standsFor, cluster string) string {
	if own == standsFor {
		own = ""
	}
	return cmp.Or(own, cluster)
}
