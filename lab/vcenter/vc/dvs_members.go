package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// changeMembers adds, changes or removes hosts of a switch.
func (s *Sim) changeMembers(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, specs []types.DistributedVirtualSwitchHostMemberConfigSpec) types.BaseMethodFault {
	for _, spec := range specs {
		if fault := s.changeMember(ctx, dvs, spec); fault != nil {
			return fault
		}
	}
	return nil
}

func (s *Sim) changeMember(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, spec types.DistributedVirtualSwitchHostMemberConfigSpec) types.BaseMethodFault {
	h, ok := s.host(spec.Host)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: spec.Host}
	}
	is := func(m types.DistributedVirtualSwitchHostMember) bool { return *m.Config.Host == spec.Host }
	remove := spec.Operation == string(types.ConfigSpecOperationRemove)
	if remove {
		if fault := s.mayLeave(ctx, dvs, spec.Host); fault != nil {
			return fault
		}
	} else if fault := s.nicsFree(ctx, dvs.Uuid, spec); fault != nil {
		return fault
	}
	var cfg *types.VMwareDVSConfigInfo
	if fault := s.updateSwitch(ctx, dvs, func(c *types.VMwareDVSConfigInfo) types.BaseMethodFault {
		cfg = c
		i := slices.IndexFunc(c.Host, is)
		switch {
		case spec.Operation == string(types.ConfigSpecOperationAdd) && i < 0:
			c.Host = append(c.Host, newMember(spec))
		case spec.Operation == string(types.ConfigSpecOperationAdd):
			return &types.AlreadyExists{Name: h.server.Name}
		case i < 0:
			return &types.NotFound{}
		case remove:
			c.Host = slices.Delete(c.Host, i, i+1)
		case spec.Backing != nil:
			c.Host[i].Config.Backing = spec.Backing
		}
		return nil
	}); fault != nil {
		return fault
	}
	if remove {
		s.setProxySwitch(ctx, spec.Host, cfg, nil)
		s.post(&types.DvsHostLeftEvent{DvsEvent: s.switchEvent(ctx, dvs), HostLeft: types.HostEventArgument{EntityEventArgument: named(h.server.Name), Host: spec.Host}})
	} else {
		s.setProxySwitch(ctx, spec.Host, cfg, spec.Backing)
		s.post(&types.DvsHostJoinedEvent{DvsEvent: s.switchEvent(ctx, dvs), HostJoined: types.HostEventArgument{EntityEventArgument: named(h.server.Name), Host: spec.Host}})
	}
	s.showGroupsOnHost(ctx, dvs, spec.Host, !remove)
	return nil
}

func newMember(spec types.DistributedVirtualSwitchHostMemberConfigSpec) types.DistributedVirtualSwitchHostMember {
	backing := spec.Backing
	if backing == nil {
		backing = &types.DistributedVirtualSwitchHostMemberPnicBacking{}
	}
	ports := spec.MaxProxySwitchPorts
	set(&ports, 512, spec.MaxProxySwitchPorts)
	return types.DistributedVirtualSwitchHostMember{
		Config: types.DistributedVirtualSwitchHostMemberConfigInfo{Host: &spec.Host, MaxProxySwitchPorts: ports, Backing: backing},
		Status: string(types.DistributedVirtualSwitchHostMemberHostComponentStateUp),
	}
}

// nicsFree refuses network adapters that the host does not have or that another of its switches uses.
func (s *Sim) nicsFree(ctx *simulator.Context, dvs string, spec types.DistributedVirtualSwitchHostMemberConfigSpec) (fault types.BaseMethodFault) {
	h, ok := ctx.Map.Get(spec.Host).(*simulator.HostSystem)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: spec.Host}
	}
	ctx.WithLock(h, func() {
		for _, nic := range pnicsOf(spec.Backing) {
			key := pnicKey(nic)
			if !slices.ContainsFunc(h.Config.Network.Pnic, func(p types.PhysicalNic) bool { return p.Key == key }) {
				fault = &types.NotFound{}
				return
			}
			if usesNIC(h.Config.Network, key, dvs) {
				fault = &types.ResourceInUse{Type: "PhysicalNic", Name: nic}
				return
			}
		}
	})
	return fault
}

// usesNIC tells whether a switch of the host, other than the distributed one named, has the network adapter.
func usesNIC(net *types.HostNetworkInfo, key, except string) bool {
	return slices.ContainsFunc(net.Vswitch, func(v types.HostVirtualSwitch) bool { return slices.Contains(v.Pnic, key) }) ||
		slices.ContainsFunc(net.ProxySwitch, func(p types.HostProxySwitch) bool { return p.DvsUuid != except && slices.Contains(p.Pnic, key) })
}

