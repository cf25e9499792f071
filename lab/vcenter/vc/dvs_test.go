package vc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func networkFolder(l *labtest.Lab) *object.Folder {
	l.T.Helper()
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	return folders.NetworkFolder
}

func member(op types.ConfigSpecOperation, h *object.HostSystem, nics ...string) types.DistributedVirtualSwitchHostMemberConfigSpec {
	backing := &types.DistributedVirtualSwitchHostMemberPnicBacking{}
	for _, nic := range nics {
		backing.PnicSpec = append(backing.PnicSpec, types.DistributedVirtualSwitchHostMemberPnicSpec{PnicDevice: nic})
	}
	return types.DistributedVirtualSwitchHostMemberConfigSpec{Operation: string(op), Host: h.Reference(), Backing: backing}
}

// newSwitch makes a distributed switch with the hosts' first network adapter that vSwitch0 does not have.
func newSwitch(l *labtest.Lab, name string, hosts ...*object.HostSystem) *object.DistributedVirtualSwitch {
	l.T.Helper()
	spec := &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: name}}
	for _, h := range hosts {
		spec.Host = append(spec.Host, member(types.ConfigSpecOperationAdd, h, "vmnic2"))
	}
	ref := l.Run(networkFolder(l).CreateDVS(l.Ctx(), types.DVSCreateSpec{ConfigSpec: spec})).(types.ManagedObjectReference)
	return object.NewDistributedVirtualSwitch(l.Client.Client, ref)
}

func switchOf(l *labtest.Lab, ref types.ManagedObjectReference) (mo.VmwareDistributedVirtualSwitch, *types.VMwareDVSConfigInfo) {
	l.T.Helper()
	var dvs mo.VmwareDistributedVirtualSwitch
	l.Must(l.Client.RetrieveOne(l.Ctx(), ref, nil, &dvs))
	return dvs, dvs.Config.(*types.VMwareDVSConfigInfo)
}

func newPortGroup(l *labtest.Lab, dvs types.ManagedObjectReference, spec types.DVPortgroupConfigSpec) types.ManagedObjectReference {
	l.T.Helper()
	res, err := methods.CreateDVPortgroup_Task(l.Ctx(), l.Client, &types.CreateDVPortgroup_Task{This: dvs, Spec: spec})
	l.Must(err)
	return l.Run(object.NewTask(l.Client.Client, res.Returnval), nil).(types.ManagedObjectReference)
}

func portGroup(l *labtest.Lab, ref types.ManagedObjectReference) (mo.DistributedVirtualPortgroup, *types.VMwareDVSPortSetting) {
	l.T.Helper()
	var pg mo.DistributedVirtualPortgroup
	l.Must(l.Client.RetrieveOne(l.Ctx(), ref, nil, &pg))
	return pg, pg.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
}

func reconfigureSwitch(l *labtest.Lab, dvs *object.DistributedVirtualSwitch, spec types.BaseDVSConfigSpec) {
	l.T.Helper()
	l.Run(dvs.Reconfigure(l.Ctx(), spec))
}

