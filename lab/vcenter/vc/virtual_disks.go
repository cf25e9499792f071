package vc

import (
	"os"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
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
	from, fault := m.s.locate(ctx, datacenterAt(ctx, req.SourceDatacenter), req.SourceName)
	if _, err := os.Stat(simulator.VirtualDiskBackingFileName(from)); fault != nil || err == nil {
		return m.VirtualDiskManager.CopyVirtualDiskTask(ctx, req)
	}
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		to, fault := m.s.locate(ctx, datacenterAt(ctx, req.DestDatacenter), req.DestName)
		if fault != nil {
			return nil, fault
		}
		if err := importDisk(from, to, req.Force != nil && *req.Force); err != nil {
			return nil, fileFault(req.SourceName, err)
		}
		return nil, nil
	}
	return &methods.CopyVirtualDisk_TaskBody{Res: &types.CopyVirtualDisk_TaskResponse{Returnval: m.s.task(ctx, m.Self, "copyVirtualDisk", run)}}
}

// importDisk copies a disk in one file, as clients upload them, to one in two. Such a file is sparse, with its content in
// it, or a bare descriptor.
func importDisk(from, to string, replace bool) error {
	desc, err := readDisk(from)
	if err != nil {
		return err
	}
	d := diskFile{bytes: desc.Capacity(), thin: true, replace: replace}
	if sparse, err := vmdk.Stat(from); err == nil && sparse.Capacity > 0 {
		d.bytes, d.from = sparse.Capacity, from
	}
	return writeDisk(to, d)
}

// DeleteVirtualDiskTask deletes a disk's files, one or two.
func (m *diskManager) DeleteVirtualDiskTask(ctx *simulator.Context, req *types.DeleteVirtualDisk_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		file, fault := m.s.locate(ctx, datacenterAt(ctx, req.Datacenter), req.Name)
		if fault != nil {
			return nil, fault
		}
		if _, err := os.Stat(file); err != nil {
			return nil, fileFault(req.Name, err)
		}
		removeDisk(file)
		return nil, nil
	}
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{Returnval: m.s.task(ctx, m.Self, "deleteVirtualDisk", run)}}
}

// MoveVirtualDiskTask does so too; a disk in one file, as clients upload them, is moved as a file.
func (m *diskManager) MoveVirtualDiskTask(ctx *simulator.Context, req *types.MoveVirtualDisk_Task) soap.HasFault {
	if req.DestDatacenter == nil {
		req.DestDatacenter = req.SourceDatacenter
	}
	from, fault := m.s.locate(ctx, datacenterAt(ctx, req.SourceDatacenter), req.SourceName)
	if _, err := os.Stat(simulator.VirtualDiskBackingFileName(from)); fault != nil || err == nil {
		return m.VirtualDiskManager.MoveVirtualDiskTask(ctx, req)
	}
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		files := *m.s.client.ServiceContent.FileManager
		res, err := methods.MoveDatastoreFile_Task(m.s.life, m.s.client, &types.MoveDatastoreFile_Task{
			This: files, SourceName: req.SourceName, SourceDatacenter: req.SourceDatacenter,
			DestinationName: req.DestName, DestinationDatacenter: req.DestDatacenter, Force: req.Force,
		})
		if err != nil {
			return nil, fileFault(req.SourceName, err)
		}
		return await(ctx, res.Returnval)
	}
	return &methods.MoveVirtualDisk_TaskBody{Res: &types.MoveVirtualDisk_TaskResponse{Returnval: m.s.task(ctx, m.Self, "moveVirtualDisk", run)}}
}

// QueryVirtualDiskInfoTask tells how a disk is provisioned, which the simulator calls thin of every one. The call is not in the
// API reference, and its types are the simulator's own.
func (m *diskManager) QueryVirtualDiskInfoTask(ctx *simulator.Context, request any) soap.HasFault {
	in := []reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)}
	body := reflect.ValueOf(m.VirtualDiskManager).MethodByName("QueryVirtualDiskInfoTask").Call(in)[0].Interface().(soap.HasFault)
	order := reflect.ValueOf(request).Elem()
	dc, _ := order.FieldByName("Datacenter").Interface().(*types.ManagedObjectReference)
	file, fault := m.s.locate(ctx, datacenterAt(ctx, dc), order.FieldByName("Name").String())
	response := reflect.ValueOf(body).Elem().FieldByName("Res").Elem().FieldByName("Returnval")
	found := response.Interface().(types.ManagedObjectReference)
	response.Set(reflect.ValueOf(m.s.task(ctx, m.Self, "queryVirtualDiskInfo", func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if fault != nil {
			return nil, fault
		}
		desc, err := readDisk(file)
		if err != nil {
			return nil, fileFault(order.FieldByName("Name").String(), err)
		}
		result, fault := await(ctx, found)
		if list := reflect.Indirect(reflect.ValueOf(result)); fault == nil { // an array of the API, whose one field is a list
			list.Field(0).Index(0).FieldByName("DiskType").SetString(string(provisioning(desc)))
		}
		return result, fault
	})))
	return body
}

// provisioning is the type of a disk by its descriptor.
func provisioning(desc *vmdk.Descriptor) types.VirtualDiskType {
	switch {
	case desc.DDB[ddbThin] == "1":
		return types.VirtualDiskTypeThin
	case desc.DDB[ddbEager] == "1":
		return types.VirtualDiskTypeEagerZeroedThick
	}
	return types.VirtualDiskTypePreallocated
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
