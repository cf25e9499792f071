package vc

import (
	"os"
	"path"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// DestroyTask unregisters a machine and deletes its files: its disks and what else is its own. Other files in its folder
// stay, among them disks that were detached.
func (v *virtualMachine) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, v.s.destroyMachine(ctx, v.VirtualMachine)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: v.s.task(ctx, v.Self, "destroy", run)}}
}

func (s *Sim) destroyMachine(ctx *simulator.Context, vm *simulator.VirtualMachine) types.BaseMethodFault {
	h := home{dc: datacenterOf(ctx, vm.Self)}
	var disks []*types.VirtualDisk
	var fault types.BaseMethodFault
	ctx.WithLock(vm, func() {
		h.vmx.FromString(vm.Config.Files.VmPathName)
		disks = disksOf(vm.Config.Hardware.Device)
		if body := vm.UnregisterVM(ctx, &types.UnregisterVM{This: vm.Self}); body.Fault() != nil {
			fault, _ = body.Fault().VimFault().(types.BaseMethodFault)
			if fault == nil {
				fault = &types.InvalidState{}
			}
		}
	})
	if fault != nil {
		return fault
	}
	for _, d := range disks {
		s.deleteDisk(ctx, h.dc, d)
	}
	if dir, ok := s.datastoreDir(ctx, h.dc, h.vmx.Datastore); ok {
		removeHome(filepath.Join(dir, path.Dir(h.vmx.Path)))
	}
	return nil
}

func disksOf(devices []types.BaseVirtualDevice) (disks []*types.VirtualDisk) {
	for _, d := range devices {
		if disk, ok := d.(*types.VirtualDisk); ok {
			disks = append(disks, disk)
		}
	}
	return disks
}

// deleteDisk deletes a disk's files and those below it that the same machine made at snapshots, and gives their space back.
func (s *Sim) deleteDisk(ctx *simulator.Context, dc *simulator.Datacenter, d *types.VirtualDisk) {
	b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if !ok {
		return
	}
	info := b.GetVirtualDeviceFileBackingInfo()
	if file, fault := s.locate(ctx, dc, info.FileName); fault == nil {
		removeDisk(file)
	}
	if info.Datastore == nil {
		return
	}
	if ds, ok := ctx.Map.Get(*info.Datastore).(*simulator.Datastore); ok {
		ctx.WithLock(ds, func() {
			ds.Summary.FreeSpace += d.CapacityInBytes
			ds.Info.GetDatastoreInfo().FreeSpace = ds.Summary.FreeSpace
		})
	}
}

// removeHome deletes a machine's own files, and its folder when nothing else is in it.
func removeHome(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if ownFile(e.Name()) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	_ = os.Remove(dir)
}

// ownFile tells whether a file in a machine's folder is part of the machine, disks aside.
func ownFile(name string) bool {
	switch filepath.Ext(name) {
	case ".vmx", ".vmxf", ".nvram", ".log", ".vmsd", ".vmsn", ".vmem", ".vswp", ".lck":
		return true
	}
	return false
}
