package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
)

// evacuationPoll is how often a host that enters maintenance mode looks whether machines are left on it.
const evacuationPoll = time.Second

// evacuation is how a host enters maintenance mode: within a time, zero for ever; with machines that are off, too; until a
// client cancels it.
type evacuation struct {
	timeout   time.Duration
	off       bool
	cancelled func() bool
}

// enterMaintenance evacuates a host as far as DRS may and waits until no machine runs on it, and none is off where the client
// asks for that. DRS tries again at each look, so that the wait ends when what was in the way is gone.
func (s *Sim) enterMaintenance(ctx *simulator.Context, ref types.ManagedObjectReference, order evacuation) types.BaseMethodFault {
	m, ok := s.host(ref)
	switch {
	case !ok:
		return &types.ManagedObjectNotFound{Obj: ref}
	case m.maintenance:
		return &types.InvalidState{}
	case !m.responding || m.disconnected:
		return &types.HostNotConnected{}
	}
	s.post(&types.EnteringMaintenanceModeEvent{HostEvent: s.hostEvent(ctx, ref)})
	// Counted, because a task that a client has cancelled shows its end before it is at its end, and the next may be under way.
	s.updateHost(ref, func(h *managedHost) { h.leaving++ })
	d := s.drsOf(m.cluster)
	defer func() {
		s.updateHost(ref, func(h *managedHost) { h.leaving-- })
		if d != nil {
			go d.invoke() // which withdraws what it recommended for this
		}
	}()
	if m.cluster.Value != "" {
		s.tendSystemVMs(m.cluster)
		if d != nil {
			d.invoke()
		}
		if order.off {
			s.evacuateOff(ctx, m)
		}
	}
	deadline := s.clock.Now() + order.timeout
	for s.runsMachines(ref) || order.off && s.offLeft(m) {
		if order.timeout > 0 && s.clock.Now() > deadline {
			return &types.Timedout{}
		}
		if order.cancelled() || !s.wait(evacuationPoll) {
			return &types.RequestCanceled{}
		}
		if m.cluster.Value != "" {
			s.tendSystemVMs(m.cluster)
		}
	}
	s.setMaintenance(ctx, ref, true)
	s.post(&types.EnteredMaintenanceModeEvent{HostEvent: s.hostEvent(ctx, ref)})
	s.tendHost(ref)
	return nil
}

func (s *Sim) runsMachines(host types.ManagedObjectReference) bool {
	return slices.ContainsFunc(s.machinesOn(host), func(m machine) bool { return m.on })
}

// evacuateOff registers machines that are off at other hosts, where DRS looks after them (API reference,
// EnterMaintenanceMode_Task, evacuatePoweredOffVms).
func (s *Sim) evacuateOff(ctx *simulator.Context, host managedHost) {
	level := levels(s.settings(host.cluster))
	for _, m := range s.machinesOn(host.ref) {
		if m.on || m.template || m.system || level(m.ref) == drs.Disabled {
			continue
		}
		list, _ := s.drsCandidates(ctx, m.ref, s.clusterHosts(host.cluster))
		if vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine); ok && len(list) > 0 {
			s.migrateBy(ctx, vm, hostRef(list[0].Host.ID), byDRS)
		}
	}
}

// offLeft tells whether machines are off and left on a host that DRS does not look after: somebody must register them
// elsewhere.
func (s *Sim) offLeft(host managedHost) bool {
	if cfg := s.settings(host.cluster); cfg != nil && isTrue(cfg.DrsConfig.Enabled) {
		return false
	}
	return slices.ContainsFunc(s.machinesOn(host.ref), func(m machine) bool { return !m.on && !m.template && !m.system })
}
