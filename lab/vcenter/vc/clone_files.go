package vc

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// clonedFiles are the files of a clone before it is registered, and the devices that use them.
type clonedFiles struct {
	home    home
	devices []types.BaseVirtualDeviceConfigSpec
	folder  string // of the clone, in the lab's file system
	disks   []string
	names   map[string]bool // of disks
}

func (c *clonedFiles) remove() {
	for _, d := range c.disks {
		removeDisk(d)
	}
	_ = os.RemoveAll(c.folder)
}

// cloneFiles copies the source's disks to where the clone is to have them.
func (s *Sim) cloneFiles(ctx *simulator.Context, dc *simulator.Datacenter, source original, req *types.CloneVM_Task) (*clonedFiles, types.BaseMethodFault) {
	c := &clonedFiles{home: home{dc: dc}, names: map[string]bool{}}
	c.home.vmx.FromString(source.config.Files.VmPathName)
	if ref := req.Spec.Location.Datastore; ref != nil {
		name, fault := datastoreName(ctx, *ref)
		if fault != nil {
			return nil, fault
		}
		c.home.vmx.Datastore = name
	}
	dir, ok := s.datastoreDir(ctx, dc, c.home.vmx.Datastore)
	if !ok {
		return nil, &types.InvalidDatastore{Name: c.home.vmx.Datastore}
	}
	name, err := makeHome(dir, "", req.Name)
	if err != nil {
		return nil, fileFault(req.Name, err)
	}
	c.folder = filepath.Join(dir, name)
	c.home.vmx.Path = path.Join(name, path.Base(name)+".vmx")
	for _, d := range source.config.Hardware.Device {
		if d.GetVirtualDevice().ControllerKey == 0 {
			if _, controller := d.(types.BaseVirtualController); !controller {
				continue
			}
		}
		d = clone(d)
		forgetIdentity(d)
		if disk, ok := d.(*types.VirtualDisk); ok {
			if fault := s.cloneDisk(ctx, c, source, disk, &req.Spec.Location); fault != nil {
				c.remove()
				return nil, fault
			}
		}
		c.devices = append(c.devices, &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: d})
	}
	return c, nil
}

func datastoreName(ctx *simulator.Context, ref types.ManagedObjectReference) (string, types.BaseMethodFault) {
	ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
	if !ok {
		return "", &types.ManagedObjectNotFound{Obj: ref}
	}
	return ds.Name, nil
}

// forgetIdentity takes from a copied device what must differ from the original's.
func forgetIdentity(d types.BaseVirtualDevice) {
	if n, ok := d.(types.BaseVirtualEthernetCard); ok {
		if c := n.GetVirtualEthernetCard(); c.AddressType != string(types.VirtualEthernetCardMacTypeManual) {
			c.MacAddress = ""
		}
	}
	if v, ok := d.(*types.VirtualDisk); ok {
		v.VDiskId, v.VDiskVersion = nil, 0
	}
}

// cloneDisk copies one disk, with the provisioning and to the datastore that the client wants, or makes one that builds
// on it.
func (s *Sim) cloneDisk(ctx *simulator.Context, c *clonedFiles, source original, d *types.VirtualDisk, location *types.VirtualMachineRelocateSpec) types.BaseMethodFault {
	flat, ok := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	if !ok {
		return &types.NotSupported{}
	}
	target := object.DatastorePath{Datastore: c.home.vmx.Datastore}
	move := location.DiskMoveType
	if i := slices.IndexFunc(location.Disk, func(l types.VirtualMachineRelocateSpecDiskLocator) bool { return l.DiskId == d.Key }); i >= 0 {
		l := location.Disk[i]
		name, fault := datastoreName(ctx, l.Datastore)
		if fault != nil {
			return fault
		}
		target.Datastore = name
		if l.DiskMoveType != "" {
			move = l.DiskMoveType
		}
		if b, ok := l.DiskBackingInfo.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			provision(flat, b)
		}
	}
	from, fault := s.locate(ctx, source.dc, flat.FileName)
	if fault != nil {
		return fault
	}
	dir, ok := s.datastoreDir(ctx, c.home.dc, target.Datastore)
	if !ok {
		return &types.InvalidDatastore{Name: target.Datastore}
	}
	target.Path = freeDiskName(dir, c.home.vmx.Path, c.names)
	file := filepath.Join(dir, target.Path)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fileFault(target.String(), err)
	}
	made := diskFile{bytes: d.CapacityInBytes, thin: isThin(flat), eager: isEager(flat), from: from}
	if move == string(types.VirtualMachineRelocateDiskMoveOptionsCreateNewChildDiskBacking) {
		made.from, made.parent = "", from
		parent := *flat
		flat.Parent = &parent
	} else {
		flat.Parent = nil
	}
	if err := writeDisk(file, made); err != nil {
		return fileFault(target.String(), err)
	}
	c.disks = append(c.disks, file)
	flat.FileName, flat.Datastore, flat.BackingObjectId, flat.ChangeId, flat.Uuid = target.String(), nil, nil, "", ""
	return nil
}

// provision takes over how a disk is to be written, where the client says so.
func provision(flat, wanted *types.VirtualDiskFlatVer2BackingInfo) {
	if wanted.ThinProvisioned != nil {
		flat.ThinProvisioned = wanted.ThinProvisioned
	}
	if wanted.EagerlyScrub != nil {
		flat.EagerlyScrub = wanted.EagerlyScrub
	}
	if wanted.DiskMode != "" {
		flat.DiskMode = wanted.DiskMode
	}
}
