package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
	"vsphere-ha/lab/vcenter/placement"
)

// drsStrength is how far rules bind DRS: a rule that is not mandatory "specifies a preference" (vSphere API reference,
// ClusterRuleInfo.mandatory).
func drsStrength(rule types.BaseClusterRuleInfo) strength {
	if isTrue(rule.GetClusterRuleInfo().Mandatory) {
		return required
	}
	return preferred
}

// drsLook gathers what DRS looks at: the members, what runs on them, and the rules. Only those machines come with what they
// need of a host that a decision may be about: all in rules, and those on hosts that are to be empty.
func (s *Sim) drsLook(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, members []managedHost) *drs.Cluster {
	c := &drs.Cluster{Where: map[string]string{}}
	if cfg != nil {
		c.Rules = placementRules(cfg, drsStrength)
	}
	leaving, held, level := map[types.ManagedObjectReference]bool{}, map[types.ManagedObjectReference]bool{}, levels(cfg)
	at := map[string]int{}
	for i, p := range s.placementHosts(ctx, members) {
		h := members[i]
		leaving[h.ref] = h.leaving > 0
		held[h.ref] = h.leaving > 0 && !s.mayEvacuate(h.cluster, h.ref)
		at[p.ID] = i
		c.Hosts = append(c.Hosts, drs.Host{
			Host: p, MemoryMB: int64(h.server.MemoryMB), Leaving: h.leaving > 0,
			Open: h.usable() && !s.isFailoverHost(h.cluster, h.ref),
		})
	}
	ruled := map[string]bool{}
	for _, r := range c.Rules {
		for _, vm := range r.VMs {
			ruled[vm] = true
		}
	}
	var deciding []machine
	s.mu.Lock()
	for _, m := range s.vms {
		host := m.whereabouts()
		i, here := at[host.Value]
		if !here || !m.on && m.target.Value == "" {
			continue
		}
		c.Where[m.ref.Value] = host.Value
		if m.system {
			continue // as small as they are, and not DRS's
		}
		c.Hosts[i].Used += int64(m.memoryMB)
		c.Hosts[i].Machines++
		if (ruled[m.ref.Value] || leaving[host]) && !m.failing {
			deciding = append(deciding, *m)
		}
	}
	s.mu.Unlock()
	for _, m := range deciding {
		if p, ok := s.placementVM(ctx, m.ref); ok {
			x := drs.Machine{VM: p, Host: m.host.Value, MemoryMB: int64(m.memoryMB), Level: level(m.ref)}
			if m.bound.Value != "" || m.target.Value != "" || held[m.host] {
				x.Level = drs.Disabled // it is moving already, or must not: HA needs the host
			}
			c.Machines = append(c.Machines, x)
		}
	}
	return c
}

// whereabouts is the host that a machine counts for: the one that it is on its way to, if it is.
func (m *machine) whereabouts() types.ManagedObjectReference {
	switch {
	case m.target.Value != "":
		return m.target
	case m.bound.Value != "":
		return m.bound
	}
	return m.host
}

// levels tells how far DRS acts on a machine on its own, overrides included.
func levels(cfg *types.ClusterConfigInfoEx) func(types.ManagedObjectReference) drs.Level {
	if cfg == nil || !isTrue(cfg.DrsConfig.Enabled) {
		return func(types.ManagedObjectReference) drs.Level { return drs.Disabled }
	}
	own := map[types.ManagedObjectReference]drs.Level{}
	if isTrue(cfg.DrsConfig.EnableVmBehaviorOverrides) {
		for _, o := range cfg.DrsVmConfig {
			switch {
			case o.Enabled != nil && !*o.Enabled:
				own[o.Key] = drs.Disabled
			case o.Behavior != "":
				own[o.Key] = drs.Level(o.Behavior)
			}
		}
	}
	return func(vm types.ManagedObjectReference) drs.Level {
		if l, ok := own[vm]; ok {
			return l
		}
		return drs.Level(cfg.DrsConfig.DefaultVmBehavior)
	}
}

// drsCandidates lists the hosts of a machine's cluster, or of another compute resource, that would take it, best first.
func (s *Sim) drsCandidates(ctx *simulator.Context, vm types.ManagedObjectReference, members []managedHost) ([]drs.Candidate, map[string]placement.Verdict) {
	m, known := s.machine(vm)
	p, ok := s.placementVM(ctx, vm)
	if !known || !ok || len(members) == 0 {
		return nil, nil
	}
	return s.drsLook(ctx, s.settingsOf(members), members).Candidates(drs.Machine{VM: p, MemoryMB: int64(m.memoryMB)})
}

// incompatible says why no host takes a machine, as vCenter does: host by host.
func (s *Sim) incompatible(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference, why map[string]placement.Verdict) *types.NoCompatibleHost {
	fault := &types.NoCompatibleHost{}
	for _, h := range s.allHosts() {
		v, ok := why[h.ref.Value]
		if !ok {
			continue
		}
		for _, o := range v.Obstacles {
			f := s.obstacle(ctx, cfg, vm, h, o)
			fault.Host = append(fault.Host, h.ref)
			fault.Error = append(fault.Error, types.LocalizedMethodFault{Fault: f, LocalizedMessage: describeFault(f)})
		}
	}
	return fault
}

func (s *Sim) obstacle(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference, h managedHost, o placement.Obstacle) types.BaseMethodFault {
	m, _ := s.machine(vm)
	load := m.load()
	switch o.Lack {
	case placement.LacksCPU:
		return &types.InsufficientCpuResourcesFault{Requested: load.CPU, Unreserved: s.unreserved(ctx, h).CPU}
	case placement.LacksMemory:
		return &types.InsufficientMemoryResourcesFault{Requested: load.Memory << 20, Unreserved: s.unreserved(ctx, h).Memory << 20}
	case placement.LacksDatastore:
		return &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &types.ManagedObjectReference{Type: "Datastore", Value: o.What}}}
	case placement.LacksNetwork:
		return &types.CannotAccessNetwork{Network: &types.ManagedObjectReference{Type: "Network", Value: o.What}}
	}
	violated := &types.RuleViolation{Host: &h.ref}
	for _, r := range cfg.Rule {
		if r.GetClusterRuleInfo().Name == o.What {
			violated.Rule = r
		}
	}
	return violated
}

func (s *Sim) unreserved(ctx *simulator.Context, h managedHost) placement.Host {
	for _, p := range s.placementHosts(ctx, []managedHost{h}) {
		return p
	}
	return placement.Host{}
}

// managed finds hosts by reference.
func (s *Sim) managed(refs []types.ManagedObjectReference) []managedHost {
	var list []managedHost
	for _, r := range refs {
		if h, ok := s.host(r); ok {
			list = append(list, h)
		}
	}
	return list
}

// settingsOf are the settings of the cluster that hosts are in; nil for a standalone host.
func (s *Sim) settingsOf(members []managedHost) *types.ClusterConfigInfoEx {
	if len(members) == 0 {
		return nil
	}
	return s.settings(members[0].cluster)
}
