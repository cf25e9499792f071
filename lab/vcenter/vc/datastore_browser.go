package vc

import (
	"path"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// browser supplies what a search may leave out; the simulator reads it without a look, in a goroutine of its own, which
// would end the whole process. It says of disks what their files tell.
type browser struct {
	*simulator.HostDatastoreBrowser
	s *Sim
}

func (b *browser) SearchDatastoreTask(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	req.SearchSpec = completeSearch(req.SearchSpec)
	search := func(ctx *simulator.Context) types.ManagedObjectReference {
		return b.HostDatastoreBrowser.SearchDatastoreTask(ctx, req).(*methods.SearchDatastore_TaskBody).Res.Returnval
	}
	return &methods.SearchDatastore_TaskBody{Res: &types.SearchDatastore_TaskResponse{Returnval: b.search(ctx, req.SearchSpec, search)}}
}

func (b *browser) SearchDatastoreSubFoldersTask(ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task) soap.HasFault {
	req.SearchSpec = completeSearch(req.SearchSpec)
	search := func(ctx *simulator.Context) types.ManagedObjectReference {
		return b.HostDatastoreBrowser.SearchDatastoreSubFoldersTask(ctx, req).(*methods.SearchDatastoreSubFolders_TaskBody).Res.Returnval
	}
	return &methods.SearchDatastoreSubFolders_TaskBody{Res: &types.SearchDatastoreSubFolders_TaskResponse{Returnval: b.search(ctx, req.SearchSpec, search)}}
}

// search lets the simulator find the files and, where disks are asked for in particular, adds what is known of them.
func (b *browser) search(ctx *simulator.Context, spec *types.HostDatastoreBrowserSearchSpec, find func(*simulator.Context) types.ManagedObjectReference) types.ManagedObjectReference {
	disks := slices.ContainsFunc(spec.Query, func(q types.BaseFileQuery) bool {
		_, ok := q.(*types.VmDiskFileQuery)
		return ok
	})
	if !disks {
		return find(ctx)
	}
	return b.s.task(ctx, b.Self, "searchDatastore", func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		result, fault := await(ctx, find(ctx))
		switch found := result.(type) {
		case types.HostDatastoreBrowserSearchResults:
			b.describeDisks(ctx, found)
		case types.ArrayOfHostDatastoreBrowserSearchResults:
			for _, r := range found.HostDatastoreBrowserSearchResults {
				b.describeDisks(ctx, r)
			}
		}
		return result, fault
	})
}

func (b *browser) describeDisks(ctx *simulator.Context, found types.HostDatastoreBrowserSearchResults) {
	if found.Datastore == nil {
		return
	}
	dc := datacenterOf(ctx, *found.Datastore)
	for _, f := range found.File {
		disk, ok := f.(*types.VmDiskFileInfo)
		if !ok {
			continue
		}
		file, fault := b.s.locate(ctx, dc, path.Join(found.FolderPath, disk.Path))
		if fault != nil {
			continue
		}
		if desc, err := readDisk(file); err == nil {
			disk.DiskType, disk.CapacityKb = "VirtualDiskFlatVer2BackingInfo", desc.Capacity()>>10
			disk.Thin = types.NewBool(desc.DDB[ddbThin] == "1")
		}
	}
}

func completeSearch(spec *types.HostDatastoreBrowserSearchSpec) *types.HostDatastoreBrowserSearchSpec {
	if spec == nil {
		spec = &types.HostDatastoreBrowserSearchSpec{}
	}
	if len(spec.MatchPattern) == 0 {
		spec.MatchPattern = []string{"*"}
	}
	if spec.Details == nil {
		spec.Details = &types.FileQueryFlags{}
	}
	return spec
}
