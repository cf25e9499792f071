package vc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// uplinksOf are the adapters of a host's vSwitch0, and those that the management network's port group uses.
func uplinksOf(l *labtest.Lab, h *object.HostSystem) (all, used []string) {
	l.T.Helper()
	net := l.Host(h).Config.Network
	for _, sw := range net.Vswitch {
		if sw.Name == "vSwitch0" {
			all = sw.Pnic
		}
	}
	for _, pg := range net.Portgroup {
		if pg.Spec.Name == "Management Network" {
			used = pg.ComputedPolicy.NicTeaming.NicOrder.ActiveNic
		}
	}
	return all, used
}

func TestManagementNetworkHasTwoUplinksAndVCenterShowsWhatIsDoneToThemOnTheHost(t *testing.T) {
	l := labtest.Start(t, 200)
	h := l.Hosts(1)[0]
	shows := func(nics ...string) bool {
		all, used := uplinksOf(l, h)
		keys := slices.Clone(nics)
		for i, nic := range keys {
			keys[i] = "key-vim.host.PhysicalNic-" + nic
		}
		return slices.Equal(all, keys) && slices.Equal(used, nics)
	}
	if all, used := uplinksOf(l, h); !shows("vmnic0", "vmnic1") {
		t.Errorf("uplinks %v, active %v", all, used)
	}
	macs := map[string]bool{}
	for _, nic := range l.Host(h).Config.Network.Pnic {
		macs[nic.Mac] = true
	}
	if len(macs) != 6 {
		t.Errorf("MAC addresses %v", macs)
	}
	l.OnHost(0, "esxcli network vswitch standard uplink remove -u vmnic0 -v vSwitch0")
	l.Until("the uplink is gone", func() bool { return shows("vmnic1") })
	l.OnHost(0, "esxcli network vswitch standard uplink add -u vmnic0 -v vSwitch0")
	l.Until("the uplink is back", func() bool { return shows("vmnic0", "vmnic1") || shows("vmnic1", "vmnic0") })
}

func TestUplinksThatVCenterTakesAwayAreGoneOnTheHost(t *testing.T) {
	l := labtest.Start(t, 200)
	h := l.Hosts(1)[0]
	ns, err := h.ConfigManager().NetworkSystem(l.Ctx())
	l.Must(err)
	var spec types.HostVirtualSwitchSpec
	for _, sw := range l.Host(h).Config.Network.Vswitch {
		if sw.Name == "vSwitch0" {
			spec = sw.Spec
		}
	}
	bridge := func(nics ...string) *types.HostVirtualSwitchBondBridge {
		return &types.HostVirtualSwitchBondBridge{NicDevice: nics, Beacon: &types.HostVirtualSwitchBeaconConfig{Interval: 5}}
	}
	spec.Bridge = bridge("vmnic1")
	spec.Policy.NicTeaming.NicOrder = &types.HostNicOrderPolicy{ActiveNic: []string{"vmnic1"}}
	l.Must(ns.UpdateVirtualSwitch(l.Ctx(), "vSwitch0", spec))
	if _, used := uplinksOf(l, h); !slices.Equal(used, []string{"vmnic1"}) {
		t.Errorf("the management network uses %v", used)
	}
	l.Until("the host has one uplink", func() bool {
		return strings.Contains(l.OnHost(0, "esxcli network vswitch standard list"), "Uplinks: vmnic1\n")
	})
	for _, sw := range l.Host(h).Config.Network.Vswitch {
		if b, ok := sw.Spec.Bridge.(*types.HostVirtualSwitchBondBridge); sw.Name == "vSwitch0" && (!ok || b.Beacon.Interval != 5) {
			t.Errorf("the bridge became %+v", sw.Spec.Bridge)
		}
	}
	spec.Bridge = bridge("vmnic1", "vmnic2")
	l.Must(ns.AddVirtualSwitch(l.Ctx(), "vSwitch1", &types.HostVirtualSwitchSpec{NumPorts: 128, Bridge: bridge("vmnic2")}))
	if err := ns.UpdateVirtualSwitch(l.Ctx(), "vSwitch0", spec); !failsWith(err, "ResourceInUse") {
		t.Errorf("an adapter of two switches: %v", err)
	}
	if err := ns.AddVirtualSwitch(l.Ctx(), "vSwitch2", &types.HostVirtualSwitchSpec{NumPorts: 128, Bridge: bridge("vmnic1")}); !failsWith(err, "ResourceInUse") {
		t.Errorf("an adapter of vSwitch0 for another switch: %v", err)
	}
}
