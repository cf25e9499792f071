package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vApp is a resource pool that holds the machines of an application, with the order in which they start and stop. The order
// is kept; nothing starts by it.
type vApp struct {
	*simulator.VirtualApp
	s *Sim
}

// pool is the vApp in its other role.
func (a *vApp) pool() *resourcePool {
	return &resourcePool{&simulator.ResourcePool{ResourcePool: a.ResourcePool}, a.s}
}

// adopt lists a new child, which the simulator has added to a copy of its parent.
func (a *vApp) adopt(child types.ManagedObjectReference) {
	a.ResourcePool.ResourcePool = append(slices.Clone(a.ResourcePool.ResourcePool), child)
}

func (a *vApp) CreateVApp(ctx *simulator.Context, req *types.CreateVApp) soap.HasFault {
	body := a.VirtualApp.CreateVApp(ctx, req).(*methods.CreateVAppBody)
	if body.Res != nil {
		a.adopt(body.Res.Returnval)
		a.s.settleVApp(ctx, body.Res.Returnval, req, true)
	}
	return body
}

func (a *vApp) CreateResourcePool(ctx *simulator.Context, req *types.CreateResourcePool) soap.HasFault {
	body := a.pool().CreateResourcePool(ctx, req).(*methods.CreateResourcePoolBody)
	if body.Res != nil {
		a.adopt(body.Res.Returnval)
	}
	return body
}

func (p *resourcePool) CreateVApp(ctx *simulator.Context, req *types.CreateVApp) soap.HasFault {
	body := p.ResourcePool.CreateVApp(ctx, req).(*methods.CreateVAppBody)
	if body.Res != nil {
		p.s.settleVApp(ctx, body.Res.Returnval, req, false)
	}
	return body
}

// settleVApp completes a new vApp: it has the settings asked for, and lies in a folder, unless it lies in another vApp (API
// reference, VirtualApp.parentFolder).
func (s *Sim) settleVApp(ctx *simulator.Context, ref types.ManagedObjectReference, req *types.CreateVApp, nested bool) {
	app, ok := ctx.Map.Get(ref).(*simulator.VirtualApp)
	if !ok {
		return
	}
	var folder *types.ManagedObjectReference
	ctx.WithLock(app, func() {
		if nested {
			app.ParentFolder = nil
			parent := req.This
			app.ParentVApp = &parent
		}
		folder = app.ParentFolder
		applyVApp(app.VAppConfig, &req.ConfigSpec)
	})
	if folder != nil {
		s.listInFolder(ctx, *folder, ref, true)
	}
}

// listInFolder shows a vApp among the folder's children, or no longer.
func (s *Sim) listInFolder(ctx *simulator.Context, folder, app types.ManagedObjectReference, there bool) {
	f, ok := ctx.Map.Get(folder).(*simulator.Folder)
	if !ok {
		return
	}
	ctx.WithLock(f, func() {
		children := without(f.ChildEntity, app)
		if there {
			children = append(children, app)
		}
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: children}})
	})
}

// UpdateVAppConfig changes the settings; unset means unchanged.
func (a *vApp) UpdateVAppConfig(ctx *simulator.Context, req *types.UpdateVAppConfig) soap.HasFault {
	settings, change := clone(a.VAppConfig), clone(req.Spec)
	gone := func(e types.VAppEntityConfigInfo) bool {
		return e.Key == nil || !slices.Contains(a.Vm, *e.Key) && !slices.Contains(a.ResourcePool.ResourcePool, *e.Key)
	}
	for _, e := range slices.DeleteFunc(slices.Clone(change.EntityConfig), func(e types.VAppEntityConfigInfo) bool { return !gone(e) }) {
		if e.Key == nil || !slices.ContainsFunc(settings.EntityConfig, func(o types.VAppEntityConfigInfo) bool { return *o.Key == *e.Key }) {
			return &methods.UpdateVAppConfigBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "spec.entityConfig.key"})}
		}
	}
	applyVApp(settings, &change)
	settings.EntityConfig = slices.DeleteFunc(settings.EntityConfig, gone)
	ctx.Update(a.VirtualApp, []types.PropertyChange{{Name: "vAppConfig", Val: settings}})
	return &methods.UpdateVAppConfigBody{Res: &types.UpdateVAppConfigResponse{}}
}

