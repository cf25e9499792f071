package vc

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// attachNetwork makes the network of a port group visible to a host: one network a name and datacenter, as in vCenter.
func (s *Sim) attachNetwork(ctx *simulator.Context, host types.ManagedObjectReference, name string) {
	ref, ok := s.findNetwork(ctx, host, name)
	if !ok {
		if ref, ok = s.newNetwork(ctx, host, name); !ok {
			return
		}
	}
	s.addNetworkHost(ctx, ref, host)
	if h, ok := ctx.Map.Get(host).(*simulator.HostSystem); ok {
		ctx.WithLock(h, func() {
			ctx.Update(h, []types.PropertyChange{{Name: "network", Val: union(slices.Clone(h.Network), []types.ManagedObjectReference{ref})}})
		})
	}
	s.refreshParent(ctx, host)
}

func (s *Sim) newNetwork(ctx *simulator.Context, at types.ManagedObjectReference, name string) (types.ManagedObjectReference, bool) {
	dc := datacenterOf(ctx, at)
	if dc == nil {
		return types.ManagedObjectReference{}, false
	}
	f, ok := ctx.Map.Get(dc.NetworkFolder).(*simulator.Folder)
	if !ok {
		return types.ManagedObjectReference{}, false
	}
	n := &mo.Network{}
	n.Name = name
	n.Entity().Name = name
	ctx.Map.PutEntity(f, ctx.Map.NewEntity(n))
	n.Summary = &types.NetworkSummary{Network: &n.Self, Name: name, Accessible: true}
	ctx.WithLock(f, func() {
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: append(slices.Clone(f.ChildEntity), n.Self)}})
	})
	ctx.WithLock(dc, func() {
		ctx.Update(dc, []types.PropertyChange{{Name: "network", Val: append(slices.Clone(dc.Network), n.Self)}})
	})
	return n.Self, true
}

func (s *Sim) addNetworkHost(ctx *simulator.Context, net, host types.ManagedObjectReference) {
	if n, ok := ctx.Map.Get(net).(*mo.Network); ok {
		ctx.WithLock(n, func() {
			ctx.Update(n, []types.PropertyChange{{Name: "host", Val: union(slices.Clone(n.Host), []types.ManagedObjectReference{host})}})
		})
	}
}

// detachNetwork takes a network away from a host; without hosts, a network other than the default one disappears.
func (s *Sim) detachNetwork(ctx *simulator.Context, host, net types.ManagedObjectReference) {
	if h, ok := ctx.Map.Get(host).(*simulator.HostSystem); ok {
		ctx.WithLock(h, func() {
			ctx.Update(h, []types.PropertyChange{{Name: "network", Val: without(h.Network, net)}})
		})
	}
	s.dropNetworkHost(ctx, net, host)
	s.refreshParent(ctx, host)
}

func (s *Sim) dropNetworkHost(ctx *simulator.Context, net, host types.ManagedObjectReference) {
	n, ok := ctx.Map.Get(net).(*mo.Network)
	if !ok {
		return
	}
	var left int
	var name string
	ctx.WithLock(n, func() {
		list := without(n.Host, host)
		left, name = len(list), n.Name
		ctx.Update(n, []types.PropertyChange{{Name: "host", Val: list}})
	})
	if left > 0 || name == defaultNetwork {
		return
	}
	dc := datacenterOf(ctx, net)
	if dc == nil {
		return
	}
	ctx.WithLock(dc, func() {
		ctx.Update(dc, []types.PropertyChange{{Name: "network", Val: without(dc.Network, net)}})
	})
	s.removeChild(ctx, *n.Parent, net)
}

func (s *Sim) refreshParent(ctx *simulator.Context, host types.ManagedObjectReference) {
	if h, ok := ctx.Map.Get(host).(*simulator.HostSystem); ok {
		var parent types.ManagedObjectReference
		ctx.WithLock(h, func() { parent = *h.Parent })
		s.refreshResource(ctx, parent)
	}
}

// networkInUse tells whether a virtual machine on the host has an adapter on the port group.
func (s *Sim) networkInUse(ctx *simulator.Context, host types.ManagedObjectReference, name string) bool {
	for _, m := range s.machinesOn(host) {
		vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		used := false
		ctx.WithLock(vm, func() {
			for _, d := range object.VirtualDeviceList(vm.Config.Hardware.Device) {
				if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok && b.DeviceName == name {
					used = true
				}
			}
		})
		if used {
			return true
		}
	}
	return false
}

// defaultPolicy is what ESXi gives a new standard switch (vSphere Networking, "Standard Switch Properties").
func defaultPolicy() *types.HostNetworkPolicy {
	return &types.HostNetworkPolicy{
		Security: &types.HostNetworkSecurityPolicy{AllowPromiscuous: types.NewBool(false), MacChanges: types.NewBool(false), ForgedTransmits: types.NewBool(false)},
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: "loadbalance_srcid", ReversePolicy: types.NewBool(true), NotifySwitches: types.NewBool(true), RollingOrder: types.NewBool(false),
			FailureCriteria: &types.HostNicFailureCriteria{
				CheckSpeed: "minimum", Speed: 10, CheckDuplex: types.NewBool(false), FullDuplex: types.NewBool(false),
				CheckErrorPercent: types.NewBool(false), CheckBeacon: types.NewBool(false),
			},
			NicOrder: &types.HostNicOrderPolicy{},
		},
		OffloadPolicy: &types.HostNetOffloadCapabilities{CsumOffload: types.NewBool(true), TcpSegmentation: types.NewBool(true), ZeroCopyXmit: types.NewBool(true)},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: types.NewBool(false)},
	}
}
