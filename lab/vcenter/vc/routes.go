package vc

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/hardware"
)

const (
	storageSwitch  = "vSwitchStorage"
	storageAdapter = "vmk1"
	managementNIC  = "vmk0"
	// storageNetwork is of the block that is kept for documentation (RFC 5737): nothing real has it.
	storageNetwork = "192.0.2"
	firstStorageIP = 11
)

// indexOf is a server's place among those of the lab.
func (s *Sim) indexOf(server *hardware.Server) int {
	return slices.IndexFunc(s.cfg.Hosts, func(h config.Host) bool { return h.Name == server.Name })
}

// addStorageNetwork gives a host a VMkernel adapter and a switch of its own for NFS.
func addStorageNetwork(network *types.HostNetworkInfo, index int) {
	const group = "Storage Network"
	bridge := &types.HostVirtualSwitchBondBridge{}
	for _, i := range hardware.StorageAdapters {
		bridge.NicDevice = append(bridge.NicDevice, hardware.Adapters[i])
	}
	sw := switchOf(storageSwitch, &types.HostVirtualSwitchSpec{NumPorts: 128, Bridge: bridge}, []string{"key-vim.host.PortGroup-" + group})
	network.Vswitch = append(network.Vswitch, sw)
	network.Portgroup = append(network.Portgroup, portGroupOf(types.HostPortGroupSpec{Name: group, VswitchName: storageSwitch}, &sw))
	network.Vnic = append(network.Vnic, types.HostVirtualNic{
		Device: storageAdapter, Key: "key-vim.host.VirtualNic-" + storageAdapter, Portgroup: group,
		Spec: types.HostVirtualNicSpec{
			Ip:  &types.HostIpConfig{IpAddress: fmt.Sprintf("%s.%d", storageNetwork, firstStorageIP+index), SubnetMask: "255.255.255.0"},
			Mac: fmt.Sprintf("00:50:56:6f:00:%02x", index), Portgroup: group, Mtu: 9000, NetStackInstanceKey: defaultStack,
		},
	})
}

// routes is the routing table of a host's default TCP/IP stack: its default gateway, and a network for each adapter.
func routes(network *types.HostNetworkInfo) *types.HostIpRouteTableInfo {
	table := &types.HostIpRouteTableInfo{}
	var gateway netip.Addr
	if c, ok := network.IpRouteConfig.(*types.HostIpRouteConfig); ok {
		gateway, _ = netip.ParseAddr(c.DefaultGateway)
	}
	for _, nic := range network.Vnic {
		own, ok := subnetOf(nic)
		if !ok {
			continue
		}
		if gateway.IsValid() && own.Contains(gateway) {
			first := types.HostIpRouteEntry{Network: "0.0.0.0", Gateway: gateway.String(), DeviceName: nic.Device}
			table.IpRoute = slices.Insert(table.IpRoute, 0, first)
			gateway = netip.Addr{}
		}
		table.IpRoute = append(table.IpRoute, types.HostIpRouteEntry{
			Network: own.Addr().String(), PrefixLength: int32(own.Bits()), Gateway: "0.0.0.0", DeviceName: nic.Device,
		})
	}
	return table
}

// subnetOf is the network that an adapter of the default stack is in.
func subnetOf(nic types.HostVirtualNic) (netip.Prefix, bool) {
	if nic.Spec.NetStackInstanceKey != defaultStack || nic.Spec.Ip == nil {
		return netip.Prefix{}, false
	}
	address, err := netip.ParseAddr(nic.Spec.Ip.IpAddress)
	mask := net.ParseIP(nic.Spec.Ip.SubnetMask).To4()
	if err != nil || mask == nil {
		return netip.Prefix{}, false
	}
	bits, _ := net.IPMask(mask).Size()
	return netip.PrefixFrom(address, bits).Masked(), true
}

// adapterTo names the VMkernel adapter that a host's traffic to an address leaves by: that of the narrowest network which holds
// the address (vSphere Storage, "NFS Networking Guidelines"; VMware KB 2007069); empty when there is none.
func adapterTo(table *types.HostIpRouteTableInfo, address netip.Addr) (device string) {
	if table == nil {
		return ""
	}
	narrowest := -1
	for _, r := range table.IpRoute {
		network, err := netip.ParseAddr(r.Network)
		if err != nil || int(r.PrefixLength) <= narrowest {
			continue
		}
		if netip.PrefixFrom(network, int(r.PrefixLength)).Contains(address) {
			device, narrowest = r.DeviceName, int(r.PrefixLength)
		}
	}
	return device
}

// reachesServer tells whether a host's network leads to the server of an NFS datastore.
func (s *Sim) reachesServer(ctx *simulator.Context, h managedHost, ds *simulator.Datastore) bool {
	var server, path string
	ctx.WithLock(ds, func() {
		if info, ok := ds.Info.(*types.NasDatastoreInfo); ok && info.Nas != nil {
			server, path = info.Nas.RemoteHost, info.Nas.RemotePath
		}
	})
	export, _ := s.export(server, path)
	address, err := netip.ParseAddr(export.Address)
	host, ok := ctx.Map.Get(h.ref).(*simulator.HostSystem)
	if err != nil || !ok {
		return true
	}
	var device string
	ctx.WithLock(host, func() { device = adapterTo(host.Config.Network.RouteTableInfo, address) })
	switch device {
	case managementNIC:
		return h.server.Management().Connected()
	case storageAdapter:
		return h.server.Management().Storage()
	}
	return device != ""
}
