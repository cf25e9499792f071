package device

import (
	"reflect"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/deep"
)

// Plan resolves a list of changes against the devices that a machine has: removals first, then edits with all that they
// leave unset filled in, then additions with final keys. It changes neither of its arguments. What cannot be is a fault
// that carries the index of the change.
func Plan(current []types.BaseVirtualDevice, changes []types.BaseVirtualDeviceConfigSpec) ([]types.BaseVirtualDeviceConfigSpec, types.BaseMethodFault) {
	p := &plan{devices: deep.Copy(current), renamed: map[int32]int32{}}
	for i, c := range changes {
		spec := deep.Copy(*c.GetVirtualDeviceConfigSpec())
		if spec.Device == nil {
			return nil, invalid(i, "device")
		}
		var fault types.BaseMethodFault
		switch spec.Operation {
		case types.VirtualDeviceConfigSpecOperationAdd:
			fault = p.add(i, spec)
		case types.VirtualDeviceConfigSpecOperationEdit, "":
			fault = p.edit(i, spec)
		case types.VirtualDeviceConfigSpecOperationRemove:
			fault = p.remove(i, spec)
		default:
			fault = invalid(i, "operation")
		}
		if fault != nil {
			return nil, fault
		}
	}
	if fault := p.settle(); fault != nil {
		return nil, fault
	}
	return slices.Concat(p.removed, p.edited, p.added), nil
}

type plan struct {
	devices                []types.BaseVirtualDevice
	renamed                map[int32]int32 // keys as the client chose them for new devices, and what they became
	removed, edited, added []types.BaseVirtualDeviceConfigSpec
	late                   []pending
}

// pending is an addition whose place is chosen when all changes are known: a removal may come after it in the list.
type pending struct {
	index int
	spec  types.VirtualDeviceConfigSpec
}

func invalid(index int, property string) types.BaseMethodFault {
	return &types.InvalidDeviceSpec{
		InvalidVmConfig: types.InvalidVmConfig{Property: "virtualDeviceSpec." + property}, DeviceIndex: int32(index),
	}
}

func (p *plan) find(key int32) int {
	return slices.IndexFunc(p.devices, func(d types.BaseVirtualDevice) bool { return d.GetVirtualDevice().Key == key })
}

func (p *plan) kindOf(d types.BaseVirtualDevice) *kind {
	if i := p.find(d.GetVirtualDevice().ControllerKey); i >= 0 && d.GetVirtualDevice().ControllerKey != 0 {
		return kindOf(d, kindOf(p.devices[i], nil))
	}
	return kindOf(d, nil)
}

func (p *plan) remove(index int, spec types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	i := p.find(spec.Device.GetVirtualDevice().Key)
	if i < 0 {
		return invalid(index, "device.key")
	}
	if kindOf(p.devices[i], nil) == builtIn {
		return nil // ESXi keeps them, and says nothing
	}
	spec.Device = p.devices[i]
	p.removed = append(p.removed, &spec)
	p.devices = slices.Delete(p.devices, i, i+1)
	return nil
}

// edit fills in what the client leaves unset, which means unchanged.
func (p *plan) edit(index int, spec types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	i := p.find(spec.Device.GetVirtualDevice().Key)
	if i < 0 || !sameType(p.devices[i], spec.Device) {
		return invalid(index, "device.key")
	}
	if k, ok := p.renamed[spec.Device.GetVirtualDevice().ControllerKey]; ok {
		spec.Device.GetVirtualDevice().ControllerKey = k
	}
	if fault := resize(p.devices[i], spec.Device); fault != nil {
		return fault
	}
	device := deep.Copy(p.devices[i])
	overlay(device, spec.Device)
	if info := device.GetVirtualDevice().DeviceInfo; info != nil {
		info.GetDescription().Summary = "" // it follows from the backing
	}
	spec.Device, spec.Operation = device, types.VirtualDeviceConfigSpecOperationEdit
	p.devices[i] = device
	p.edited = slices.DeleteFunc(p.edited, func(e types.BaseVirtualDeviceConfigSpec) bool {
		return e.GetVirtualDeviceConfigSpec().Device.GetVirtualDevice().Key == device.GetVirtualDevice().Key
	})
	p.edited = append(p.edited, &spec)
	return nil
}

