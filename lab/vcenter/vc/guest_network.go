package vc

import (
	"net/netip"

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
func describeGuestNetwork(info *types.GuestInfo, reached string) {
	for i := range info.Net {
		info.Net[i].Connected = true
	}
	outside, err := netip.ParseAddr(reached)
	if err != nil || len(info.Net) == 0 {
		return
	}
	nic := &info.Net[0]
	nic.IpAddress = []string{reached, insideAddress(outside).String()}
	nic.IpConfig = &types.NetIpConfigInfo{}
	for _, a := range nic.IpAddress {
		nic.IpConfig.IpAddress = append(nic.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{IpAddress: a, PrefixLength: insidePrefix, State: "preferred"})
	}
	info.IpStack = []types.GuestStackInfo{{
		DnsConfig:     &types.NetDnsConfigInfo{HostName: info.HostName},
		IpRouteConfig: &types.NetIpRouteConfigInfo{IpRoute: []types.NetIpRouteConfigInfoIpRoute{defaultRoute(insideGateway)}},
	}}
}

// insideAddress is the guest's own address: its last two numbers are those of the address outside.
func insideAddress(outside netip.Addr) netip.Addr {
	network, b := netip.MustParseAddr(insideNetwork).As4(), outside.As4()
	return netip.AddrFrom4([4]byte{network[0], network[1], b[2], b[3]})
}

func defaultRoute(gateway string) types.NetIpRouteConfigInfoIpRoute {
	return types.NetIpRouteConfigInfoIpRoute{
		Network: "0.0.0.0", PrefixLength: 0, Gateway: types.NetIpRouteConfigInfoGateway{IpAddress: gateway, Device: "0"},
	}
}
