package vc

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
)

// datastore overrides what the simulator computes from its own idea of capacity.
type datastore struct {
	*simulator.Datastore
	s *Sim
}

// RefreshDatastore leaves the capacity as it is: it comes from the lab's configuration.
func (d *datastore) RefreshDatastore(*simulator.Context, *types.RefreshDatastore) soap.HasFault {
	return &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
}

// DestroyTask unmounts the datastore everywhere.
func (d *datastore) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	ref := d.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, d.s.removeDatastore(ctx, ref)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: d.s.task(ctx, ref, "destroy", run)}}
}

type datastoreSystem struct {
	*simulator.HostDatastoreSystem
	s *Sim
}

// CreateNasDatastore mounts an export of the lab. Hosts that mount the same export under the same name share a datastore.
func (d *datastoreSystem) CreateNasDatastore(ctx *simulator.Context, req *types.CreateNasDatastore) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.CreateNasDatastoreBody{Fault_: simulator.Fault("", f)}
	}
	spec := req.Spec
	export, ok := d.s.export(spec.RemoteHost, spec.RemotePath)
	switch {
	case spec.RemoteHost == "":
		return fail(&types.InvalidArgument{InvalidProperty: "RemoteHost"})
	case spec.RemotePath == "":
		return fail(&types.InvalidArgument{InvalidProperty: "RemotePath"})
	case spec.LocalPath == "":
		return fail(&types.InvalidArgument{InvalidProperty: "LocalPath"})
	case !ok:
		return fail(&types.PlatformConfigFault{Text: "NFS mount " + spec.RemoteHost + ":" + spec.RemotePath + " failed: the server does not export it"})
	}
	names := spec.RemoteHostNames
	if len(names) == 0 {
		names = []string{spec.RemoteHost}
	}
	kind := spec.Type
	if kind == "" {
		kind = string(types.HostFileSystemVolumeFileSystemTypeNFS)
	}
	ref, fault := d.s.mount(ctx, d.Host.Self, volume{
		name: spec.LocalPath, dir: filepath.Join("nfs", spec.RemoteHost, spec.RemotePath), kind: kind, access: spec.AccessMode,
		bytes: int64(export.CapacityGB) << 30,
		info: &types.NasDatastoreInfo{Nas: &types.HostNasVolume{
			HostFileSystemVolume: types.HostFileSystemVolume{Name: spec.LocalPath, Type: kind, Capacity: int64(export.CapacityGB) << 30},
			RemoteHost:           spec.RemoteHost, RemotePath: spec.RemotePath, RemoteHostNames: names, SecurityType: spec.SecurityType, UserName: spec.UserName,
		}},
	})
	if fault != nil {
		return fail(fault)
	}
	return &methods.CreateNasDatastoreBody{Res: &types.CreateNasDatastoreResponse{Returnval: ref}}
}

// CreateLocalDatastore makes a datastore on the host's own disks.
func (d *datastoreSystem) CreateLocalDatastore(ctx *simulator.Context, req *types.CreateLocalDatastore) soap.HasFault {
	ref, fault := d.s.mount(ctx, d.Host.Self, volume{
		name: req.Name, dir: filepath.Join("local", d.Host.Self.Value, req.Name), kind: string(types.HostFileSystemVolumeFileSystemTypeVMFS),
		bytes: 200 << 30, info: &types.VmfsDatastoreInfo{Vmfs: vmfsVolume(req.Name, "local-"+d.Host.Self.Value, 200<<30)},
	})
	if fault != nil {
		return &methods.CreateLocalDatastoreBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CreateLocalDatastoreBody{Res: &types.CreateLocalDatastoreResponse{Returnval: ref}}
}

// RemoveDatastore unmounts the datastore from this host, and from all when it is VMFS.
func (d *datastoreSystem) RemoveDatastore(ctx *simulator.Context, req *types.RemoveDatastore) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.RemoveDatastoreBody{Fault_: simulator.Fault("", f)}
	}
	ds, ok := ctx.Map.Get(req.Datastore).(*simulator.Datastore)
	if !ok {
		return fail(&types.ManagedObjectNotFound{Obj: req.Datastore})
	}
	var kind string
	ctx.WithLock(ds, func() { kind = ds.Summary.Type })
	if kind == string(types.HostFileSystemVolumeFileSystemTypeVMFS) {
		if fault := d.s.removeDatastore(ctx, req.Datastore); fault != nil {
			return fail(fault)
		}
	} else {
		if d.s.usesDatastore(ctx, d.Host.Self, req.Datastore) {
			return fail(&types.ResourceInUse{Type: "Datastore", Name: ds.Name})
		}
		d.s.unmount(ctx, d.Host.Self, req.Datastore)
	}
	return &methods.RemoveDatastoreBody{Res: &types.RemoveDatastoreResponse{}}
}