func TestDistributedSwitchHasVCentersDefaults(t *testing.T) {
	l := labtest.Start(t, 10)
	hosts := l.Hosts(2)
	dvs, cfg := switchOf(l, newSwitch(l, "dvs", hosts...).Reference())
	if dvs.Self.Type != "VmwareDistributedVirtualSwitch" {
		t.Errorf("a switch is a %s", dvs.Self.Type)
	}
	uplinks := cfg.UplinkPortPolicy.(*types.DVSNameArrayUplinkPortPolicy).UplinkPortName
	order := cfg.DefaultPortConfig.(*types.VMwareDVSPortSetting).UplinkTeamingPolicy.UplinkPortOrder
	if want := []string{"uplink1", "uplink2", "uplink3", "uplink4"}; !slices.Equal(uplinks, want) || !slices.Equal(order.ActiveUplinkPort, want) {
		t.Errorf("uplinks %v, active %v", uplinks, order.ActiveUplinkPort)
	}
	if cfg.MaxMtu != 1500 || cfg.ProductInfo.Version != "8.0.3" || len(cfg.Host) != 2 || len(dvs.Summary.HostMember) != 2 {
		t.Errorf("MTU %d, version %s, members %d", cfg.MaxMtu, cfg.ProductInfo.Version, len(cfg.Host))
	}
	pg, port := portGroup(l, cfg.UplinkPortgroup[0])
	if vlan, ok := port.Vlan.(*types.VmwareDistributedVirtualSwitchTrunkVlanSpec); !ok || vlan.VlanId[0].End != 4094 || !strings.HasPrefix(pg.Name, "dvs-DVUplinks-") {
		t.Errorf("uplink port group %s carries %#v", pg.Name, port.Vlan)
	}
	if !slices.Contains(l.Host(hosts[0]).Network, pg.Self) {
		t.Error("the host does not list the switch's port group")
	}
	if proxy := l.Host(hosts[0]).Config.Network.ProxySwitch; len(proxy) != 1 || proxy[0].DvsUuid != dvs.Uuid || len(proxy[0].Pnic) != 1 {
		t.Errorf("the host's part of the switch is %+v", proxy)
	}
}

func TestPortGroupFollowsItsSwitchWhereItHasNoSettingOfItsOwn(t *testing.T) {
	l := labtest.Start(t, 10)
	dvs := newSwitch(l, "dvs")
	yes := func(inherited bool) *types.BoolPolicy {
		return &types.BoolPolicy{InheritablePolicy: types.InheritablePolicy{Inherited: inherited}, Value: types.NewBool(true)}
	}
	ref := newPortGroup(l, dvs.Reference(), types.DVPortgroupConfigSpec{Name: "pg", DefaultPortConfig: &types.VMwareDVSPortSetting{
		Vlan:           &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: 7},
		SecurityPolicy: &types.DVSSecurityPolicy{AllowPromiscuous: yes(false)},
	}})
	reconfigureSwitch(l, dvs, &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{DefaultPortConfig: &types.VMwareDVSPortSetting{
		DVPortSetting:  types.DVPortSetting{Blocked: yes(false)},
		Vlan:           &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: 9},
		SecurityPolicy: &types.DVSSecurityPolicy{MacChanges: yes(false)},
	}}})
	_, port := portGroup(l, ref)
	vlan := port.Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec)
	if vlan.VlanId != 7 || vlan.Inherited {
		t.Errorf("its own VLAN became %+v", vlan)
	}
	if !*port.Blocked.Value || !port.Blocked.Inherited || !*port.SecurityPolicy.MacChanges.Value || !port.SecurityPolicy.MacChanges.Inherited {
		t.Errorf("what it inherits is not the switch's: blocked %+v, MAC changes %+v", port.Blocked, port.SecurityPolicy.MacChanges)
	}
	if !*port.SecurityPolicy.AllowPromiscuous.Value || port.SecurityPolicy.AllowPromiscuous.Inherited || port.SecurityPolicy.Inherited {
		t.Errorf("its own security policy became %+v", port.SecurityPolicy.AllowPromiscuous)
	}
	l.Run(object.NewDistributedVirtualPortgroup(l.Client.Client, ref).Reconfigure(l.Ctx(), types.DVPortgroupConfigSpec{
		DefaultPortConfig: &types.VMwareDVSPortSetting{Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{
			VmwareDistributedVirtualSwitchVlanSpec: types.VmwareDistributedVirtualSwitchVlanSpec{InheritablePolicy: types.InheritablePolicy{Inherited: true}},
		}},
	}))
	if _, port = portGroup(l, ref); port.Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec).VlanId != 9 {
		t.Errorf("a VLAN that is inherited again is %+v", port.Vlan)
	}
}

func TestSwitchRefusesWhatIsInUse(t *testing.T) {
	l := labtest.Start(t, 10)
	hosts := l.Hosts(1)
	dvs := newSwitch(l, "dvs", hosts...)
	for name, spec := range map[string]types.DistributedVirtualSwitchHostMemberConfigSpec{
		"ResourceInUse": member(types.ConfigSpecOperationEdit, hosts[0], "vmnic0"), // vSwitch0 has it
		"NotFound":      member(types.ConfigSpecOperationEdit, hosts[0], "vmnic9"),
		"AlreadyExists": member(types.ConfigSpecOperationAdd, hosts[0], "vmnic3"),
	} {
		task, err := dvs.Reconfigure(l.Ctx(), &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{
			Host: []types.DistributedVirtualSwitchHostMemberConfigSpec{spec},
		}})
		l.Must(err)
		if err := task.Wait(l.Ctx()); !failsWith(err, name) {
			t.Errorf("want %s, got %v", name, err)
		}
	}
	task, err := dvs.Reconfigure(l.Ctx(), &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{ConfigVersion: "99", Description: "x"}})
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "ConcurrentAccess") {
		t.Errorf("a change of an older version: %v", err)
	}
	_, cfg := switchOf(l, dvs.Reference())
	task, err = object.NewDistributedVirtualPortgroup(l.Client.Client, cfg.UplinkPortgroup[0]).Destroy(l.Ctx())
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "ResourceInUse") {
		t.Errorf("the uplinks' port group: %v", err)
	}
}

func TestDestroyedSwitchLeavesNothingBehind(t *testing.T) {
	l := labtest.Start(t, 10)
	hosts := l.Hosts(1)
	before := l.Host(hosts[0])
	dvs := newSwitch(l, "dvs", hosts...)
	ref := newPortGroup(l, dvs.Reference(), types.DVPortgroupConfigSpec{Name: "pg"})
	l.Run(dvs.Destroy(l.Ctx()))
	after := l.Host(hosts[0])
	if !slices.Equal(before.Network, after.Network) || len(after.Config.Network.ProxySwitch) > 0 {
		t.Errorf("networks %v, proxies %v", after.Network, after.Config.Network.ProxySwitch)
	}
	var pg mo.DistributedVirtualPortgroup
	if err := l.Client.RetrieveOne(l.Ctx(), ref, []string{"name"}, &pg); err == nil {
		t.Error("the port group outlives its switch")
	}
	newSwitch(l, "dvs", hosts...) // the name and the adapters are free again
}

func TestHostThatLeavesTheInventoryLeavesItsSwitches(t *testing.T) {
	l := labtest.Start(t, 10)
	hosts := l.Hosts(2)
	dvs := newSwitch(l, "dvs", hosts...)
	l.Run(hosts[1].Destroy(l.Ctx()))
	if _, cfg := switchOf(l, dvs.Reference()); len(cfg.Host) != 1 || *cfg.Host[0].Config.Host != hosts[0].Reference() {
		t.Errorf("members %+v", cfg.Host)
	}
}

func TestUplinksThatAreRenamedKeepTheirPlaceInTeaming(t *testing.T) {
	l := labtest.Start(t, 10)
	dvs := newSwitch(l, "dvs")
	reconfigureSwitch(l, dvs, &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{
		UplinkPortPolicy: &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: []string{"a", "b"}},
	}})
	_, cfg := switchOf(l, dvs.Reference())
	if order := cfg.DefaultPortConfig.(*types.VMwareDVSPortSetting).UplinkTeamingPolicy.UplinkPortOrder; !slices.Equal(order.ActiveUplinkPort, []string{"a", "b"}) {
		t.Errorf("active uplinks %v", order.ActiveUplinkPort)
	}
	task, err := dvs.Reconfigure(l.Ctx(), &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{DefaultPortConfig: &types.VMwareDVSPortSetting{
		UplinkTeamingPolicy: &types.VmwareUplinkPortTeamingPolicy{UplinkPortOrder: &types.VMwareUplinkPortOrderPolicy{ActiveUplinkPort: []string{"c"}}},
	}}})
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "InvalidArgument") {
		t.Errorf("an uplink that does not exist: %v", err)
	}
}

func TestSwitchIsUpgradedNotDowngraded(t *testing.T) {
	l := labtest.Start(t, 10)
	ref := l.Run(networkFolder(l).CreateDVS(l.Ctx(), types.DVSCreateSpec{
		ProductInfo: &types.DistributedVirtualSwitchProductSpec{Version: "7.0.0"},
		ConfigSpec:  &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: "dvs"}},
	})).(types.ManagedObjectReference)
	to := func(version string) error {
		res, err := methods.PerformDvsProductSpecOperation_Task(l.Ctx(), l.Client, &types.PerformDvsProductSpecOperation_Task{
			This: ref, Operation: "upgrade", ProductSpec: &types.DistributedVirtualSwitchProductSpec{Version: version},
		})
		l.Must(err)
		return object.NewTask(l.Client.Client, res.Returnval).Wait(l.Ctx())
	}
	l.Must(to("8.0.0"))
	if err := to("7.0.0"); !failsWith(err, "InvalidArgument") {
		t.Errorf("a downgrade: %v", err)
	}
	if _, cfg := switchOf(l, ref); cfg.ProductInfo.Version != "8.0.0" {
		t.Errorf("version %s", cfg.ProductInfo.Version)
	}
}

func TestHostTakesVMkernelAdaptersOnEitherKindOfPortGroup(t *testing.T) {
	l := labtest.Start(t, 10)
	h := l.Hosts(1)[0]
	dvs := newSwitch(l, "dvs", h)
	pg := newPortGroup(l, dvs.Reference(), types.DVPortgroupConfigSpec{Name: "pg"})
	ns, err := h.ConfigManager().NetworkSystem(l.Ctx())
	l.Must(err)
	l.Must(ns.AddPortGroup(l.Ctx(), types.HostPortGroupSpec{Name: "standard", VswitchName: "vSwitch0"}))
	ip := &types.HostIpConfig{IpAddress: "192.0.2.10", SubnetMask: "255.255.255.0"}
	first, err := ns.AddVirtualNic(l.Ctx(), "standard", types.HostVirtualNicSpec{Ip: ip, NetStackInstanceKey: "vmotion"})
	l.Must(err)
	info, _ := switchOf(l, dvs.Reference())
	second, err := ns.AddVirtualNic(l.Ctx(), "", types.HostVirtualNicSpec{
		Ip: ip, DistributedVirtualPort: &types.DistributedVirtualSwitchPortConnection{SwitchUuid: info.Uuid, PortgroupKey: pg.Value},
	})
	l.Must(err)
	if _, err := ns.AddVirtualNic(l.Ctx(), "nowhere", types.HostVirtualNicSpec{Ip: ip}); !failsWith(err, "NotFound") {
		t.Errorf("a port group that does not exist: %v", err)
	}
	task, err := object.NewDistributedVirtualPortgroup(l.Client.Client, pg).Destroy(l.Ctx())
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "ResourceInUse") {
		t.Errorf("a port group with an adapter was destroyed: %v", err)
	}
	l.Must(ns.UpdateVirtualNic(l.Ctx(), first, types.HostVirtualNicSpec{Mtu: 9000}))
	find := func(device string) *types.HostVirtualNic {
		for _, v := range l.Host(h).Config.Network.Vnic {
			if v.Device == device {
				return &v
			}
		}
		return nil
	}
	if v := find(first); v == nil || v.Spec.Mtu != 9000 || v.Spec.Ip.IpAddress != "192.0.2.10" || v.Spec.NetStackInstanceKey != "vmotion" {
		t.Errorf("the adapter is %+v", v)
	}
	l.Must(ns.RemoveVirtualNic(l.Ctx(), second))
	if find(second) != nil {
		t.Error("a removed adapter is still there")
	}
	l.Run(object.NewDistributedVirtualPortgroup(l.Client.Client, pg).Destroy(l.Ctx()))
	if err := ns.RemoveVirtualNic(l.Ctx(), "vmk0"); !failsWith(err, "ResourceInUse") {
		t.Errorf("the management adapter was removed: %v", err)
	}
}
