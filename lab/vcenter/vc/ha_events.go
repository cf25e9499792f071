package vc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/placement"
)

// post reports something about a machine, on the host that it has now.
func (h *ha) post(ctx *simulator.Context, id, severity string, m machine, format string) {
	e := h.s.vmEvent(ctx, m).Event
	h.s.post(h.s.extended(id, severity, fmt.Sprintf(format, m.name), e, m.ref, m.name))
}

func (h *ha) postCluster(ctx *simulator.Context, id, severity, format string) {
	e := h.s.clusterEvent(ctx, h.cluster).Event
	name := ""
	if e.ComputeResource != nil {
		name = e.ComputeResource.Name
	}
	h.s.post(h.s.extended(id, severity, fmt.Sprintf(format, name), e, h.cluster, name))
}

func (h *ha) postState(ctx *simulator.Context, ref types.ManagedObjectReference, state string) {
	name := h.s.hostName(ref)
	message := fmt.Sprintf("The vSphere HA availability state of the host %s has changed to %s", name, state)
	h.s.post(h.s.extended("com.vmware.vc.HA.HostStateChangedEvent", "info", message, h.s.hostEvent(ctx, ref).Event, ref, name))
}

func (h *ha) postHostFailed(ctx *simulator.Context, ref types.ManagedObjectReference) {
	e := h.s.hostEvent(ctx, ref).Event
	name := h.s.hostName(ref)
	message := fmt.Sprintf("vSphere HA detected a host failure: %s", name)
	classic := &types.DasHostFailedEvent{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)}
	if e.Host != nil {
		classic.FailedHost = *e.Host
	}
	h.s.post(h.s.extended("com.vmware.vc.HA.DasHostFailedEvent", "error", message, e, ref, name), classic)
}

// postFailed reports that a restart failed; it is tried again.
func (h *ha) postFailed(ctx *simulator.Context, m machine, fault types.BaseMethodFault) {
	h.s.post(&types.VmFailoverFailed{VmEvent: h.s.vmEvent(ctx, m), Reason: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: describeFault(fault)}})
}

// postNoRoom reports that no host can take a machine, which waits for one: rules that must be kept count as a lack of
// resources (vSphere Availability, "vSphere HA and DRS Affinity Rules").
func (h *ha) postNoRoom(ctx *simulator.Context, m machine, why []placement.Obstacle) {
	count := map[string]int{}
	for _, o := range why {
		count[strings.TrimSpace(string(o.Lack)+" "+o.What)]++
	}
	reason := "no host of the cluster can take it"
	for i, lack := range slices.Sorted(maps.Keys(count)) {
		reason += fmt.Sprintf("%s%s (%d hosts)", []string{": ", ", "}[min(i, 1)], lack, count[lack])
	}
	h.s.post(&types.NotEnoughResourcesToStartVmEvent{VmEvent: h.s.vmEvent(ctx, m), Reason: reason})
	h.postFailed(ctx, m, &types.InsufficientResourcesFault{})
}

// describeFault is a fault's message where the simulator would print its Go type.
func describeFault(f types.BaseMethodFault) string {
	switch x := f.(type) {
	case *types.GenericVmConfigFault:
		return x.Reason
	case *types.FileLocked:
		return "Its files are locked by the host that it runs on."
	case *types.InsufficientResourcesFault:
		return "No host has the resources that it needs."
	case *types.HostNotConnected:
		return "The host is not connected."
	case *types.HostNotReachable:
		return "The host cannot be reached."
	}
	return fmt.Sprintf("%T", f)
}
