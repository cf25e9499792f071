package vc

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// evacuationPoll is how often a host that enters maintenance mode looks whether machines are left on it.
const evacuationPoll = time.Second

// enterMaintenance evacuates a host as far as DRS may and waits until no machine runs on it; zero waits for ever.
func (s *Sim) enterMaintenance(ctx *simulator.Context, ref types.ManagedObjectReference, timeout time.Duration) types.BaseMethodFault {
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
	s.updateHost(ref, func(h *managedHost) { h.leaving = true })
	defer s.updateHost(ref, func(h *managedHost) { h.leaving = false })
	if m.cluster.Value != "" {
		s.tendSystemVMs(m.cluster)
		s.evacuate(ref, m.cluster)
	}
	deadline := s.clock.Now() + timeout
	for s.runsMachines(ref) {
		if timeout > 0 && s.clock.Now() > deadline {
			return &types.Timedout{}
		}
		if !s.wait(evacuationPoll) {
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
	return len(s.selectMachines(func(m *machine) bool { return m.host == host && m.on })) > 0
}

// evacuate moves away what DRS may move without asking: running machines by vMotion, the others by registration.
func (s *Sim) evacuate(host, cluster types.ManagedObjectReference) {
	stays := !s.mayEvacuate(cluster, host)
	for _, m := range s.machinesOn(host) {
		behavior, on := s.drsBehavior(cluster, m.ref)
		if m.on && stays || m.template || m.system || !on || behavior != types.DrsBehaviorFullyAutomated {
			continue
		}
		go s.moveAway(m)
	}
}

func (s *Sim) moveAway(m machine) {
	ctx := s.context()
	vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	target, fault := s.migrationTarget(ctx, vm, m)
	if fault == nil {
		s.migrate(ctx, vm, target)
	}
}
