package vc

import (
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// Guests have a network as they see it themselves; from outside, each is reached at its address on the loopback network
// alone, as behind an address translation. Clients that wait for a guest's network want an address that is no loopback
// one and a default gateway in its network. RFC 2544 sets the range apart for tests.
const (
	insidePrefix  = 16
	insideNetwork = "198.18.0.0"
	insideGateway = "198.18.255.254"
)

// describeGuestNetwork tells what Tools report of a running guest's adapters and routes: on the first adapter the address
// that the lab answers at, then the one inside.
// A customised guest has the addresses and gateways that it was given in place of the latter.
func describeGuestNetwork(info *types.GuestInfo, reached string, id *identity) {
	outside, err := netip.ParseAddr(reached)
	if err != nil {
		return
	}
	var routes []types.NetIpRouteConfigInfoIpRoute
	dns := &types.NetDnsConfigInfo{HostName: info.HostName}
	for i := range info.Net {
		nic := &info.Net[i]
		nic.Connected = true
		var given nicIdentity
		if id != nil && i < len(id.nics) {
			given = id.nics[i]
		}
		if i == 0 {
			addAddress(nic, netip.PrefixFrom(outside, insidePrefix))
		}
		for _, a := range given.addresses {
			addAddress(nic, a)
		}
		if i == 0 && len(given.addresses) == 0 {
			addAddress(nic, netip.PrefixFrom(insideAddress(outside), insidePrefix))
			routes = append(routes, defaultRoute(insideGateway))
		}
		for _, g := range given.gateways {
			routes = append(routes, defaultRoute(g))
		}
		dns.IpAddress = append(dns.IpAddress, given.dns...)
	}
	if len(info.Net) > 0 {
		info.IpStack = []types.GuestStackInfo{{DnsConfig: dns, IpRouteConfig: &types.NetIpRouteConfigInfo{IpRoute: routes}}}
	}
}

func addAddress(nic *types.GuestNicInfo, a netip.Prefix) {
	if nic.IpConfig == nil {
		nic.IpConfig = &types.NetIpConfigInfo{}
	}
	nic.IpAddress = append(nic.IpAddress, a.Addr().String())
	nic.IpConfig.IpAddress = append(nic.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
		IpAddress: a.Addr().String(), PrefixLength: int32(a.Bits()), State: "preferred",
	})
}

// insideAddress is the guest's own address: its last two numbers are those of the address outside.
func insideAddress(outside netip.Addr) netip.Addr {
	network, b := netip.MustParseAddr(insideNetwork).As4(), outside.As4()
	return netip.AddrFrom4([4]byte{network[0], network[1], b[2], b[3]})
}

func defaultRoute(gateway string) types.NetIpRouteConfigInfoIpRoute {
	network := "0.0.0.0"
	if a, err := netip.ParseAddr(gateway); err == nil && a.Is6() {
		network = "::"
	}
	return types.NetIpRouteConfigInfoIpRoute{
		Network: network, PrefixLength: 0, Gateway: types.NetIpRouteConfigInfoGateway{IpAddress: gateway, Device: "0"},
	}
}

// guestName is what a guest calls itself while nothing customised it: cloud-init takes the name from the vApp property
// "hostname", where an ISO image carries the OVF environment to it (cloud-init documentation, OVF data source).
func guestName(machine string, c *types.VirtualMachineConfigInfo) string {
	if c.VAppConfig == nil {
		return machine
	}
	settings := c.VAppConfig.GetVmConfigInfo()
	if !slices.Contains(settings.OvfEnvironmentTransport, "iso") {
		return machine
	}
	for _, p := range settings.Property {
		if p.Id == "hostname" && p.Value != "" {
			return p.Value
		}
	}
	return machine
}
