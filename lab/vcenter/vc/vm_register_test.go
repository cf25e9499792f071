package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestAMachineThatIsRegisteredAnewIsWhatItWas(t *testing.T) {
	l := labtest.Start(t, 200)
	c, vm := l.Pair()
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	l.Run(vm.PowerOff(l.Ctx()))
	before := l.VM(vm)
	disk := diskOf(l, vm)
	l.Must(vm.Unregister(l.Ctx()))
	if _, err := l.Finder.VirtualMachine(l.Ctx(), "vm-1"); err == nil {
		t.Fatal("the machine is still there")
	}
	register := func() (*object.Task, error) {
		return folders.VmFolder.RegisterVM(l.Ctx(), before.Config.Files.VmPathName, "again", false, pool, nil)
	}
	again := object.NewVirtualMachine(l.Client.Client, l.Run(register()).(types.ManagedObjectReference))
	after := l.VM(again)
	if after.Name != "again" || after.Config.Uuid != before.Config.Uuid || after.Config.InstanceUuid != before.Config.InstanceUuid ||
		after.Config.GuestId != before.Config.GuestId || after.Config.Hardware.MemoryMB != before.Config.Hardware.MemoryMB ||
		after.Summary.Config.NumCpu != before.Summary.Config.NumCpu {
		t.Errorf("it is %q, %s, %s, %d MB", after.Name, after.Config.Uuid, after.Config.GuestId, after.Config.Hardware.MemoryMB)
	}
	if len(after.Config.Hardware.Device) != len(before.Config.Hardware.Device) || diskOf(l, again) != disk || len(after.Datastore) != 1 {
		t.Errorf("%d devices, not %d, on %v", len(after.Config.Hardware.Device), len(before.Config.Hardware.Device), after.Datastore)
	}
	l.Run(again.PowerOn(l.Ctx()))
	task, err := register()
	l.Must(err)
	if err := task.Wait(l.Ctx()); !failsWith(err, "AlreadyExists") {
		t.Errorf("it was registered twice: %v", err)
	}
	l.Run(again.PowerOff(l.Ctx()))
	l.Run(again.Destroy(l.Ctx()))
	task, err = register()
	l.Must(err)
	if err := task.Wait(l.Ctx()); err == nil {
		t.Error("a machine was made of files that are gone")
	}
}
