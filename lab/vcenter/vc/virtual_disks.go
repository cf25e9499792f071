package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// diskManager works on disks that belong to no machine.
type diskManager struct {
	*simulator.VirtualDiskManager
	s *Sim
}

// CreateVirtualDiskTask makes a blank disk, thin or thick as asked for.
func (m *diskManager) CreateVirtualDiskTask(ctx *simulator.Context, req *types.CreateVirtualDisk_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		spec, ok := req.Spec.(types.BaseFileBackedVirtualDiskSpec)
		if !ok {
			return nil, &types.InvalidArgument{InvalidProperty: "spec"}
		}
		file, fault := m.s.locate(ctx, datacenterAt(ctx, req.Datacenter), req.Name)
		if fault != nil {
			return nil, fault
		}
		kind := types.VirtualDiskType(spec.GetFileBackedVirtualDiskSpec().DiskType)
		err := writeDisk(file, diskFile{
			bytes: spec.GetFileBackedVirtualDiskSpec().CapacityKb << 10, thin: kind == types.VirtualDiskTypeThin, eager: kind == types.VirtualDiskTypeEagerZeroedThick,
		})
		if err != nil {
			return nil, fileFault(req.Name, err)
		}
		return req.Name, nil
	}
	return &methods.CreateVirtualDisk_TaskBody{Res: &types.CreateVirtualDisk_TaskResponse{Returnval: m.s.task(ctx, m.Self, "createVirtualDisk", run)}}
}

func datacenterAt(ctx *simulator.Context, ref *types.ManagedObjectReference) *simulator.Datacenter {
	if ref == nil {
		return nil
	}
	dc, _ := ctx.Map.Get(*ref).(*simulator.Datacenter)
	return dc
}

// CopyVirtualDiskTask lets a caller leave the destination's datacenter out, which means the source's (vSphere API
// reference, VirtualDiskManager, CopyVirtualDisk_Task).
func (m *diskManager) CopyVirtualDiskTask(ctx *simulator.Context, req *types.CopyVirtualDisk_Task) soap.HasFault {
	if req.DestDatacenter == nil {
		req.DestDatacenter = req.SourceDatacenter
	}
	return m.VirtualDiskManager.CopyVirtualDiskTask(ctx, req)
}

// MoveVirtualDiskTask does so too.
func (m *diskManager) MoveVirtualDiskTask(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	if req.DestDatacenter == nil {
		req.DestDatacenter = req.SourceDatacenter
	}
	return m.VirtualDiskManager.MoveVirtualDiskTask(ctx, req)
}

// QueryVirtualDiskUuid reads the identifier from the disk's file, with which it moves and is attached.
func (m *diskManager) QueryVirtualDiskUuid(ctx *simulator.Context, req *types.QueryVirtualDiskUuid) soap.HasFault {
	file, fault := m.s.locate(ctx, datacenterAt(ctx, req.Datacenter), req.Name)
	if fault != nil {
		return &methods.QueryVirtualDiskUuidBody{Fault_: simulator.Fault("", fault)}
	}
	desc, err := readDisk(file)
	if err != nil || desc.DDB[ddbUUID] == "" {
		return m.VirtualDiskManager.QueryVirtualDiskUuid(ctx, req)
	}
	return &methods.QueryVirtualDiskUuidBody{Res: &types.QueryVirtualDiskUuidResponse{Returnval: desc.DDB[ddbUUID]}}
}
