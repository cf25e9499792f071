package vc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/pbm"
	pbmtypes "github.com/vmware/govmomi/pbm/types"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/labtest"
)

func policyService(l *labtest.Lab) *pbm.Client {
	c, err := pbm.NewClient(l.Ctx(), l.Client.Client)
	l.Must(err)
	return c
}

// makePolicy makes one with a rule of tags, as the provider does.
func makePolicy(l *labtest.Lab, c *pbm.Client, name string) (*pbmtypes.PbmProfileId, error) {
	spec, err := pbm.CreateCapabilityProfileSpec(pbm.CapabilityProfileCreateSpec{
		Name: name, SubProfileName: "Tag based placement", CapabilityList: []pbm.Capability{{
			ID: "tier", Namespace: "http://www.vmware.com/storage/tag",
			PropertyList: []pbm.Property{{ID: "com.vmware.storage.tag.tier.property", DataType: "Set", Value: "gold,silver"}},
		}},
	})
	l.Must(err)
	return c.CreateProfile(l.Ctx(), *spec)
}

// has is the policy of a machine ("vm-7") or disk ("vm-7:2000").
func has(l *labtest.Lab, c *pbm.Client, key string) string {
	kind := "virtualMachine"
	if strings.Contains(key, ":") {
		kind = "virtualDiskId"
	}
	res, err := c.QueryAssociatedProfiles(l.Ctx(), []pbmtypes.PbmServerObjectRef{{ObjectType: kind, Key: key}})
	l.Must(err)
	if len(res[0].ProfileId) == 0 {
		return ""
	}
	return res[0].ProfileId[0].UniqueId
}

func defined(id *pbmtypes.PbmProfileId) []types.BaseVirtualMachineProfileSpec {
	return []types.BaseVirtualMachineProfileSpec{&types.VirtualMachineDefinedProfileSpec{ProfileId: id.UniqueId}}
}

func TestAStoragePolicyIsMadeReadChangedAndDeleted(t *testing.T) {
	l := labtest.Start(t, 200)
	c := policyService(l)
	id, err := makePolicy(l, c, "gold")
	l.Must(err)
	if _, err := makePolicy(l, c, "gold"); err == nil {
		t.Error("two policies of one name")
	}
	l.Must(c.UpdateProfile(l.Ctx(), *id, pbmtypes.PbmCapabilityProfileUpdateSpec{Description: "the best"}))
	found, err := c.RetrieveContent(l.Ctx(), []pbmtypes.PbmProfileId{*id})
	l.Must(err)
	p := found[0].(*pbmtypes.PbmCapabilityProfile)
	rule := p.Constraints.(*pbmtypes.PbmCapabilitySubProfileConstraints).SubProfiles[0].Capability[0].Constraint[0].PropertyInstance[0]
	if p.Name != "gold" || p.Description != "the best" || !slices.Equal(rule.Value.(pbmtypes.PbmCapabilityDiscreteSet).Values, []types.AnyType{"gold", "silver"}) {
		t.Errorf("%+v, %+v", p, rule)
	}
	if byName, err := c.ProfileIDByName(l.Ctx(), "gold"); err != nil || byName != id.UniqueId {
		t.Errorf("by name: %s, %v", byName, err)
	}
	outcome, err := c.DeleteProfile(l.Ctx(), []pbmtypes.PbmProfileId{*id})
	if err != nil || outcome[0].Fault != nil {
		t.Errorf("%+v, %v", outcome, err)
	}
	if _, err := c.RetrieveContent(l.Ctx(), []pbmtypes.PbmProfileId{*id}); !failsWith(err, "InvalidArgument") || !strings.Contains(err.Error(), "Profile not found") {
		t.Errorf("after its deletion: %v", err)
	}
	if err := c.UpdateProfile(l.Ctx(), *id, pbmtypes.PbmCapabilityProfileUpdateSpec{Name: "new"}); !failsWith(err, "InvalidArgument") {
		t.Errorf("a policy that is gone was changed: %v", err)
	}
}

