package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// browser supplies what a search may leave out; the simulator reads it without a look, in a goroutine of its own, which
// would end the whole process.
type browser struct {
	*simulator.HostDatastoreBrowser
}

func (b *browser) SearchDatastoreTask(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	req.SearchSpec = completeSearch(req.SearchSpec)
	return b.HostDatastoreBrowser.SearchDatastoreTask(ctx, req)
}

func (b *browser) SearchDatastoreSubFoldersTask(ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task) soap.HasFault {
	req.SearchSpec = completeSearch(req.SearchSpec)
	return b.HostDatastoreBrowser.SearchDatastoreSubFoldersTask(ctx, req)
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