func (s *Sim) export(server, path string) (config.NFS, bool) {
	i := slices.IndexFunc(s.cfg.NFS, func(e config.NFS) bool {
		return e.Is(server) && filepath.Clean(e.Path) == filepath.Clean(path)
	})
	if i < 0 {
		return config.NFS{}, false
	}
	return s.cfg.NFS[i], true
}

// volume is a file system to mount: dir is below the data directory and identifies it.
type volume struct {
	name, dir, kind, access string
	bytes                   int64
	info                    types.BaseDatastoreInfo
}

// mount makes a volume a datastore of the host's datacenter, or adds the host to the datastore that it already is.
func (s *Sim) mount(ctx *simulator.Context, host types.ManagedObjectReference, v volume) (types.ManagedObjectReference, types.BaseMethodFault) {
	none := types.ManagedObjectReference{}
	dc := datacenterOf(ctx, host)
	if dc == nil {
		return none, &types.HostConfigFault{}
	}
	dir := filepath.Join(s.cfg.DataDir, "datastores", v.dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return none, &types.PlatformConfigFault{Text: "the lab cannot make the volume's directory"}
	}
	var known []types.ManagedObjectReference
	ctx.WithLock(dc, func() { known = slices.Clone(dc.Datastore) })
	var ds *simulator.Datastore
	if e := ctx.Map.FindByName(v.name, known); e != nil {
		found, ok := e.(*simulator.Datastore)
		if !ok || found.Summary.Url != dir || s.mounted(ctx, found, host) {
			return none, &types.DuplicateName{Name: v.name, Object: e.Reference()}
		}
		ds = found
	} else {
		ds = s.newDatastore(ctx, dc, v, dir)
	}
	access := v.access
	if access == "" {
		access = string(types.HostMountModeReadWrite)
	}
	ctx.WithLock(ds, func() {
		ctx.Update(ds, []types.PropertyChange{
			{Name: "host", Val: append(slices.Clone(ds.Host), types.DatastoreHostMount{Key: host, MountInfo: types.HostMountInfo{
				Path: "/vmfs/volumes/" + v.name, AccessMode: access, Mounted: types.NewBool(true), Accessible: types.NewBool(true),
			}})},
			{Name: "summary.multipleHostAccess", Val: len(ds.Host) > 0},
		})
	})
	s.listDatastore(ctx, host, ds.Self, true)
	return ds.Self, nil
}

func (s *Sim) mounted(ctx *simulator.Context, ds *simulator.Datastore, host types.ManagedObjectReference) (found bool) {
	ctx.WithLock(ds, func() {
		found = slices.ContainsFunc(ds.Host, func(m types.DatastoreHostMount) bool { return m.Key == host })
	})
	return found
}

func (s *Sim) newDatastore(ctx *simulator.Context, dc *simulator.Datacenter, v volume, dir string) *simulator.Datastore {
	ds := &simulator.Datastore{}
	ds.Name = v.name
	ctx.Map.NewEntity(ds)
	now := time.Now()
	info := v.info.GetDatastoreInfo()
	info.Name, info.Url, info.FreeSpace, info.MaxFileSize, info.Timestamp = v.name, dir, v.bytes, v.bytes, &now
	info.MaxVirtualDiskCapacity, info.MaxMemoryFileSize = v.bytes, v.bytes
	ds.Info = v.info
	ds.Capability = types.DatastoreCapability{
		DirectoryHierarchySupported: true, PerFileThinProvisioningSupported: true,
		SeSparseSupported: types.NewBool(false), TopLevelDirectoryCreateSupported: types.NewBool(true),
	}
	ds.Summary = types.DatastoreSummary{
		Datastore: &ds.Self, Name: v.name, Url: dir, Type: v.kind, Capacity: v.bytes, FreeSpace: v.bytes, Accessible: true,
		MultipleHostAccess: types.NewBool(false), MaintenanceMode: string(types.DatastoreSummaryMaintenanceModeStateNormal),
	}
	browser := &simulator.HostDatastoreBrowser{}
	browser.Datastore = []types.ManagedObjectReference{ds.Self}
	ds.Browser = ctx.Map.Put(browser).Reference()
	f := ctx.Map.Get(dc.DatastoreFolder).(*simulator.Folder)
	ctx.Map.PutEntity(f, ds)
	ctx.WithLock(f, func() {
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: append(slices.Clone(f.ChildEntity), ds.Self)}})
	})
	ctx.WithLock(dc, func() {
		ctx.Update(dc, []types.PropertyChange{{Name: "datastore", Val: append(slices.Clone(dc.Datastore), ds.Self)}})
	})
	return ds
}

