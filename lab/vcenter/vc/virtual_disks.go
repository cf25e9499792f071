package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// diskManager lets a caller leave the destination's datacenter out, which means the source's (vSphere API reference,
// VirtualDiskManager, CopyVirtualDisk_Task).
type diskManager struct{ *simulator.VirtualDiskManager }

func (m *diskManager) CopyVirtualDiskTask(ctx *simulator.Context, req *types.CopyVirtualDisk_Task) soap.HasFault {
	if req.DestDatacenter == nil {
		req.DestDatacenter = req.SourceDatacenter
	}
	return m.VirtualDiskManager.CopyVirtualDiskTask(ctx, req)
}

func (m *diskManager) MoveVirtualDiskTask(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	if req.DestDatacenter == nil {
		req.DestDatacenter = req.SourceDatacenter
	}
	return m.VirtualDiskManager.MoveVirtualDiskTask(ctx, req)
}
