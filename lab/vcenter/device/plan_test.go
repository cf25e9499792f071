package device_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/device"
)

const (
	add    = types.VirtualDeviceConfigSpecOperationAdd
	edit   = types.VirtualDeviceConfigSpecOperationEdit
	remove = types.VirtualDeviceConfigSpecOperationRemove
)

func change(op types.VirtualDeviceConfigSpecOperation, d types.BaseVirtualDevice) types.BaseVirtualDeviceConfigSpec {
	return &types.VirtualDeviceConfigSpec{Operation: op, Device: d}
}

func scsi(key, bus int32) *types.ParaVirtualSCSIController {
	c := &types.ParaVirtualSCSIController{}
	c.Key, c.BusNumber = key, bus
	return c
}

func disk(key, controller int32, unit *int32, gib int64) *types.VirtualDisk {
	d := &types.VirtualDisk{CapacityInKB: gib << 20}
	d.Key, d.ControllerKey, d.UnitNumber = key, controller, unit
	d.Backing = &types.VirtualDiskFlatVer2BackingInfo{
		VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[ds] a/a.vmdk"}, DiskMode: "persistent", ThinProvisioned: types.NewBool(true),
	}
	return d
}

// apply carries a plan out as the simulator does.
func apply(current []types.BaseVirtualDevice, planned []types.BaseVirtualDeviceConfigSpec) []types.BaseVirtualDevice {
	list := slices.Clone(current)
	for _, c := range planned {
		spec := c.GetVirtualDeviceConfigSpec()
		key := spec.Device.GetVirtualDevice().Key
		if spec.Operation != add {
			list = slices.DeleteFunc(list, func(d types.BaseVirtualDevice) bool { return d.GetVirtualDevice().Key == key })
		}
		if spec.Operation != remove {
			list = append(list, spec.Device)
		}
	}
	device.Tidy(list)
	return list
}

func plan(t *testing.T, current []types.BaseVirtualDevice, changes ...types.BaseVirtualDeviceConfigSpec) []types.BaseVirtualDevice {
	t.Helper()
	planned, fault := device.Plan(current, changes)
	if fault != nil {
		t.Fatalf("%#v", fault)
	}
	return apply(current, planned)
}

func refused(t *testing.T, property string, current []types.BaseVirtualDevice, changes ...types.BaseVirtualDeviceConfigSpec) {
	t.Helper()
	_, fault := device.Plan(current, changes)
	spec, ok := fault.(*types.InvalidDeviceSpec)
	if !ok || spec.Property != "virtualDeviceSpec.device."+property || spec.DeviceIndex != int32(len(changes)-1) {
		t.Fatalf("%#v, expected %s of the last change", fault, property)
	}
}

func TestNewDevicesGetTheKeysOfTheirSlots(t *testing.T) {
	nic, cd := &types.VirtualVmxnet3{}, &types.VirtualCdrom{}
	nic.Key, cd.Key = -30, -31
	list := plan(t, ideOnly(), change(add, scsi(-1, 1)), change(add, disk(-2, -1, types.NewInt32(3), 1)), change(add, disk(-3, -1, nil, 1)),
		change(add, nic), change(add, cd))
	want := map[int32]string{1001: "SCSI controller 1", 2019: "Hard disk 1", 2016: "Hard disk 2", 4000: "Network adapter 1", 3000: "CD/DVD drive 1"}
	for _, d := range list {
		v := d.GetVirtualDevice()
		if v.DeviceInfo != nil && v.DeviceInfo.GetDescription().Label == want[v.Key] {
			delete(want, v.Key)
		}
	}
	if len(want) > 0 {
		t.Fatalf("missing %v in %v", want, keys(list))
	}
	controller := object.VirtualDeviceList(list).FindByKey(1001).(*types.ParaVirtualSCSIController)
	if !slices.Equal(controller.Device, []int32{2016, 2019}) || controller.ControllerKey != 100 {
		t.Fatalf("%+v", controller)
	}
}

func ideOnly() []types.BaseVirtualDevice {
	c := &types.VirtualIDEController{}
	c.Key = 200
	return []types.BaseVirtualDevice{c}
}

func keys(list []types.BaseVirtualDevice) (k []int32) {
	for _, d := range list {
		k = append(k, d.GetVirtualDevice().Key)
	}
	return k
}

