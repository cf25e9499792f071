package vc

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"

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
	s.destroyDisks(ctx, h, planned)
	names := diskNames(current, planned)
	var made []string
	for _, c := range planned {
		spec := c.GetVirtualDeviceConfigSpec()
		d, ok := spec.Device.(*types.VirtualDisk)
		if !ok || spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		file, fault := s.backDisk(ctx, h, spec, d, names)
		if fault != nil {
			for _, file := range made {
				removeDisk(file)
			}
			return nil, fault
		}
		if file != "" {
			made = append(made, file)
		}
	}
	return planned, nil
}

// destroyDisks deletes the files of disks that go for good, so that a disk that comes in their place has their name.
func (s *Sim) destroyDisks(ctx *simulator.Context, h home, planned []types.BaseVirtualDeviceConfigSpec) {
	for _, c := range planned {
		spec := c.GetVirtualDeviceConfigSpec()
		d, ok := spec.Device.(*types.VirtualDisk)
		if ok && spec.Operation == types.VirtualDeviceConfigSpecOperationRemove && spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationDestroy {
			s.deleteDisk(ctx, h.dc, d)
			spec.FileOperation = "" // done
		}
	}
}

// diskNames are the file names that a machine's disks keep: ESXi numbers disks through, whatever datastore they are on.
func diskNames(current []types.BaseVirtualDevice, planned []types.BaseVirtualDeviceConfigSpec) map[string]bool {
	gone := map[int32]bool{}
	for _, c := range planned {
		if spec := c.GetVirtualDeviceConfigSpec(); spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			gone[spec.Device.GetVirtualDevice().Key] = true
		}
	}
	names := map[string]bool{}
	for _, d := range disksOf(current) {
		if b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok && !gone[d.Key] {
			names[path.Base(b.GetVirtualDeviceFileBackingInfo().FileName)] = true
		}
	}
	return names
}

// backDisk gives a disk its file, and takes from the file of one that exists what it says of the disk. It returns the
// path of a file that it made.
func (s *Sim) backDisk(ctx *simulator.Context, h home, spec *types.VirtualDeviceConfigSpec, d *types.VirtualDisk,
	names map[string]bool) (string, types.BaseMethodFault) {
	based, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if _, sparse := d.Backing.(*types.VirtualDiskSparseVer2BackingInfo); !ok || sparse || spec.Backing != nil && spec.Backing.Crypto != nil {
		return "", nil // the simulator has the right answers
	}
	b := based.GetVirtualDeviceFileBackingInfo()
	var name object.DatastorePath
	name.FromString(b.FileName)
	if ds := b.Datastore; name.Datastore == "" && ds != nil {
		if ds, ok := ctx.Map.Get(*ds).(*simulator.Datastore); ok {
			name.Datastore = ds.Name
		}
	}
	if name.Datastore == "" {
		name.Datastore = h.vmx.Datastore
	}
	dir, ok := s.datastoreDir(ctx, h.dc, name.Datastore)
	if !ok || strings.Contains(name.Path, "..") {
		return "", &types.InvalidDatastorePath{InvalidDatastore: types.InvalidDatastore{Name: name.Datastore}, DatastorePath: b.FileName}
	}
	if spec.FileOperation == "" {
		b.FileName = name.String()
		return "", attachDisk(filepath.Join(dir, name.Path), spec.Operation, d, b.FileName)
	}
	if name.Path == "" {
		name.Path = freeDiskName(dir, h.vmx.Path, names)
	}
	b.FileName = name.String()
	file := filepath.Join(dir, name.Path)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fileFault(b.FileName, err)
	}
	err := writeDisk(file, diskFile{
		bytes: d.CapacityInBytes, thin: isThin(d.Backing), eager: isEager(d.Backing),
		replace: spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationReplace,
	})
	if err != nil {
		return "", fileFault(b.FileName, err)
	}
	spec.FileOperation = "" // done
	return file, attachDisk(file, spec.Operation, d, b.FileName)
}

// attachDisk fits a disk to its file. A file grows with its disk.
func attachDisk(file string, op types.VirtualDeviceConfigSpecOperation, d *types.VirtualDisk, name string) types.BaseMethodFault {
	desc, err := readDisk(file)
	if err != nil {
		return fileFault(name, err)
	}
	if op == types.VirtualDeviceConfigSpecOperationEdit {
		if d.CapacityInBytes > desc.Capacity() && len(desc.Extent) > 0 {
			desc.Extent[0].Size = d.CapacityInBytes / vmdk.SectorSize
			err = saveDescriptor(desc, file)
		}
		if err != nil {
			return fileFault(name, err)
		}
		return nil
	}
	d.CapacityInBytes, d.CapacityInKB = desc.Capacity(), desc.Capacity()>>10
	if b, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
		b.Uuid = desc.DDB[ddbUUID]
		b.ThinProvisioned, b.EagerlyScrub = types.NewBool(desc.DDB[ddbThin] == "1"), types.NewBool(desc.DDB[ddbEager] == "1")
	}
	return nil
}

func isThin(b types.BaseVirtualDeviceBackingInfo) bool {
	switch b := b.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		return b.ThinProvisioned != nil && *b.ThinProvisioned
	case *types.VirtualDiskSeSparseBackingInfo:
		return true
	}
	return false
}

func isEager(b types.BaseVirtualDeviceBackingInfo) bool {
	flat, ok := b.(*types.VirtualDiskFlatVer2BackingInfo)
	return ok && flat.EagerlyScrub != nil && *flat.EagerlyScrub && !isThin(b)
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

// freeDiskName is the name that ESXi gives a new disk: that of the configuration file, numbered where it is taken, and
// taken from now on.
func freeDiskName(dir, vmx string, names map[string]bool) string {
	stem := strings.TrimSuffix(vmx, path.Ext(vmx))
	for n := 0; ; n++ {
		name := stem + ".vmdk"
		if n > 0 {
			name = fmt.Sprintf("%s_%d.vmdk", stem, n)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil && !names[path.Base(name)] {
			names[path.Base(name)] = true
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