// applyVApp lays a change over the settings. Entities are known by their keys; an entity that the change does not name stays:
// it leaves with the machine.
func applyVApp(own *types.VAppConfigInfo, change *types.VAppConfigSpec) {
	set(&own.Annotation, change.Annotation)
	for _, e := range change.EntityConfig {
		i := slices.IndexFunc(own.EntityConfig, func(o types.VAppEntityConfigInfo) bool { return *o.Key == *e.Key })
		if i < 0 {
			own.EntityConfig = append(own.EntityConfig, vAppEntity(*e.Key))
			i = len(own.EntityConfig) - 1
		}
		merge(&own.EntityConfig[i], &e)
	}
}

// vAppEntity is how a machine starts and stops that nobody has configured (API reference, VAppEntityConfigInfo; vSphere
// Virtual Machine Administration, "Edit vApp Start and Stop Options").
func vAppEntity(ref types.ManagedObjectReference) types.VAppEntityConfigInfo {
	return types.VAppEntityConfigInfo{
		Key: &ref, StartOrder: 1, StartAction: string(types.VAppAutoStartActionPowerOn), StartDelay: 120, WaitingForGuest: types.NewBool(false),
		StopAction: string(types.VAppAutoStartActionPowerOff), StopDelay: 120,
	}
}

func (a *vApp) UpdateConfig(ctx *simulator.Context, req *types.UpdateConfig) soap.HasFault {
	return a.pool().UpdateConfig(ctx, req)
}

func (a *vApp) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return a.s.rename(ctx, a.Self, req.NewName)
}

// CreateChildVMTask makes a machine in the vApp's folder.
func (a *vApp) CreateChildVMTask(ctx *simulator.Context, req *types.CreateChildVM_Task) soap.HasFault {
	folder := a.s.vAppFolder(ctx, a.VirtualApp)
	order := simulator.Method{This: folder, Body: &types.CreateVM_Task{This: folder, Config: req.Config, Host: req.Host, Pool: a.Self}}
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) { return a.s.carryOut(ctx, order) }
	return &methods.CreateChildVM_TaskBody{Res: &types.CreateChildVM_TaskResponse{Returnval: a.s.task(ctx, a.Self, "createChildVM", run)}}
}

// vAppFolder is the folder of the outermost vApp.
func (s *Sim) vAppFolder(ctx *simulator.Context, app *simulator.VirtualApp) types.ManagedObjectReference {
	for app.ParentFolder == nil && app.ParentVApp != nil {
		outer, ok := ctx.Map.Get(*app.ParentVApp).(*simulator.VirtualApp)
		if !ok {
			break
		}
		app = outer
	}
	if app.ParentFolder == nil {
		return types.ManagedObjectReference{}
	}
	return *app.ParentFolder
}

// DestroyTask removes the vApp with the machines in it, which must be off (API reference, VirtualApp, Destroy_Task).
func (a *vApp) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	app := a.VirtualApp
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, a.s.destroyVApp(ctx, app)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: a.s.task(ctx, a.Self, "destroy", run)}}
}

func (s *Sim) destroyVApp(ctx *simulator.Context, app *simulator.VirtualApp) types.BaseMethodFault {
	var vms, pools []types.ManagedObjectReference
	var folder *types.ManagedObjectReference
	ctx.WithLock(app, func() {
		vms, pools, folder = slices.Clone(app.Vm), slices.Clone(app.ResourcePool.ResourcePool), app.ParentFolder
	})
	for _, ref := range vms {
		if m, ok := s.machine(ref); ok && m.on {
			return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: types.VirtualMachinePowerStatePoweredOn}
		}
	}
	for _, ref := range pools {
		if inner, ok := ctx.Map.Get(ref).(*simulator.VirtualApp); ok {
			if fault := s.destroyVApp(ctx, inner); fault != nil {
				return fault
			}
		}
	}
	for _, ref := range vms {
		if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
			if fault := s.destroyMachine(ctx, vm); fault != nil {
				return fault
			}
		}
	}
	if folder != nil {
		s.listInFolder(ctx, *folder, app.Self, false)
	}
	return s.removePool(ctx, app.Self)
}
