package vc_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

func TestStorageMigrationMovesFilesAndNames(t *testing.T) {
	l, c, a := twoHosts(t, 200)
	hosts, err := c.Hosts(l.Ctx())
	l.Must(err)
	b := l.NAS("ds-b", 1, hosts...)
	vm := l.Clone("ubuntu-13.10", "moved", c, a)
	l.Run(vm.Relocate(l.Ctx(), types.VirtualMachineRelocateSpec{Datastore: &b}, types.VirtualMachineMovePriorityDefaultPriority))
	p := l.VM(vm)
	disk := object.VirtualDeviceList(p.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk)
	backing := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if p.Config.Files.VmPathName != "[ds-b] moved/moved.vmx" || p.Summary.Config.VmPathName != "[ds-b] moved/moved.vmx" ||
		backing.FileName != "[ds-b] moved/moved.vmdk" || *backing.Datastore != b || !slices.Equal(p.Datastore, []types.ManagedObjectReference{b}) {
		t.Fatalf("%+v %+v %v", p.Config.Files, backing, p.Datastore)
	}
	files := func(export string) []string {
		found, _ := filepath.Glob(filepath.Join(l.Config.DataDir, "datastores", "nfs", "*", "exports", export, "moved", "*"))
		return found
	}
	if len(files("ha-a")) > 0 || !slices.ContainsFunc(files("ha-b"), func(f string) bool { return filepath.Base(f) == "moved.vmdk" }) {
		t.Fatalf("%v %v", files("ha-a"), files("ha-b"))
	}
	if _, err := os.Stat(files("ha-b")[0]); err != nil {
		t.Fatal(err)
	}
	l.Run(vm.Relocate(l.Ctx(), types.VirtualMachineRelocateSpec{
		Disk: []types.VirtualMachineRelocateSpecDiskLocator{{DiskId: disk.Key, Datastore: a}},
	}, types.VirtualMachineMovePriorityDefaultPriority))
	p = l.VM(vm)
	if p.Config.Files.VmPathName != "[ds-b] moved/moved.vmx" || !slices.Equal(p.Datastore, []types.ManagedObjectReference{b, a}) {
		t.Fatalf("%+v %v", p.Config.Files, p.Datastore)
	}
	l.Up(vm)
}