func TestSlotsAreTakenOnce(t *testing.T) {
	have := []types.BaseVirtualDevice{scsi(1000, 0), disk(2000, 1000, types.NewInt32(0), 1)}
	refused(t, "unitNumber", have, change(add, disk(-1, 1000, types.NewInt32(0), 1)))
	refused(t, "unitNumber", have, change(add, disk(-1, 1000, types.NewInt32(7), 1))) // the controller's own
	refused(t, "unitNumber", have, change(add, disk(-1, 1000, types.NewInt32(64), 1)))
	refused(t, "busNumber", have, change(add, scsi(-1, 0)))
	refused(t, "busNumber", have, change(add, scsi(-1, 4)))
	refused(t, "controllerKey", have, change(add, disk(-1, 1001, types.NewInt32(0), 1)))
	list := plan(t, have, change(add, disk(-1, 1000, types.NewInt32(0), 1)), change(remove, have[1]))
	if len(list) != 2 {
		t.Fatalf("a slot is free for what is added beside its removal: %v", keys(list))
	}
}

func TestDisksSwapTheirSlotsInOneChange(t *testing.T) {
	have := []types.BaseVirtualDevice{scsi(1000, 0), disk(2000, 1000, types.NewInt32(0), 1), disk(2001, 1000, types.NewInt32(1), 1)}
	list := plan(t, have, change(edit, disk(2000, 1000, types.NewInt32(1), 1)), change(edit, disk(2001, 1000, types.NewInt32(0), 1)))
	if *list[1].GetVirtualDevice().UnitNumber != 1 || *list[2].GetVirtualDevice().UnitNumber != 0 {
		t.Fatalf("%+v %+v", list[1], list[2])
	}
	_, fault := device.Plan(have, []types.BaseVirtualDeviceConfigSpec{change(edit, disk(2000, 1000, types.NewInt32(1), 1))})
	if fault == nil {
		t.Fatal("two disks in one slot")
	}
}

func TestAnEditLeavesTheRestAsItIs(t *testing.T) {
	have := []types.BaseVirtualDevice{scsi(1000, 0), disk(2000, 1000, types.NewInt32(0), 1)}
	have[1].(*types.VirtualDisk).CapacityInBytes = 1 << 30
	grown := &types.VirtualDisk{CapacityInKB: 2 << 20}
	grown.Key = 2000
	grown.ControllerKey, grown.UnitNumber = 1000, types.NewInt32(0)
	d := plan(t, have, change(edit, grown))[1].(*types.VirtualDisk)
	b := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if d.CapacityInBytes != 2<<30 || b.FileName != "[ds] a/a.vmdk" || !*b.ThinProvisioned {
		t.Fatalf("%+v %+v", d, b)
	}
	if have[1].(*types.VirtualDisk).CapacityInBytes != 1<<30 {
		t.Fatal("the machine's own device was changed")
	}
	shrunk := &types.VirtualDisk{CapacityInKB: 1 << 10}
	shrunk.Key, shrunk.ControllerKey, shrunk.UnitNumber = 2000, 1000, types.NewInt32(0)
	_, fault := device.Plan(have, []types.BaseVirtualDeviceConfigSpec{change(edit, shrunk)})
	if _, ok := fault.(*types.InvalidDeviceOperation); !ok {
		t.Fatalf("a disk shrinks: %#v", fault)
	}
}

func TestAControllersTypeChangesUnderItsDisks(t *testing.T) {
	have := []types.BaseVirtualDevice{scsi(1000, 0), disk(2000, 1000, types.NewInt32(0), 1)}
	lsi := &types.VirtualLsiLogicController{}
	lsi.Key = -1
	moved := disk(2000, -1, types.NewInt32(0), 1)
	list := plan(t, have, change(remove, have[0]), change(add, lsi), change(edit, moved))
	if _, ok := list[0].(*types.VirtualLsiLogicController); !ok || list[1].GetVirtualDevice().ControllerKey != list[0].GetVirtualDevice().Key {
		t.Fatalf("%+v %+v", list[0], list[1])
	}
	if list = plan(t, have, change(remove, have[0])); len(list) != 0 {
		t.Fatalf("a disk outlives its controller: %v", keys(list))
	}
}

func TestWhatIsNotThereCannotChange(t *testing.T) {
	refused(t, "key", nil, change(edit, disk(2000, 1000, nil, 1)))
	refused(t, "key", nil, change(remove, disk(2000, 1000, nil, 1)))
}
