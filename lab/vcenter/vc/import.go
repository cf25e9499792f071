package vc

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ImportVApp makes a machine of an OVF package's description, and a lease by which its disks are uploaded.
func (p *resourcePool) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.ImportVAppBody{Fault_: simulator.Fault("", f)}
	}
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		return fail(&types.InvalidArgument{InvalidProperty: "spec"})
	}
	dc := datacenterOf(ctx, p.Self)
	if dc == nil {
		return fail(&types.InvalidState{})
	}
	at := dc.VmFolder
	if req.Folder != nil {
		at = *req.Folder
	}
	f, ok := ctx.Map.Get(at).(*simulator.Folder)
	if !ok {
		return fail(&types.ManagedObjectNotFound{Obj: at})
	}
	lease, pool, host := p.s.newLease(ctx, true), p.Self, req.Host
	p.s.run(func() {
		own := p.s.context()
		fault := settable(spec.ConfigSpec.VAppConfig)
		if fault == nil {
			fault = p.s.importMachine(own, lease, f, &types.CreateVM_Task{This: f.Self, Config: spec.ConfigSpec, Pool: pool, Host: host})
		}
		if fault != nil {
			lease.failed(own, fault)
		}
	})
	return &methods.ImportVAppBody{Res: &types.ImportVAppResponse{Returnval: lease.Self}}
}

func (s *Sim) importMachine(ctx *simulator.Context, lease *nfcLease, f *simulator.Folder, req *types.CreateVM_Task) types.BaseMethodFault {
	nameDisksAnew(&req.Config)
	var creating types.ManagedObjectReference
	ctx.WithLock(f, func() {
		creating = (&folder{f, s}).CreateVMTask(ctx, req).(*methods.CreateVM_TaskBody).Res.Returnval
	})
	result, fault := await(ctx, creating)
	if fault != nil {
		return fault
	}
	vm, ok := ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: f.Self}
	}
	if c := req.Config.VAppConfig; c != nil {
		ctx.WithLock(vm, func() { (&virtualMachine{vm, s}).setVApp(c.GetVmConfigSpec()) })
	}
	return lease.ready(ctx, vm)
}

// nameDisksAnew leaves the names of new disks to the server, which knows the machine's folder.
func nameDisksAnew(spec *types.VirtualMachineConfigSpec) {
	for _, c := range spec.DeviceChange {
		change := c.GetVirtualDeviceConfigSpec()
		b, ok := change.Device.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if _, disk := change.Device.(*types.VirtualDisk); !ok || !disk || change.FileOperation != types.VirtualDeviceConfigSpecFileOperationCreate {
			continue
		}
		var p object.DatastorePath
		if file := &b.GetVirtualDeviceFileBackingInfo().FileName; p.FromString(*file) {
			*file = "[" + p.Datastore + "]"
		}
	}
}

// settable tells whether properties that were given values are ones that users may set.
func settable(c types.BaseVmConfigSpec) types.BaseMethodFault {
	if c == nil {
		return nil
	}
	for _, p := range c.GetVmConfigSpec().Property {
		i := p.Info
		if i == nil || i.UserConfigurable != nil && *i.UserConfigurable || i.Value == "" || i.Value == i.DefaultValue {
			continue
		}
		return &types.NotUserConfigurableProperty{VAppPropertyFault: types.VAppPropertyFault{
			Id: i.Id, Category: i.Category, Label: i.Label, Type: i.Type, Value: i.Value,
		}}
	}
	return nil
}
