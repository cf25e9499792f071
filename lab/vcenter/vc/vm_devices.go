package vc

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/device"
)

// home is where a machine's files are: its configuration file, after which ESXi names the rest.
type home struct {
	vmx object.DatastorePath
	dc  *simulator.Datacenter
}

func (s *Sim) homeOf(ctx *simulator.Context, vm *simulator.VirtualMachine) home {
	h := home{dc: datacenterOf(ctx, vm.Self)}
	h.vmx.FromString(vm.Config.Files.VmPathName)
	return h
}

// planDevices resolves a client's changes to what the simulator is to do, as device.Plan says, with a file for each disk.
func (s *Sim) planDevices(ctx *simulator.Context, h home, current []types.BaseVirtualDevice,
	changes []types.BaseVirtualDeviceConfigSpec) ([]types.BaseVirtualDeviceConfigSpec, types.BaseMethodFault) {
	if len(changes) == 0 {
		return nil, nil
	}
	if h.dc != nil {
		if fault := s.checkNetworks(ctx, h.dc.Self, changes); fault != nil {
			return nil, fault
		}
	}
	planned, fault := device.Plan(current, changes)
	if fault != nil {
		return nil, fault
	}
	names := map[string]bool{}
	for _, c := range planned {
		spec := c.GetVirtualDeviceConfigSpec()
		d, ok := spec.Device.(*types.VirtualDisk)
		if !ok || spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			continue
		}
		if fault := s.backDisk(ctx, h, spec, d, b.GetVirtualDeviceFileBackingInfo(), names); fault != nil {
			return nil, fault
		}
	}
	return planned, nil
}

// backDisk names the file of a new disk, takes the size of one that exists from its file, and lets a file grow with its disk.
func (s *Sim) backDisk(ctx *simulator.Context, h home, spec *types.VirtualDeviceConfigSpec, d *types.VirtualDisk,
	b *types.VirtualDeviceFileBackingInfo, names map[string]bool) types.BaseMethodFault {
	var file object.DatastorePath
	file.FromString(b.FileName)
	if file.Datastore == "" && b.Datastore != nil {
		if ds, ok := ctx.Map.Get(*b.Datastore).(*simulator.Datastore); ok {
			file.Datastore = ds.Name
		}
	}
	if file.Datastore == "" {
		file.Datastore = h.vmx.Datastore
	}
	dir, ok := s.datastoreDir(ctx, h.dc, file.Datastore)
	if !ok {
		return &types.InvalidDatastorePath{InvalidDatastore: types.InvalidDatastore{Name: file.Datastore}, DatastorePath: b.FileName}
	}
	if spec.FileOperation != "" {
		if file.Path == "" {
			file.Path = freeDiskName(dir, h.vmx.Path, names)
		}
		b.FileName = file.String()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file.Path)), 0o700); err != nil {
			return &types.CannotCreateFile{FileFault: types.FileFault{File: b.FileName}}
		}
		return nil
	}
	if file.Path == "" {
		return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{
			InvalidVmConfig: types.InvalidVmConfig{Property: "virtualDeviceSpec.device.backing.fileName"},
		}}
	}
	b.FileName = file.String()
	return s.fitDisk(ctx, h, spec.Operation, d, b.FileName)
}

func (s *Sim) fitDisk(ctx *simulator.Context, h home, op types.VirtualDeviceConfigSpecOperation, d *types.VirtualDisk, file string) types.BaseMethodFault {
	var dc *types.ManagedObjectReference
	if h.dc != nil {
		dc = &h.dc.Self
	}
	files := ctx.Map.FileManager()
	desc, saved, fault := files.DiskDescriptor(ctx, dc, file)
	if fault != nil {
		return fault
	}
	if op == types.VirtualDeviceConfigSpecOperationAdd {
		d.CapacityInBytes, d.CapacityInKB = desc.Capacity(), desc.Capacity()>>10
		return nil
	}
	if d.CapacityInBytes <= desc.Capacity() || len(desc.Extent) == 0 {
		return nil
	}
	desc.Extent[0].Size = d.CapacityInBytes / 512
	return files.SaveDiskDescriptor(ctx, desc, saved)
}

func (s *Sim) datastoreDir(ctx *simulator.Context, dc *simulator.Datacenter, name string) (string, bool) {
	if dc == nil {
		return "", false
	}
	var known []types.ManagedObjectReference
	ctx.WithLock(dc, func() { known = slices.Clone(dc.Datastore) })
	ds, ok := ctx.Map.FindByName(name, known).(*simulator.Datastore)
	if !ok {
		return "", false
	}
	return ds.Summary.Url, true
}

// freeDiskName is the name that ESXi gives a new disk: that of the configuration file, numbered where it is taken.
func freeDiskName(dir, vmx string, names map[string]bool) string {
	stem := vmx[:len(vmx)-len(path.Ext(vmx))]
	for n := 0; ; n++ {
		name := stem + ".vmdk"
		if n > 0 {
			name = fmt.Sprintf("%s_%d.vmdk", stem, n)
		}
		full := filepath.Join(dir, name)
		if _, err := os.Stat(full); err != nil && !names[full] {
			names[full] = true
			return name
		}
	}
}

// tidyDevices replaces a machine's devices by ordered copies: clients may still be reading the old ones.
func tidyDevices(vm *mo.VirtualMachine) {
	devices := clone(vm.Config.Hardware.Device)
	device.Tidy(devices)
	vm.Config.Hardware.Device = devices
}
