package vc

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

// RelocateVMTask moves a machine's files to other datastores, and the machine to another host, pool or folder.
func (v *virtualMachine) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	spec := req.Spec
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if fault := v.s.knownPoliciesOf(&spec); fault != nil {
			return nil, fault
		}
		if fault := v.s.moveFiles(ctx, v.VirtualMachine, &spec); fault != nil {
			return nil, fault
		}
		if len(spec.DeviceChange) > 0 {
			if fault := v.s.reconfigureMachine(v.VirtualMachine, types.VirtualMachineConfigSpec{DeviceChange: spec.DeviceChange}); fault != nil {
				return nil, fault
			}
		}
		if spec.Folder != nil {
			if fault := v.s.moveEntity(ctx, ctx.Map.Get(*spec.Folder), v.Self); fault != nil {
				return nil, fault
			}
		}
		if spec.Host != nil || spec.Pool != nil {
			if _, fault := v.move(spec.Host, spec.Pool)(ctx); fault != nil {
				return nil, fault
			}
		}
		v.s.policies.assignPlace(v.s.instanceOf(v.Self), &spec)
		ctx.WithLock(v, func() { v.RefreshStorageInfo(ctx, nil) }) // on a host that has the datastores
		return nil, nil
	}
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{Returnval: v.s.task(ctx, v.Self, "relocateVm", run)}}
}

// transfer is the move of one disk, by its key, or of the machine's own files.
type transfer struct {
	disk     int32
	from, to object.DatastorePath
	flat     *types.VirtualDiskFlatVer2BackingInfo // the provisioning that the client wants, if it says so
}

// moveFiles is storage vMotion. Files take the name that the machine has now (VMware KB 2031763).
func (s *Sim) moveFiles(ctx *simulator.Context, vm *simulator.VirtualMachine, spec *types.VirtualMachineRelocateSpec) types.BaseMethodFault {
	dc := datacenterOf(ctx, vm.Self)
	homeTo, disks, fault := s.planTransfers(ctx, vm, spec)
	if fault != nil || homeTo == "" && len(disks) == 0 {
		return fault
	}
	m, _ := s.machine(vm.Self)
	if m.on && !s.wait(MigrationTime) {
		return &types.RequestCanceled{}
	}
	ctx.WithLock(vm, func() {
		stem := vm.Name
		if homeTo != "" {
			if stem, fault = s.moveHome(ctx, vm, dc, homeTo); fault != nil {
				return
			}
		}
		names := map[string]bool{}
		for _, d := range disksOf(vm.Config.Hardware.Device) {
			if b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok && !moving(disks, d.Key) {
				names[path.Base(b.GetVirtualDeviceFileBackingInfo().FileName)] = true
			}
		}
		for i := range disks {
			if fault = s.moveDisk(ctx, vm, dc, &disks[i], stem, names); fault != nil {
				return
			}
		}
		devices := clone(vm.Config.Hardware.Device)
		for _, d := range disksOf(devices) {
			i := slices.IndexFunc(disks, func(t transfer) bool { return t.disk == d.Key })
			if i < 0 {
				continue
			}
			b := d.Backing.(types.BaseVirtualDeviceFileBackingInfo).GetVirtualDeviceFileBackingInfo()
			b.FileName, b.Datastore = disks[i].to.String(), s.datastoreNamed(ctx, dc, disks[i].to.Datastore)
			if flat, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
				flat.Parent = nil // a disk that is moved is made whole
				if disks[i].flat != nil {
					provision(flat, disks[i].flat)
				}
			}
		}
		ctx.Update(vm, []types.PropertyChange{{Name: "config.hardware.device", Val: devices}})
		s.learn(&vm.VirtualMachine)
	})
	return fault
}

func moving(disks []transfer, key int32) bool {
	return slices.ContainsFunc(disks, func(t transfer) bool { return t.disk == key })
}

// planTransfers works out what moves where: the client names a datastore for all, or for single disks.
func (s *Sim) planTransfers(ctx *simulator.Context, vm *simulator.VirtualMachine, spec *types.VirtualMachineRelocateSpec) (string, []transfer, types.BaseMethodFault) {
	var config types.VirtualMachineConfigInfo
	var host types.ManagedObjectReference
	ctx.WithLock(vm, func() { config, host = clone(*vm.Config), *vm.Runtime.Host })
	if spec.Host != nil {
		host = *spec.Host
	}
	named := func(ref types.ManagedObjectReference) (string, types.BaseMethodFault) {
		name, fault := datastoreName(ctx, ref)
		if fault == nil && !s.hasDatastore(ctx, host, name) {
			fault = &types.InvalidDatastore{Datastore: &ref, Name: name}
		}
		return name, fault
	}
	all := ""
	if spec.Datastore != nil {
		var fault types.BaseMethodFault
		if all, fault = named(*spec.Datastore); fault != nil {
			return "", nil, fault
		}
	}
	var vmx object.DatastorePath
	vmx.FromString(config.Files.VmPathName)
	var list []transfer
	for _, d := range disksOf(config.Hardware.Device) {
		t := transfer{disk: d.Key}
		b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			continue
		}
		t.from.FromString(b.GetVirtualDeviceFileBackingInfo().FileName)
		t.to.Datastore = all
		if i := slices.IndexFunc(spec.Disk, func(l types.VirtualMachineRelocateSpecDiskLocator) bool { return l.DiskId == d.Key }); i >= 0 {
			name, fault := named(spec.Disk[i].Datastore)
			if fault != nil {
				return "", nil, fault
			}
			t.to.Datastore = name
			t.flat, _ = spec.Disk[i].DiskBackingInfo.(*types.VirtualDiskFlatVer2BackingInfo)
		}
		if t.to.Datastore != "" && t.to.Datastore != t.from.Datastore {
			list = append(list, t)
		}
	}
	if all == vmx.Datastore {
		all = ""
	}
	return all, list, nil
}