func pnicKey(device string) string { return "key-vim.host.PhysicalNic-" + device }

func pnicsOf(b types.BaseDistributedVirtualSwitchHostMemberBacking) (devices []string) {
	if p, ok := b.(*types.DistributedVirtualSwitchHostMemberPnicBacking); ok {
		for _, spec := range p.PnicSpec {
			devices = append(devices, spec.PnicDevice)
		}
	}
	return devices
}

// mayLeave refuses to take a host out of a switch that machines or adapters of the host are connected to.
func (s *Sim) mayLeave(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, host types.ManagedObjectReference) types.BaseMethodFault {
	var groups []types.ManagedObjectReference
	ctx.WithLock(dvs, func() { groups = slices.Clone(dvs.Portgroup) })
	for _, m := range s.machinesOn(host) {
		vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		connected := false
		ctx.WithLock(vm, func() {
			connected = slices.ContainsFunc(vm.Network, func(n types.ManagedObjectReference) bool { return slices.Contains(groups, n) })
		})
		if connected {
			return &types.ResourceInUse{Type: switchType, Name: dvs.Name}
		}
	}
	if s.vnicOn(ctx, host, groups) {
		return &types.ResourceInUse{Type: switchType, Name: dvs.Name}
	}
	return nil
}

// vnicOn tells whether one of the host's own adapters is on one of the distributed port groups.
func (s *Sim) vnicOn(ctx *simulator.Context, host types.ManagedObjectReference, groups []types.ManagedObjectReference) (found bool) {
	h, ok := ctx.Map.Get(host).(*simulator.HostSystem)
	if !ok {
		return false
	}
	ctx.WithLock(h, func() {
		found = slices.ContainsFunc(h.Config.Network.Vnic, func(v types.HostVirtualNic) bool {
			p := v.Spec.DistributedVirtualPort
			return p != nil && slices.ContainsFunc(groups, func(g types.ManagedObjectReference) bool { return g.Value == p.PortgroupKey })
		})
	})
	return found
}

// setProxySwitch shows on a host its part of a distributed switch; without a backing there is none any more.
func (s *Sim) setProxySwitch(ctx *simulator.Context, host types.ManagedObjectReference, cfg *types.VMwareDVSConfigInfo, backing types.BaseDistributedVirtualSwitchHostMemberBacking) {
	h, ok := ctx.Map.Get(host).(*simulator.HostSystem)
	if !ok {
		return
	}
	var list []types.HostProxySwitch
	change := func(net *types.HostNetworkInfo) []types.HostProxySwitch {
		list := slices.DeleteFunc(slices.Clone(net.ProxySwitch), func(p types.HostProxySwitch) bool { return p.DvsUuid == cfg.Uuid })
		if backing == nil {
			return list
		}
		p := types.HostProxySwitch{
			DvsUuid: cfg.Uuid, DvsName: cfg.Name, Key: "key-vim.host.ProxySwitch-" + cfg.Name, NumPorts: 1536, NumPortsAvailable: 1530,
			Mtu: cfg.MaxMtu, Spec: types.HostProxySwitchSpec{Backing: backing},
		}
		for _, nic := range pnicsOf(backing) {
			p.Pnic = append(p.Pnic, pnicKey(nic))
		}
		return append(list, p)
	}
	ctx.WithLock(h, func() {
		list = change(h.Config.Network)
		ctx.Update(h, []types.PropertyChange{{Name: "config.network.proxySwitch", Val: list}})
	})
	if ns, ok := ctx.Map.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem); ok {
		ctx.WithLock(ns, func() {
			ctx.Update(ns, []types.PropertyChange{{Name: "networkInfo.proxySwitch", Val: clone(list)}})
		})
	}
}

// leaveSwitches takes a host that leaves the inventory out of every distributed switch.
func (s *Sim) leaveSwitches(ctx *simulator.Context, host types.ManagedObjectReference) {
	for _, e := range ctx.Map.All(switchType) {
		dvs, ok := e.(*simulator.DistributedVirtualSwitch)
		if !ok {
			continue
		}
		member := false
		ctx.WithLock(dvs, func() { member = slices.Contains(dvs.Summary.HostMember, host) })
		if member {
			_ = s.changeMember(ctx, dvs, types.DistributedVirtualSwitchHostMemberConfigSpec{
				Operation: string(types.ConfigSpecOperationRemove), Host: host,
			})
		}
	}
}
