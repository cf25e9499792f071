package vc

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// postRole reports what a host's new state means beyond the change itself.
func (h *ha) postRole(ctx *simulator.Context, ref types.ManagedObjectReference, state types.ClusterDasFdmAvailabilityState) {
	say := func(id, severity, format string) {
		name := h.s.hostName(ref)
		h.s.post(h.s.extended("com.vmware.vc.HA."+id, severity, fmt.Sprintf(format, name), h.s.hostEvent(ctx, ref).Event, ref, name))
	}
	switch state {
	case types.ClusterDasFdmAvailabilityStateNetworkIsolated:
		say("DasHostIsolatedEvent", "warning", "vSphere HA detected that host %s is isolated from the management network")
	case types.ClusterDasFdmAvailabilityStateNetworkPartitionedFromMaster:
		say("HostPartitionedFromMasterEvent", "warning", "vSphere HA detected that host %s is in a different network partition than the master")
	}
}

// postReturn reports with the older event that a host was isolated: it comes when the host has its network back (vSphere
// API reference, DasHostIsolatedEvent).
func (h *ha) postReturn(ctx *simulator.Context, ref types.ManagedObjectReference) {
	e := &types.DasHostIsolatedEvent{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)}
	e.IsolatedHost = h.hostArgument(ctx, ref)
	h.s.post(e)
}

func (h *ha) hostArgument(ctx *simulator.Context, ref types.ManagedObjectReference) types.HostEventArgument {
	if e := h.s.hostEvent(ctx, ref).Event; e.Host != nil {
		return *e.Host
	}
	return types.HostEventArgument{}
}

// postDeparture reports what an isolated host did to a machine.
func (h *ha) postDeparture(ctx *simulator.Context, m machine, left departure) {
	off := types.VmPoweredOffEvent{VmEvent: h.s.vmEvent(ctx, m)}
	host := h.hostArgument(ctx, left.host)
	if !left.asked {
		h.s.post(&types.VmPowerOffOnIsolationEvent{VmPoweredOffEvent: off, IsolatedHost: host})
		return
	}
	result := types.VmShutdownOnIsolationEventOperationShutdown
	if left.forced {
		result = types.VmShutdownOnIsolationEventOperationPoweredOff
	}
	h.s.post(&types.VmShutdownOnIsolationEvent{VmPoweredOffEvent: off, IsolatedHost: host, ShutdownResult: string(result)})
}

// noteMaster reports that vCenter finds no master, once: it is vCenter then that calls hosts unreachable.
func (h *ha) noteMaster(ctx *simulator.Context, c fdm.Change, agents *fdm.Cluster) {
	var master string
	h.locked(func() { master = agents.Master() })
	switch {
	case master != "":
		h.lostMaster = false
	case !h.lostMaster && c.State == fdm.Unreachable && c.Reporter == "":
		h.lostMaster = true
		h.postCluster(ctx, "com.vmware.vc.HA.VcCannotFindMasterEvent", "warning", "vCenter Server cannot find a master vSphere HA agent in cluster %s")
	}
}