// resize makes a disk's two capacities agree; disks only grow (VirtualMachine.ReconfigVM_Task, InvalidDeviceOperation).
func resize(old, now types.BaseVirtualDevice) types.BaseMethodFault {
	from, ok := old.(*types.VirtualDisk)
	if !ok {
		return nil
	}
	to := now.(*types.VirtualDisk)
	size := to.CapacityInBytes
	if to.CapacityInKB != 0 && to.CapacityInKB != from.CapacityInKB || size == 0 {
		size = to.CapacityInKB << 10
	}
	if size == 0 {
		size = from.CapacityInBytes
	}
	if size < from.CapacityInBytes {
		return &types.InvalidDeviceOperation{
			BadOp: types.VirtualDeviceConfigSpecOperationEdit, BadFileOp: "",
			InvalidDeviceSpec: types.InvalidDeviceSpec{InvalidVmConfig: types.InvalidVmConfig{Property: "virtualDeviceSpec.device.capacityInKB"}},
		}
	}
	to.CapacityInBytes, to.CapacityInKB = size, size>>10
	return nil
}

// settle places what was added, drops what hung on controllers that are gone, and checks that no slot is taken twice.
func (p *plan) settle() types.BaseMethodFault {
	for _, a := range p.late {
		if fault := p.place(a.index, a.spec); fault != nil {
			return fault
		}
	}
	p.dropOrphans()
	taken := map[[2]int32]bool{}
	for _, d := range p.devices {
		v := d.GetVirtualDevice()
		if !isSlotted(d) || v.UnitNumber == nil {
			continue
		}
		slot := [2]int32{v.ControllerKey, *v.UnitNumber}
		if taken[slot] {
			return invalid(p.indexOf(v.Key), "device.unitNumber")
		}
		taken[slot] = true
	}
	return nil
}

func (p *plan) indexOf(key int32) int {
	for _, a := range p.late {
		if a.spec.Device.GetVirtualDevice().Key == key {
			return a.index
		}
	}
	return 0
}

// dropOrphans removes devices whose controller was removed; their files stay.
func (p *plan) dropOrphans() {
	p.devices = slices.DeleteFunc(p.devices, func(d types.BaseVirtualDevice) bool {
		v := d.GetVirtualDevice()
		if v.ControllerKey == 0 || !isSlotted(d) || p.find(v.ControllerKey) >= 0 {
			return false
		}
		p.edited = slices.DeleteFunc(p.edited, func(e types.BaseVirtualDeviceConfigSpec) bool {
			return e.GetVirtualDeviceConfigSpec().Device.GetVirtualDevice().Key == v.Key
		})
		p.removed = append(p.removed, &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: d})
		return true
	})
}

// overlay lays an edit over a device. A backing is replaced as a whole, but for a disk's: its file stays what it is.
func overlay(device, edit types.BaseVirtualDevice) {
	before := device.GetVirtualDevice().Backing
	deep.Overlay(device, edit)
	after := edit.GetVirtualDevice().Backing
	if _, ok := device.(*types.VirtualDisk); ok && before != nil && after != nil && reflect.TypeOf(before) == reflect.TypeOf(after) {
		file := fileOf(before)
		deep.Overlay(before, after)
		if fileOf(before) == "" {
			before.(types.BaseVirtualDeviceFileBackingInfo).GetVirtualDeviceFileBackingInfo().FileName = file
		}
		device.GetVirtualDevice().Backing = before
	}
}

func fileOf(b types.BaseVirtualDeviceBackingInfo) string {
	if f, ok := b.(types.BaseVirtualDeviceFileBackingInfo); ok {
		return f.GetVirtualDeviceFileBackingInfo().FileName
	}
	return ""
}

func sameType(a, b types.BaseVirtualDevice) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }
