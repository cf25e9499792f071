package vc

import (
	"path/filepath"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const sectorBytes = 512

// storageSystem leaves host bus adapters alone: the simulator swaps them at every rescan, to test its own clients.
type storageSystem struct{ *simulator.HostStorageSystem }

func (*storageSystem) RescanAllHba(*simulator.Context, *types.RescanAllHba) soap.HasFault {
	return &methods.RescanAllHbaBody{Res: new(types.RescanAllHbaResponse)}
}

// sharedDisk is the lab's LUN as a host sees it.
func (s *Sim) sharedDisk() types.HostScsiDisk {
	name := s.cfg.LUN.Name
	return types.HostScsiDisk{
		ScsiLun: types.ScsiLun{
			HostDevice: types.HostDevice{DeviceName: "/vmfs/devices/disks/" + name, DeviceType: "disk"},
			Key:        "key-vim.host.ScsiDisk-" + name, Uuid: name, CanonicalName: name, DisplayName: "Shared disk of the lab",
			LunType: "disk", Vendor: "vsphere-h", Model: "shared disk", ScsiLevel: 6, OperationalState: []string{"ok"},
		},
		Capacity:   types.HostDiskDimensionsLba{BlockSize: sectorBytes, Block: s.lunBytes() / sectorBytes},
		DevicePath: "/vmfs/devices/disks/" + name, Ssd: types.NewBool(true), LocalDisk: types.NewBool(false),
	}
}

func (s *Sim) lunBytes() int64 { return int64(s.cfg.LUN.CapacityGB) << 30 }

// describeStorage lets a host see the shared LUN beside its own disks. The caller holds the host's lock.
func (s *Sim) describeStorage(ctx *simulator.Context, h *simulator.HostSystem) {
	ss := ctx.Map.Get(*h.ConfigManager.StorageSystem).(*simulator.HostStorageSystem)
	info := clone(*ss.StorageDeviceInfo)
	disk := s.sharedDisk()
	info.ScsiLun = append(info.ScsiLun, &disk)
	if m, ok := s.servers[h.Name]; ok {
		info.MultipathInfo = s.multipath(info.MultipathInfo, m.Storage())
	}
	ss.StorageDeviceInfo = &info
	own := clone(info)
	h.Config.StorageDevice = &own
}

// mountShared mounts the datastore on the shared LUN, if there is one, on a host that has just been added.
func (s *Sim) mountShared(ctx *simulator.Context, host types.ManagedObjectReference) {
	dc := datacenterOf(ctx, host)
	h, _ := s.host(host)
	if dc == nil || h.server.BMC == "" {
		return
	}
	var refs []types.ManagedObjectReference
	ctx.WithLock(dc, func() { refs = slices.Clone(dc.Datastore) })
	for _, ref := range refs {
		if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok && s.onLUN(ds) {
			_, _ = s.mountVMFS(ctx, host, ds.Name)
		}
	}
}

func (s *Sim) onLUN(ds *simulator.Datastore) bool {
	info, ok := ds.Info.(*types.VmfsDatastoreInfo)
	return ok && info.Vmfs != nil && info.Vmfs.Extent[0].DiskName == s.cfg.LUN.Name
}

// lunTaken finds the datastore that already fills the shared LUN.
func (s *Sim) lunTaken(ctx *simulator.Context) bool {
	for _, e := range ctx.Map.All("Datastore") {
		if ds, ok := e.(*simulator.Datastore); ok && s.onLUN(ds) {
			return true
		}
	}
	return false
}

// QueryAvailableDisksForVmfs lists the shared LUN while no datastore fills it.
func (d *datastoreSystem) QueryAvailableDisksForVmfs(ctx *simulator.Context, _ *types.QueryAvailableDisksForVmfs) soap.HasFault {
	res := &types.QueryAvailableDisksForVmfsResponse{}
	if !d.s.lunTaken(ctx) {
		res.Returnval = []types.HostScsiDisk{d.s.sharedDisk()}
	}
	return &methods.QueryAvailableDisksForVmfsBody{Res: res}
}

// QueryVmfsDatastoreCreateOptions offers the whole disk.
func (d *datastoreSystem) QueryVmfsDatastoreCreateOptions(ctx *simulator.Context, req *types.QueryVmfsDatastoreCreateOptions) soap.HasFault {
	disk := d.s.sharedDisk()
	if req.DevicePath != disk.DevicePath {
		return &methods.QueryVmfsDatastoreCreateOptionsBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	if d.s.lunTaken(ctx) {
		return &methods.QueryVmfsDatastoreCreateOptionsBody{Res: &types.QueryVmfsDatastoreCreateOptionsResponse{}}
	}
	layout := types.HostDiskPartitionLayout{
		Total:     &disk.Capacity,
		Partition: []types.HostDiskPartitionBlockRange{{Partition: 1, Type: "vmfs", Start: types.HostDiskDimensionsLba{BlockSize: sectorBytes, Block: 2048}, End: disk.Capacity}},
	}
	spec := &types.VmfsDatastoreCreateSpec{
		VmfsDatastoreSpec: types.VmfsDatastoreSpec{DiskUuid: disk.Uuid},
		Partition:         types.HostDiskPartitionSpec{PartitionFormat: "gpt", TotalSectors: disk.Capacity.Block},
		Vmfs:              types.HostVmfsSpec{Extent: types.HostScsiDiskPartition{DiskName: disk.CanonicalName, Partition: 1}, MajorVersion: 6},
	}
	return &methods.QueryVmfsDatastoreCreateOptionsBody{Res: &types.QueryVmfsDatastoreCreateOptionsResponse{
		Returnval: []types.VmfsDatastoreOption{{
			Info: &types.VmfsDatastoreAllExtentOption{VmfsDatastoreSingleExtentOption: types.VmfsDatastoreSingleExtentOption{
				VmfsDatastoreBaseOption: types.VmfsDatastoreBaseOption{Layout: layout}, VmfsExtent: layout.Partition[0],
			}},
			Spec: spec,
		}},
	}}
}

// QueryVmfsDatastoreExtendOptions offers nothing: there is no second LUN.
func (d *datastoreSystem) QueryVmfsDatastoreExtendOptions(*simulator.Context, *types.QueryVmfsDatastoreExtendOptions) soap.HasFault {
	return &methods.QueryVmfsDatastoreExtendOptionsBody{Res: &types.QueryVmfsDatastoreExtendOptionsResponse{}}
}

// CreateVmfsDatastore formats the shared LUN. Every host of the datacenter sees the disk, so every host mounts it.
func (d *datastoreSystem) CreateVmfsDatastore(ctx *simulator.Context, req *types.CreateVmfsDatastore) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.CreateVmfsDatastoreBody{Fault_: simulator.Fault("", f)}
	}
	if req.Spec.DiskUuid != d.s.cfg.LUN.Name || d.s.lunTaken(ctx) {
		return fail(&types.HostConfigFault{})
	}
	name := req.Spec.Vmfs.VolumeName
	if name == "" {
		return fail(&types.InvalidArgument{InvalidProperty: "spec.vmfs.volumeName"})
	}
	ref, fault := d.s.mountVMFS(ctx, d.Host.Self, name)
	if fault != nil {
		return fail(fault)
	}
	home := datacenterOf(ctx, d.Host.Self)
	for _, h := range d.s.allHosts() {
		if h.ref != d.Host.Self && h.server.BMC != "" && datacenterOf(ctx, h.ref) == home {
			if _, fault := d.s.mountVMFS(ctx, h.ref, name); fault != nil {
				return fail(fault)
			}
		}
	}
	return &methods.CreateVmfsDatastoreBody{Res: &types.CreateVmfsDatastoreResponse{Returnval: ref}}
}

func (s *Sim) mountVMFS(ctx *simulator.Context, host types.ManagedObjectReference, name string) (types.ManagedObjectReference, types.BaseMethodFault) {
	return s.mount(ctx, host, volume{
		name: name, dir: filepath.Join("vmfs", s.cfg.LUN.Name), kind: string(types.HostFileSystemVolumeFileSystemTypeVMFS),
		bytes: s.lunBytes(), info: &types.VmfsDatastoreInfo{Vmfs: vmfsVolume(name, s.cfg.LUN.Name, s.lunBytes())},
	})
}

func (s *Sim) allHosts() []managedHost {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []managedHost
	for _, h := range s.hosts {
		if h.ref.Value != "" {
			list = append(list, *h)
		}
	}
	return list
}
