package vc

import (
	"fmt"
	"net"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// defaultStack is the TCP/IP stack of adapters that name none (vSphere Networking, "VMkernel TCP/IP Stacks").
const defaultStack = "defaultTcpipStack"

// AddVirtualNic gives the host a VMkernel adapter on a port group, standard or distributed. It carries no traffic.
func (n *networkSystem) AddVirtualNic(ctx *simulator.Context, req *types.AddVirtualNic) soap.HasFault {
	nic := types.HostVirtualNic{Portgroup: req.Portgroup}
	for i := 1; nic.Device == ""; i++ { // vmk0 is the management network's
		device := fmt.Sprintf("vmk%d", i)
		if !slices.ContainsFunc(n.NetworkInfo.Vnic, func(v types.HostVirtualNic) bool { return v.Device == device }) {
			nic.Device, nic.Key = device, "key-vim.host.VirtualNic-"+device
			nic.Spec.Mac = fmt.Sprintf("00:50:56:6%x:%02x:%02x", i%16, len(n.Host.Self.Value), i)
		}
	}
	nic.Spec.Mtu, nic.Spec.NetStackInstanceKey, nic.Spec.Portgroup = 1500, defaultStack, req.Portgroup
	if fault := n.applyVnic(ctx, &nic, req.Nic); fault != nil {
		return &methods.AddVirtualNicBody{Fault_: simulator.Fault("", fault)}
	}
	n.NetworkInfo.Vnic = append(slices.Clone(n.NetworkInfo.Vnic), nic)
	n.publish(ctx)
	return &methods.AddVirtualNicBody{Res: &types.AddVirtualNicResponse{Returnval: nic.Device}}
}

// UpdateVirtualNic changes an adapter.
func (n *networkSystem) UpdateVirtualNic(ctx *simulator.Context, req *types.UpdateVirtualNic) soap.HasFault {
	i := n.vnic(req.Device)
	if i < 0 {
		return &methods.UpdateVirtualNicBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	nic := clone(n.NetworkInfo.Vnic[i])
	if fault := n.applyVnic(ctx, &nic, req.Nic); fault != nil {
		return &methods.UpdateVirtualNicBody{Fault_: simulator.Fault("", fault)}
	}
	n.NetworkInfo.Vnic = slices.Clone(n.NetworkInfo.Vnic)
	n.NetworkInfo.Vnic[i] = nic
	n.publish(ctx)
	return &methods.UpdateVirtualNicBody{Res: &types.UpdateVirtualNicResponse{}}
}

// RemoveVirtualNic takes an adapter away; that of the management network stays, or vCenter would lose the host.
func (n *networkSystem) RemoveVirtualNic(ctx *simulator.Context, req *types.RemoveVirtualNic) soap.HasFault {
	i := n.vnic(req.Device)
	switch {
	case i < 0:
		return &methods.RemoveVirtualNicBody{Fault_: simulator.Fault("", &types.NotFound{})}
	case req.Device == "vmk0":
		return &methods.RemoveVirtualNicBody{Fault_: simulator.Fault("", &types.ResourceInUse{Type: "HostVirtualNic", Name: req.Device})}
	}
	n.NetworkInfo.Vnic = slices.Delete(slices.Clone(n.NetworkInfo.Vnic), i, i+1)
	n.publish(ctx)
	return &methods.RemoveVirtualNicBody{Res: &types.RemoveVirtualNicResponse{}}
}

func (n *networkSystem) vnic(device string) int {
	return slices.IndexFunc(n.NetworkInfo.Vnic, func(v types.HostVirtualNic) bool { return v.Device == device })
}

// applyVnic lays a specification over an adapter; unset means unchanged, but an address comes whole.
func (n *networkSystem) applyVnic(ctx *simulator.Context, nic *types.HostVirtualNic, spec types.HostVirtualNicSpec) types.BaseMethodFault {
	switch p := spec.DistributedVirtualPort; {
	case p != nil:
		if findSwitch(ctx, p.SwitchUuid) == nil || ctx.Map.Get(types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: p.PortgroupKey}) == nil {
			return &types.NotFound{}
		}
		nic.Spec.DistributedVirtualPort, nic.Spec.Portgroup, nic.Portgroup = clone(p), "", ""
	case spec.Portgroup != "" || nic.Spec.DistributedVirtualPort == nil:
		set(&nic.Portgroup, spec.Portgroup)
		if n.portgroup(nic.Portgroup) < 0 {
			return &types.NotFound{}
		}
		nic.Spec.Portgroup, nic.Spec.DistributedVirtualPort = nic.Portgroup, nil
	}
	set(&nic.Spec.Mac, spec.Mac)
	set(&nic.Spec.Mtu, spec.Mtu)
	set(&nic.Spec.NetStackInstanceKey, spec.NetStackInstanceKey)
	if spec.IpRouteSpec != nil {
		nic.Spec.IpRouteSpec = clone(spec.IpRouteSpec)
	}
	if spec.Ip == nil {
		return nil
	}
	ip := clone(*spec.Ip)
	if ip.Dhcp {
		// Nobody answers: such an adapter takes a link-local address (RFC 3927).
		ip.IpAddress, ip.SubnetMask = fmt.Sprintf("169.254.1.%d", 10+len(nic.Device)), "255.255.0.0"
	} else if ip.IpAddress != "" && net.ParseIP(ip.IpAddress) == nil {
		return &types.InvalidArgument{InvalidProperty: "nic.ip.ipAddress"}
	}
	if v6 := ip.IpV6Config; v6 != nil {
		for _, flag := range []**bool{&v6.AutoConfigurationEnabled, &v6.DhcpV6Enabled} {
			if *flag == nil {
				*flag = types.NewBool(false)
			}
		}
		v6.IpV6Address = slices.DeleteFunc(v6.IpV6Address, func(a types.HostIpConfigIpV6Address) bool { return a.Operation == "remove" })
		for i := range v6.IpV6Address {
			v6.IpV6Address[i].Operation = ""
			v6.IpV6Address[i].Origin = "manual"
			v6.IpV6Address[i].DadState = "preferred"
		}
	}
	nic.Spec.Ip = &ip
	return nil
}