func (s *Sim) datastoreNamed(ctx *simulator.Context, dc *simulator.Datacenter, name string) *types.ManagedObjectReference {
	var known []types.ManagedObjectReference
	ctx.WithLock(dc, func() { known = slices.Clone(dc.Datastore) })
	if e := ctx.Map.FindByName(name, known); e != nil {
		ref := e.Reference()
		return &ref
	}
	return nil
}

// moveHome moves the configuration file and what goes with it, and returns the name that files take from now on.
func (s *Sim) moveHome(ctx *simulator.Context, vm *simulator.VirtualMachine, dc *simulator.Datacenter, to string) (string, types.BaseMethodFault) {
	var old object.DatastorePath
	old.FromString(vm.Config.Files.VmPathName)
	from, ok := s.datastoreDir(ctx, dc, old.Datastore)
	dir, found := s.datastoreDir(ctx, dc, to)
	if !ok || !found {
		return "", &types.InvalidDatastore{Name: to}
	}
	name, err := makeHome(dir, "", vm.Name)
	if err != nil {
		return "", fileFault(vm.Name, err)
	}
	stem := strings.TrimSuffix(path.Base(old.Path), path.Ext(old.Path))
	entries, _ := os.ReadDir(filepath.Join(from, path.Dir(old.Path)))
	for _, e := range entries {
		if !ownFile(e.Name()) {
			continue
		}
		target := e.Name()
		if rest, ok := strings.CutPrefix(target, stem); ok {
			target = name + rest
		}
		if err := os.Rename(filepath.Join(from, path.Dir(old.Path), e.Name()), filepath.Join(dir, name, target)); err != nil {
			return "", fileFault(e.Name(), err)
		}
	}
	_ = os.Remove(filepath.Join(from, path.Dir(old.Path)))
	vmx := object.DatastorePath{Datastore: to, Path: path.Join(name, name+".vmx")}
	home := (&object.DatastorePath{Datastore: to, Path: name}).String()
	ctx.Update(vm, []types.PropertyChange{
		{Name: "config.files", Val: types.VirtualMachineFileInfo{VmPathName: vmx.String(), SnapshotDirectory: home, SuspendDirectory: home, LogDirectory: home}},
		{Name: "summary.config.vmPathName", Val: vmx.String()},
	})
	return name, nil
}

// moveDisk moves a disk's two files next to the configuration file, or to a folder of the machine's name elsewhere.
func (s *Sim) moveDisk(ctx *simulator.Context, vm *simulator.VirtualMachine, dc *simulator.Datacenter, t *transfer, stem string, names map[string]bool) types.BaseMethodFault {
	from, fault := s.locate(ctx, dc, t.from.String())
	if fault != nil {
		return fault
	}
	dir, ok := s.datastoreDir(ctx, dc, t.to.Datastore)
	if !ok {
		return &types.InvalidDatastore{Name: t.to.Datastore}
	}
	var vmx object.DatastorePath
	vmx.FromString(vm.Config.Files.VmPathName)
	folder := stem
	if t.to.Datastore == vmx.Datastore {
		folder = path.Dir(vmx.Path)
	}
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
		return fileFault(t.to.String(), err)
	}
	t.to.Path = freeDiskName(dir, path.Join(folder, stem+".vmx"), names)
	file := filepath.Join(dir, t.to.Path)
	desc, err := readDisk(from)
	if err != nil {
		return fileFault(t.from.String(), err)
	}
	extent := simulator.VirtualDiskBackingFileName(file)
	if err := copyContent(from, extent); err != nil {
		return fileFault(t.to.String(), err)
	}
	desc.Extent = []vmdk.Extent{{Type: "VMFS", Permission: "RW", Size: desc.Capacity() / vmdk.SectorSize, Info: filepath.Base(extent)}}
	delete(desc.DDB, ddbParent)
	if err := saveDescriptor(desc, file); err != nil {
		return fileFault(t.to.String(), err)
	}
	removeDisk(from)
	_ = os.Remove(filepath.Dir(from)) // if that was all
	return nil
}
