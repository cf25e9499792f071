package vc

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/placement"
)

// strength is how far a rule binds a decision.
type strength int

const (
	ignored strength = iota
	preferred
	required
)

// placementSite tells where machines run, or are about to, and which of the cluster's enabled rules bind.
func (s *Sim) placementSite(cfg *types.ClusterConfigInfoEx, binds func(types.BaseClusterRuleInfo) strength) *placement.Site {
	site := &placement.Site{Where: map[string]string{}, Rules: placement.NewRules(placementRules(cfg, binds)...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.vms {
		switch {
		case m.target.Value != "", m.on && !m.failing:
			site.Where[m.ref.Value] = m.whereabouts().Value
		}
	}
	return site
}

func placementRules(cfg *types.ClusterConfigInfoEx, binds func(types.BaseClusterRuleInfo) strength) []placement.Rule {
	var list []placement.Rule
	for _, rule := range cfg.Rule {
		info, how := rule.GetClusterRuleInfo(), binds(rule)
		if how == ignored || !isTrue(info.Enabled) {
			continue
		}
		r := placement.Rule{Name: info.Name, Required: how == required}
		switch x := rule.(type) {
		case *types.ClusterAntiAffinityRuleSpec:
			r.Kind, r.VMs = placement.Apart, refValues(x.Vm)
		case *types.ClusterAffinityRuleSpec:
			r.Kind, r.VMs = placement.Together, refValues(x.Vm)
		case *types.ClusterVmHostRuleInfo:
			r.VMs = refValues(vmGroup(cfg, x.VmGroupName))
			r.Kind, r.Hosts = placement.On, placement.SetOf(refValues(hostGroup(cfg, x.AffineHostGroupName))...)
			if x.AffineHostGroupName == "" {
				r.Kind, r.Hosts = placement.Off, placement.SetOf(refValues(hostGroup(cfg, x.AntiAffineHostGroupName))...)
			}
		default:
			continue // dependencies order restarts; they say nothing of hosts
		}
		list = append(list, r)
	}
	return list
}

func vmGroup(cfg *types.ClusterConfigInfoEx, name string) []types.ManagedObjectReference {
	for _, g := range cfg.Group {
		if v, ok := g.(*types.ClusterVmGroup); ok && v.Name == name {
			return v.Vm
		}
	}
	return nil
}

func hostGroup(cfg *types.ClusterConfigInfoEx, name string) []types.ManagedObjectReference {
	for _, g := range cfg.Group {
		if h, ok := g.(*types.ClusterHostGroup); ok && h.Name == name {
			return h.Host
		}
	}
	return nil
}

func refValues(refs []types.ManagedObjectReference) []string {
	var list []string
	for _, r := range refs {
		list = append(list, r.Value)
	}
	return list
}

// placementHosts tells what hosts offer: their capacity less what machines that run there, or are about to, reserve.
func (s *Sim) placementHosts(ctx *simulator.Context, hosts []managedHost) []placement.Host {
	reserved := map[types.ManagedObjectReference]fdm.Load{}
	s.mu.Lock()
	for _, m := range s.vms {
		at := m.target
		if at.Value == "" && m.on && !m.failing {
			at = m.whereabouts()
		}
		if at.Value != "" {
			load, sum := m.load(), reserved[at]
			reserved[at] = fdm.Load{CPU: sum.CPU + load.CPU, Memory: sum.Memory + load.Memory}
		}
	}
	s.mu.Unlock()
	var list []placement.Host
	for _, h := range hosts {
		o, ok := ctx.Map.Get(h.ref).(*simulator.HostSystem)
		if !ok {
			continue
		}
		size, used := h.size(), reserved[h.ref]
		p := placement.Host{ID: h.ref.Value, CPU: size.CPU - used.CPU, Memory: size.Memory - used.Memory}
		ctx.WithLock(o, func() {
			p.Datastores, p.Networks = placement.SetOf(refValues(o.Datastore)...), placement.SetOf(refValues(o.Network)...)
		})
		for ds := range h.lost {
			delete(p.Datastores, ds.Value)
		}
		list = append(list, p)
	}
	return list
}

// placementVM tells what a machine needs of a host; false when it is gone.
func (s *Sim) placementVM(ctx *simulator.Context, ref types.ManagedObjectReference) (placement.VM, bool) {
	m, known := s.machine(ref)
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !known || !ok {
		return placement.VM{}, false
	}
	load := m.load()
	p := placement.VM{ID: ref.Value, CPU: load.CPU, Memory: load.Memory}
	ctx.WithLock(vm, func() { p.Datastores, p.Networks = refValues(vm.Datastore), refValues(networksOf(vm)) })
	return p, true
}

// networksOf lists the networks of a machine's adapters, standard and distributed. The caller holds its lock.
func networksOf(vm *simulator.VirtualMachine) []types.ManagedObjectReference {
	var refs []types.ManagedObjectReference
	for _, d := range object.VirtualDeviceList(vm.Config.Hardware.Device) {
		switch b := d.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			if b.Network != nil {
				refs = append(refs, *b.Network)
			}
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			refs = append(refs, types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey})
		}
	}
	return slices.Compact(refs)
}

// load is what a machine reserves when it runs.
func (m *machine) load() fdm.Load {
	return fdm.StandardDefaults.LoadOf(m.cpuReserved, m.memoryReserved, m.memoryMB, m.cpus)
}

// size is what a host offers to machines.
func (h *managedHost) size() fdm.Size {
	return fdm.Size{CPU: int64(h.server.CPUMHz * h.server.Cores), Memory: int64(h.server.MemoryMB)}
}
