package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

// managementSwitch carries the management network and "VM Network"; hardware.Management says which adapters it has.
const managementSwitch = "vSwitch0"

// layAdapters lays a server's network adapters over what its ESXi says of the network: all uplinks of the management
// switch are active, and an adapter without a link has no speed (vSphere API reference, PhysicalNic).
func layAdapters(net *types.HostNetworkInfo, m hardware.Management) {
	for i := range net.Pnic {
		n := slices.Index(hardware.Adapters[:], net.Pnic[i].Device)
		if n < 0 {
			continue
		}
		net.Pnic[i].LinkSpeed = nil
		if m.Link[n] {
			net.Pnic[i].LinkSpeed = net.Pnic[i].Spec.LinkSpeed
		}
	}
	for i := range net.Vswitch {
		if sw := &net.Vswitch[i]; sw.Name == managementSwitch {
			setUplinks(sw, m.Uplinks())
			computePolicies(net, sw)
		}
	}
}

// setUplinks gives a switch its adapters. Those that were there keep their place, others become active.
func setUplinks(sw *types.HostVirtualSwitch, nics []string) {
	gone := func(nic string) bool { return !slices.Contains(nics, nic) }
	bridge, ok := sw.Spec.Bridge.(*types.HostVirtualSwitchBondBridge)
	if !ok {
		bridge = &types.HostVirtualSwitchBondBridge{
			Beacon:                      &types.HostVirtualSwitchBeaconConfig{Interval: 1},
			LinkDiscoveryProtocolConfig: &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"},
		}
	}
	order := sw.Spec.Policy.NicTeaming.NicOrder
	if order == nil {
		order = &types.HostNicOrderPolicy{}
	}
	devices := slices.DeleteFunc(slices.Clone(bridge.NicDevice), gone)
	active := slices.DeleteFunc(slices.Clone(order.ActiveNic), gone)
	standby := slices.DeleteFunc(slices.Clone(order.StandbyNic), gone)
	for _, nic := range nics {
		if !slices.Contains(devices, nic) {
			devices, active = append(devices, nic), append(active, nic)
		}
	}
	sw.Spec.Policy.NicTeaming.NicOrder = &types.HostNicOrderPolicy{ActiveNic: active, StandbyNic: standby}
	sw.Pnic, sw.Spec.Bridge = nil, nil
	if len(devices) > 0 {
		changed := *bridge
		changed.NicDevice = devices
		sw.Spec.Bridge = &changed
	}
	for _, nic := range devices {
		sw.Pnic = append(sw.Pnic, pnicKey(nic))
	}
}

// computePolicies lets the port groups of a switch follow it where they have no policy of their own.
func computePolicies(net *types.HostNetworkInfo, sw *types.HostVirtualSwitch) {
	net.Portgroup = slices.Clone(net.Portgroup)
	for i, pg := range net.Portgroup {
		if pg.Spec.VswitchName == sw.Name {
			net.Portgroup[i].ComputedPolicy = portGroupOf(pg.Spec, sw).ComputedPolicy
		}
	}
}

// showAdapters publishes a server's adapters as they are now, unless vCenter does not hear of them.
func (s *Sim) showAdapters(server *hardware.Server) {
	h, ok := s.hostOf(server)
	if !ok || !s.reaches(server) {
		return
	}
	ctx := s.context()
	host, ok := ctx.Map.Get(h.ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	ns, ok := ctx.Map.Get(*host.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
	if !ok {
		return
	}
	ctx.WithLock(ns, func() {
		info := clone(*ns.NetworkInfo)
		layAdapters(&info, server.Management())
		ctx.Update(ns, []types.PropertyChange{{Name: "networkInfo", Val: &info}})
		(&networkSystem{ns, s}).publish(ctx)
	})
}

// follow lets a server have the uplinks that its management switch was given in vCenter.
func (n *networkSystem) follow(sw *types.HostVirtualSwitch) {
	h, ok := n.s.host(n.Host.Self)
	if !ok || sw.Name != managementSwitch {
		return
	}
	n.s.clock.AfterFunc(0, func() { // the network system is locked
		h.server.SetManagement("vCenter", func(m *hardware.Management) {
			for i, nic := range hardware.Adapters {
				m.Uplink[i] = slices.Contains(sw.Pnic, pnicKey(nic))
			}
		})
	})
}

// nicInUse names an adapter of a switch that another switch of the host has; empty when there is none.
func nicInUse(net *types.HostNetworkInfo, sw *types.HostVirtualSwitch) string {
	others := *net
	others.Vswitch = slices.DeleteFunc(slices.Clone(net.Vswitch), func(v types.HostVirtualSwitch) bool { return v.Name == sw.Name })
	for _, key := range sw.Pnic {
		if usesNIC(&others, key, "") {
			return key
		}
	}
	return ""
}
