package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

func TestASnapshotTakesAMachineBack(t *testing.T) {
	l, c, ds := twoHosts(t, 200)
	vm := l.Clone("ubuntu-13.10", "kept", c, ds)
	l.Run(vm.PowerOff(l.Ctx()))
	l.Run(vm.CreateSnapshot(l.Ctx(), "before", "", false, false))
	before := l.VM(vm)
	devices := object.VirtualDeviceList(before.Config.Hardware.Device)
	controller, err := devices.FindDiskController("")
	l.Must(err)
	added := devices.CreateDisk(controller, ds, "")
	added.CapacityInKB = 1 << 20
	change, err := object.VirtualDeviceList{added}.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	l.Must(err)
	l.Run(vm.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{MemoryMB: 2048, NumCPUs: 2, DeviceChange: change}))
	l.Run(vm.PowerOn(l.Ctx()))
	if p := l.VM(vm); len(p.Config.Hardware.Device) != len(devices)+1 || p.Config.Hardware.MemoryMB != 2048 {
		t.Fatalf("%d devices, %d MB", len(p.Config.Hardware.Device), p.Config.Hardware.MemoryMB)
	}
	l.Run(vm.RevertToSnapshot(l.Ctx(), "before", false))
	p := l.VM(vm)
	if len(p.Config.Hardware.Device) != len(devices) || p.Config.Hardware.MemoryMB != before.Config.Hardware.MemoryMB ||
		p.Summary.Config.NumCpu != 1 || p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		t.Fatalf("%d devices, %d MB, %s", len(p.Config.Hardware.Device), p.Config.Hardware.MemoryMB, p.Runtime.PowerState)
	}
	l.Run(vm.CreateSnapshot(l.Ctx(), "after", "", false, false))
	l.Run(vm.RevertToCurrentSnapshot(l.Ctx(), true))
	if root := l.VM(vm).Snapshot.RootSnapshotList; len(root) != 1 || len(root[0].ChildSnapshotList) != 1 {
		t.Fatalf("%+v", root)
	}
}

func TestHotChangesNeedHotPlug(t *testing.T) {
	l, c, ds := twoHosts(t, 200)
	vm := l.Clone("ubuntu-13.10", "hot", c, ds)
	change := func(spec types.VirtualMachineConfigSpec) error {
		task, err := vm.Reconfigure(l.Ctx(), spec)
		l.Must(err)
		return task.Wait(l.Ctx())
	}
	more, faster := types.VirtualMachineConfigSpec{MemoryMB: 4096}, types.VirtualMachineConfigSpec{NumCPUs: 4}
	if change(more) == nil || change(faster) == nil || change(types.VirtualMachineConfigSpec{MemoryHotAddEnabled: types.NewBool(true)}) == nil {
		t.Fatal("a machine that runs was changed without hot plug")
	}
	l.Run(vm.PowerOff(l.Ctx()))
	l.Must(change(types.VirtualMachineConfigSpec{MemoryHotAddEnabled: types.NewBool(true), CpuHotAddEnabled: types.NewBool(true)}))
	l.Run(vm.PowerOn(l.Ctx()))
	l.Must(change(more))
	l.Must(change(faster))
	if change(types.VirtualMachineConfigSpec{MemoryMB: 1024}) == nil {
		t.Fatal("memory was taken away")
	}
}
