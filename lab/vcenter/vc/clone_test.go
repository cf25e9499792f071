package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// twoHosts is a lab with one cluster of two hosts and one datastore.
func twoHosts(t *testing.T, scale float64) (*labtest.Lab, *object.ClusterComputeResource, types.ManagedObjectReference) {
	l := labtest.Start(t, scale)
	hosts := l.Hosts(2)
	return l, l.Cluster("c", hosts), l.NAS("ds-a", 0, hosts...)
}

func TestACustomisedGuestHasItsNameAndAddresses(t *testing.T) {
	l, c, ds := twoHosts(t, 100)
	source, err := l.Finder.VirtualMachine(l.Ctx(), "ubuntu-13.10")
	l.Must(err)
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	ref := pool.Reference()
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	made := l.Run(source.Clone(l.Ctx(), folders.VmFolder, "named", types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &ref, Datastore: &ds},
	})).(types.ManagedObjectReference)
	vm := object.NewVirtualMachine(l.Client.Client, made)
	spec := types.CustomizationSpec{
		Identity: &types.CustomizationLinuxPrep{HostName: &types.CustomizationFixedName{Name: "web-1"}, Domain: "lab.test"},
		NicSettingMap: []types.CustomizationAdapterMapping{{Adapter: types.CustomizationIPSettings{
			Ip: &types.CustomizationFixedIp{IpAddress: "192.0.2.10"}, SubnetMask: "255.255.255.0", Gateway: []string{"192.0.2.1"},
		}}},
	}
	l.Run(vm.Customize(l.Ctx(), spec))
	if l.VM(vm).Config.Tools.PendingCustomization == "" {
		t.Fatal("no customisation is pending")
	}
	l.Run(vm.PowerOn(l.Ctx()))
	l.Up(vm)
	l.Until("the customisation is reported", func() bool { return len(l.Events("CustomizationSucceeded")) == 1 })
	p := l.VM(vm)
	ip := p.Guest.Net[0].IpConfig.IpAddress
	if p.Guest.HostName != "web-1" || ip[len(ip)-1].IpAddress != "192.0.2.10" || ip[len(ip)-1].PrefixLength != 24 || p.Config.Tools.PendingCustomization != "" {
		t.Fatalf("%s %+v %q", p.Guest.HostName, ip, p.Config.Tools.PendingCustomization)
	}
	if g := p.Guest.IpStack[0].IpRouteConfig.IpRoute; len(g) != 1 || g[0].Gateway.IpAddress != "192.0.2.1" {
		t.Fatalf("%+v", g)
	}
	if _, err := vm.Customize(l.Ctx(), spec); err != nil {
		t.Fatal(err)
	}
}
