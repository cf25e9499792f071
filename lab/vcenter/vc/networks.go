package vc

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

const defaultNetwork = "VM Network"

type networkSystem struct {
	*simulator.HostNetworkSystem
	s *Sim
}

// datacenterOf walks up from an object to its datacenter.
func datacenterOf(ctx *simulator.Context, ref types.ManagedObjectReference) *simulator.Datacenter {
	for {
		switch o := ctx.Map.Get(ref).(type) {
		case *simulator.Datacenter:
			return o
		case mo.Entity:
			parent := o.Entity().Parent
			if parent == nil {
				return nil
			}
			ref = *parent
		default:
			return nil
		}
	}
}

// defaultNetworkOf finds "VM Network" of the folder's datacenter.
func (s *Sim) defaultNetworkOf(ctx *simulator.Context, f *simulator.Folder) types.ManagedObjectReference {
	ref, _ := s.findNetwork(ctx, f.Self, defaultNetwork)
	return ref
}

func (s *Sim) findNetwork(ctx *simulator.Context, at types.ManagedObjectReference, name string) (types.ManagedObjectReference, bool) {
	dc := datacenterOf(ctx, at)
	if dc == nil {
		return types.ManagedObjectReference{}, false
	}
	var refs []types.ManagedObjectReference
	ctx.WithLock(dc, func() { refs = slices.Clone(dc.Network) })
	if e := ctx.Map.FindByName(name, refs); e != nil && e.Reference().Type == "Network" {
		return e.Reference(), true
	}
	return types.ManagedObjectReference{}, false
}

// describeNetwork gives a host vSwitch0 with "VM Network" and vmk0, and its server's network adapters. The caller holds its
// lock.
func (s *Sim) describeNetwork(ctx *simulator.Context, h *simulator.HostSystem, server *hardware.Server) {
	net := h.Config.Network
	first := net.Pnic[0]
	net.Pnic = nil
	for n, name := range hardware.Adapters {
		nic := clone(first)
		nic.Device, nic.Key, nic.Pci = name, pnicKey(name), fmt.Sprintf("0000:02:%02x.0", n)
		nic.Mac = fmt.Sprintf("%s:%02x", nic.Mac[:14], 0xa0+n)
		nic.FcoeConfiguration.SourceMac = nic.Mac
		net.Pnic = append(net.Pnic, nic)
	}
	for i := range net.Portgroup { // they follow their switch
		net.Portgroup[i].Spec.Policy.NicTeaming = nil
	}
	addStorageNetwork(net, s.indexOf(server))
	layAdapters(net, server.Management())
	net.RouteTableInfo = routes(net)
	ns := ctx.Map.Get(*h.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
	info := clone(*net)
	ns.NetworkInfo = &info
}

// publish copies the network system's state to the host, where most clients read it.
func (n *networkSystem) publish(ctx *simulator.Context) {
	h, ok := ctx.Map.Get(n.Host.Self).(*simulator.HostSystem)
	if !ok {
		return
	}
	n.NetworkInfo.RouteTableInfo = routes(n.NetworkInfo)
	info := clone(*n.NetworkInfo)
	ctx.WithLock(h, func() { ctx.Update(h, []types.PropertyChange{{Name: "config.network", Val: &info}}) })
}

func (n *networkSystem) vswitch(name string) *types.HostVirtualSwitch {
	for i := range n.NetworkInfo.Vswitch {
		if n.NetworkInfo.Vswitch[i].Name == name {
			return &n.NetworkInfo.Vswitch[i]
		}
	}
	return nil
}

func (n *networkSystem) portgroup(name string) int {
	return slices.IndexFunc(n.NetworkInfo.Portgroup, func(p types.HostPortGroup) bool { return p.Spec.Name == name })
}

func switchOf(name string, spec *types.HostVirtualSwitchSpec, portgroups []string) types.HostVirtualSwitch {
	sw := types.HostVirtualSwitch{
		Name: name, Key: "key-vim.host.VirtualSwitch-" + name, NumPorts: 1536, NumPortsAvailable: 1530, Mtu: 1500, Portgroup: portgroups,
	}
	sw.Spec = types.HostVirtualSwitchSpec{NumPorts: 128, Policy: defaultPolicy()}
	if spec == nil {
		return sw
	}
	given := clone(*spec)
	order := &types.HostNicOrderPolicy{} // all are active, unless the specification says
	if b, ok := given.Bridge.(*types.HostVirtualSwitchBondBridge); ok {
		for _, nic := range b.NicDevice {
			sw.Pnic = append(sw.Pnic, pnicKey(nic))
		}
		order.ActiveNic = slices.Clone(b.NicDevice)
	}
	if given.Policy != nil {
		merge(sw.Spec.Policy, given.Policy)
		if t := given.Policy.NicTeaming; t != nil && t.NicOrder != nil {
			order = t.NicOrder
		}
	}
	sw.Spec.Policy.NicTeaming.NicOrder = order
	given.Policy = sw.Spec.Policy
	sw.Spec = given
	if spec.Mtu != 0 {
		sw.Mtu = spec.Mtu
	}
	return sw
}

func (n *networkSystem) AddVirtualSwitch(ctx *simulator.Context, req *types.AddVirtualSwitch) soap.HasFault {
	if n.vswitch(req.VswitchName) != nil {
		return &methods.AddVirtualSwitchBody{Fault_: simulator.Fault("", &types.AlreadyExists{Name: req.VswitchName})}
	}
	sw := switchOf(req.VswitchName, req.Spec, nil)
	if nic := nicInUse(n.NetworkInfo, &sw); nic != "" {
		return &methods.AddVirtualSwitchBody{Fault_: simulator.Fault("", &types.ResourceInUse{Type: "PhysicalNic", Name: nic})}
	}
	n.NetworkInfo.Vswitch = append(slices.Clone(n.NetworkInfo.Vswitch), sw)
	n.publish(ctx)
	return &methods.AddVirtualSwitchBody{Res: &types.AddVirtualSwitchResponse{}}
}

func (n *networkSystem) UpdateVirtualSwitch(ctx *simulator.Context, req *types.UpdateVirtualSwitch) soap.HasFault {
	sw := n.vswitch(req.VswitchName)
	if sw == nil {
		return &methods.UpdateVirtualSwitchBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	changed := switchOf(req.VswitchName, &req.Spec, sw.Portgroup)
	if nic := nicInUse(n.NetworkInfo, &changed); nic != "" {
		return &methods.UpdateVirtualSwitchBody{Fault_: simulator.Fault("", &types.ResourceInUse{Type: "PhysicalNic", Name: nic})}
	}
	*sw = changed
	computePolicies(n.NetworkInfo, sw)
	n.publish(ctx)
	n.follow(&changed)
	return &methods.UpdateVirtualSwitchBody{Res: &types.UpdateVirtualSwitchResponse{}}
}

func (n *networkSystem) RemoveVirtualSwitch(ctx *simulator.Context, req *types.RemoveVirtualSwitch) soap.HasFault {
	sw := n.vswitch(req.VswitchName)
	switch {
	case sw == nil:
		return &methods.RemoveVirtualSwitchBody{Fault_: simulator.Fault("", &types.NotFound{})}
	case len(sw.Portgroup) > 0:
		return &methods.RemoveVirtualSwitchBody{Fault_: simulator.Fault("", &types.ResourceInUse{Type: "HostVirtualSwitch", Name: req.VswitchName})}
	}
	n.NetworkInfo.Vswitch = slices.DeleteFunc(slices.Clone(n.NetworkInfo.Vswitch), func(s types.HostVirtualSwitch) bool { return s.Name == req.VswitchName })
	n.publish(ctx)
	return &methods.RemoveVirtualSwitchBody{Res: &types.RemoveVirtualSwitchResponse{}}
}

func (n *networkSystem) AddPortGroup(ctx *simulator.Context, req *types.AddPortGroup) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.AddPortGroupBody{Fault_: simulator.Fault("", f)}
	}
	spec := req.Portgrp
	sw := n.vswitch(spec.VswitchName)
	switch {
	case spec.Name == "":
		return fail(&types.InvalidArgument{InvalidProperty: "name"})
	case sw == nil:
		return fail(&types.NotFound{})
	case n.portgroup(spec.Name) >= 0:
		return fail(&types.AlreadyExists{Name: spec.Name})
	}
	sw.Portgroup = append(slices.Clone(sw.Portgroup), "key-vim.host.PortGroup-"+spec.Name)
	n.NetworkInfo.Portgroup = append(slices.Clone(n.NetworkInfo.Portgroup), portGroupOf(spec, sw))
	n.publish(ctx)
	n.s.attachNetwork(ctx, n.Host.Self, spec.Name)
	return &methods.AddPortGroupBody{Res: &types.AddPortGroupResponse{}}
}