func TestMachinesAndDisksHaveStoragePolicies(t *testing.T) {
	l := labtest.Start(t, 200)
	_, vm := l.Pair()
	c := policyService(l)
	gold, err := makePolicy(l, c, "gold")
	l.Must(err)
	silver, err := makePolicy(l, c, "silver")
	l.Must(err)
	devices, err := vm.Device(l.Ctx())
	l.Must(err)
	disk := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk)
	key := fmt.Sprintf("%s:%d", vm.Reference().Value, disk.Key)
	l.Run(vm.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{VmProfile: defined(gold), DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: disk, Profile: defined(silver)},
	}}))
	if has(l, c, vm.Reference().Value) != gold.UniqueId || has(l, c, key) != silver.UniqueId {
		t.Errorf("the machine has %q, its disk %q", has(l, c, vm.Reference().Value), has(l, c, key))
	}
	outcome, err := c.DeleteProfile(l.Ctx(), []pbmtypes.PbmProfileId{*silver})
	if err != nil || outcome[0].Fault == nil {
		t.Errorf("a policy in use was deleted: %v", err)
	}
	users, err := c.QueryAssociatedEntity(l.Ctx(), *silver, "virtualDiskId")
	if err != nil || len(users) != 1 || users[0].Key != key {
		t.Errorf("the policy is that of %v, %v", users, err)
	}
	task, err := vm.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{VmProfile: defined(&pbmtypes.PbmProfileId{UniqueId: "none"})})
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "InvalidArgument") {
		t.Errorf("a policy that does not exist: %v", err)
	}
	l.Run(vm.Relocate(l.Ctx(), types.VirtualMachineRelocateSpec{Profile: defined(silver)}, types.VirtualMachineMovePriorityDefaultPriority))
	l.Run(vm.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: disk, Profile: []types.BaseVirtualMachineProfileSpec{&types.VirtualMachineEmptyProfileSpec{}}},
	}}))
	if has(l, c, vm.Reference().Value) != silver.UniqueId || has(l, c, key) != "" {
		t.Errorf("afterwards the machine has %q, its disk %q", has(l, c, vm.Reference().Value), has(l, c, key))
	}
	l.Run(vm.PowerOff(l.Ctx()))
	l.Run(vm.Destroy(l.Ctx()))
	if outcome, err := c.DeleteProfile(l.Ctx(), []pbmtypes.PbmProfileId{*silver}); err != nil || outcome[0].Fault != nil {
		t.Errorf("nobody has the policy any more: %v, %v", outcome[0].Fault, err)
	}
}

func TestANewMachineHasThePolicyAskedFor(t *testing.T) {
	l := labtest.Start(t, 200)
	cluster, _ := l.Pair()
	c := policyService(l)
	gold, err := makePolicy(l, c, "gold")
	l.Must(err)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	pool, err := cluster.ResourcePool(l.Ctx())
	l.Must(err)
	disk := &types.VirtualDisk{CapacityInKB: 1 << 20, VirtualDevice: types.VirtualDevice{
		Key: -2, ControllerKey: -1, UnitNumber: new(int32), Backing: &types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent"},
	}}
	controller := &types.ParaVirtualSCSIController{VirtualSCSIController: types.VirtualSCSIController{
		SharedBus: types.VirtualSCSISharingNoSharing, VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: -1}},
	}}
	made := l.Run(folders.VmFolder.CreateVM(l.Ctx(), types.VirtualMachineConfigSpec{
		Name: "new", GuestId: "ubuntu64Guest", Files: &types.VirtualMachineFileInfo{VmPathName: "[nfs-a]"}, VmProfile: defined(gold),
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			&types.VirtualDeviceConfigSpec{Operation: "add", Device: controller},
			&types.VirtualDeviceConfigSpec{Operation: "add", FileOperation: "create", Device: disk, Profile: defined(gold)},
		},
	}, pool, nil)).(types.ManagedObjectReference)
	devices, err := object.NewVirtualMachine(l.Client.Client, made).Device(l.Ctx())
	l.Must(err)
	key := devices.SelectByType((*types.VirtualDisk)(nil))[0].GetVirtualDevice().Key
	if has(l, c, made.Value) != gold.UniqueId || has(l, c, fmt.Sprintf("%s:%d", made.Value, key)) != gold.UniqueId {
		t.Errorf("the machine has %q, its disk %q", has(l, c, made.Value), has(l, c, fmt.Sprintf("%s:%d", made.Value, key)))
	}
}

func TestStoragePoliciesAskForPrivileges(t *testing.T) {
	l := labtest.Start(t, 200, func(c *config.Config) {
		c.Users = []config.User{
			{Name: "reader@lab.test", PasswordVar: "R", Password: "r", Role: "ReadOnly"},
			{Name: "viewer@lab.test", PasswordVar: "V", Password: "v", Privileges: []string{"StorageProfile.View"}},
		}
	})
	for user, sees := range map[string]bool{"reader": false, "viewer": true} {
		c, err := pbm.NewClient(l.Ctx(), l.Login(user+"@lab.test", user[:1]).Client)
		l.Must(err)
		if _, err := c.ProfileIDByName(l.Ctx(), "vSAN Default Storage Policy"); (err == nil) != sees {
			t.Errorf("%s reads: %v", user, err)
		}
		if _, err := makePolicy(l, c, user); !failsWith(err, "NoPermission") {
			t.Errorf("%s makes a policy: %v", user, err)
		}
	}
}