// listDatastore adds a datastore to what the host, its datastore system and its compute resource say, or removes it.
func (s *Sim) listDatastore(ctx *simulator.Context, host, ds types.ManagedObjectReference, present bool) {
	h, ok := ctx.Map.Get(host).(*simulator.HostSystem)
	if !ok {
		return
	}
	var list []types.ManagedObjectReference
	ctx.WithLock(h, func() {
		list = without(h.Datastore, ds)
		if present {
			list = append(list, ds)
		}
		ctx.Update(h, []types.PropertyChange{{Name: "datastore", Val: list}})
	})
	s.noteDatastores(host, list)
	if dss := h.ConfigManager.DatastoreSystem; dss != nil {
		s.change(ctx, *dss, types.PropertyChange{Name: "datastore", Val: slices.Clone(list)})
	}
	s.refreshParent(ctx, host)
	s.tendHost(host)
}

// unmount takes a datastore from a host; without hosts it disappears, and its files stay where they are.
func (s *Sim) unmount(ctx *simulator.Context, host, ref types.ManagedObjectReference) {
	s.listDatastore(ctx, host, ref, false)
	ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
	if !ok {
		return
	}
	left := 0
	ctx.WithLock(ds, func() {
		list := slices.DeleteFunc(slices.Clone(ds.Host), func(m types.DatastoreHostMount) bool { return m.Key == host })
		left = len(list)
		ctx.Update(ds, []types.PropertyChange{{Name: "host", Val: list}, {Name: "summary.multipleHostAccess", Val: left > 1}})
	})
	if left > 0 {
		return
	}
	if dc := datacenterOf(ctx, ref); dc != nil {
		ctx.WithLock(dc, func() {
			ctx.Update(dc, []types.PropertyChange{{Name: "datastore", Val: without(dc.Datastore, ref)}})
		})
	}
	ctx.Map.Remove(ctx, ds.Browser)
	s.removeChild(ctx, *ds.Parent, ref)
}

func (s *Sim) removeDatastore(ctx *simulator.Context, ref types.ManagedObjectReference) types.BaseMethodFault {
	ds, ok := ctx.Map.Get(ref).(*simulator.Datastore)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	var hosts []types.DatastoreHostMount
	var inUse bool
	ctx.WithLock(ds, func() { hosts, inUse = slices.Clone(ds.Host), len(ds.Vm) > 0 })
	if inUse {
		return &types.ResourceInUse{Type: "Datastore", Name: ds.Name}
	}
	for _, m := range hosts {
		s.unmount(ctx, m.Key, ref)
	}
	if ds.Summary.Type == string(types.HostFileSystemVolumeFileSystemTypeVMFS) {
		_ = os.RemoveAll(ds.Summary.Url) // unlike an NFS export, a VMFS volume ends with its datastore
	}
	return nil
}

// usesDatastore tells whether a machine on the host has files on the datastore.
func (s *Sim) usesDatastore(ctx *simulator.Context, host, ref types.ManagedObjectReference) bool {
	for _, m := range s.machinesOn(host) {
		if vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine); ok {
			found := false
			ctx.WithLock(vm, func() { found = slices.Contains(vm.Datastore, ref) })
			if found {
				return true
			}
		}
	}
	return false
}

func vmfsVolume(name, disk string, bytes int64) *types.HostVmfsVolume {
	return &types.HostVmfsVolume{
		HostFileSystemVolume: types.HostFileSystemVolume{Name: name, Type: string(types.HostFileSystemVolumeFileSystemTypeVMFS), Capacity: bytes},
		BlockSizeMb:          1, MajorVersion: 6, Version: "6.82", Uuid: url.PathEscape(disk),
		Extent: []types.HostScsiDiskPartition{{DiskName: disk, Partition: 1}},
	}
}

var _ mo.Reference = (*datastore)(nil)