func portGroupOf(spec types.HostPortGroupSpec, sw *types.HostVirtualSwitch) types.HostPortGroup {
	pg := types.HostPortGroup{Key: "key-vim.host.PortGroup-" + spec.Name, Vswitch: sw.Key, Spec: clone(spec)}
	computed := clone(*sw.Spec.Policy)
	merge(&computed, &spec.Policy)
	pg.ComputedPolicy = computed
	return pg
}

func (n *networkSystem) UpdatePortGroup(ctx *simulator.Context, req *types.UpdatePortGroup) soap.HasFault {
	i, sw := n.portgroup(req.PgName), n.vswitch(req.Portgrp.VswitchName)
	if i < 0 || sw == nil {
		return &methods.UpdatePortGroupBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	n.NetworkInfo.Portgroup = slices.Clone(n.NetworkInfo.Portgroup)
	n.NetworkInfo.Portgroup[i] = portGroupOf(req.Portgrp, sw)
	n.publish(ctx)
	return &methods.UpdatePortGroupBody{Res: &types.UpdatePortGroupResponse{}}
}

func (n *networkSystem) RemovePortGroup(ctx *simulator.Context, req *types.RemovePortGroup) soap.HasFault {
	i := n.portgroup(req.PgName)
	if i < 0 {
		return &methods.RemovePortGroupBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	if n.s.networkInUse(ctx, n.Host.Self, req.PgName) {
		return &methods.RemovePortGroupBody{Fault_: simulator.Fault("", &types.ResourceInUse{Type: "HostPortGroup", Name: req.PgName})}
	}
	n.NetworkInfo.Portgroup = slices.Delete(slices.Clone(n.NetworkInfo.Portgroup), i, i+1)
	for j := range n.NetworkInfo.Vswitch {
		sw := &n.NetworkInfo.Vswitch[j]
		sw.Portgroup = slices.DeleteFunc(slices.Clone(sw.Portgroup), func(k string) bool { return k == "key-vim.host.PortGroup-"+req.PgName })
	}
	n.publish(ctx)
	if net, ok := n.s.findNetwork(ctx, n.Host.Self, req.PgName); ok {
		n.s.detachNetwork(ctx, n.Host.Self, net)
	}
	return &methods.RemovePortGroupBody{Res: &types.RemovePortGroupResponse{}}
}
