package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// CloneVMTask copies a machine with all of its settings and the content of its disks, or makes disks that build on the
// source's (a linked clone).
func (v *virtualMachine) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) { return v.clone(ctx, req) }
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: v.s.task(ctx, v.Self, "cloneVm", run)}}
}

func (v *virtualMachine) clone(ctx *simulator.Context, req *types.CloneVM_Task) (types.AnyType, types.BaseMethodFault) {
	source, fault := v.source(ctx, req.Spec.Snapshot)
	if fault != nil {
		return nil, fault
	}
	pool := req.Spec.Location.Pool
	if pool == nil {
		pool = source.pool
	}
	f, isFolder := ctx.Map.Get(req.Folder).(*simulator.Folder)
	switch {
	case pool == nil:
		return nil, &types.InvalidArgument{InvalidProperty: "spec.location.pool"}
	case !isFolder:
		return nil, &types.ManagedObjectNotFound{Obj: req.Folder}
	}
	if c := req.Spec.Customization; c != nil {
		if fault := customizable(&source.config, c); fault != nil {
			return nil, fault
		}
	}
	if fault := v.s.knownPoliciesOf(&req.Spec.Location); fault != nil {
		return nil, fault
	}
	v.s.cloneEvent(ctx, v.Self, func(e types.VmEvent) types.BaseEvent {
		return &types.VmBeingClonedEvent{
			VmCloneEvent: types.VmCloneEvent{VmEvent: e}, DestName: req.Name,
			DestFolder: types.FolderEventArgument{EntityEventArgument: named(v.s.entityName(f.Self)), Folder: f.Self},
		}
	})
	made, fault := v.s.createClone(ctx, f, *pool, source, req)
	if fault != nil {
		return nil, fault
	}
	v.s.policies.assignPlace(v.s.instanceOf(made.Self), &req.Spec.Location)
	if fault := v.s.finishClone(made, &req.Spec, source); fault != nil {
		_ = v.s.destroyMachine(v.s.context(), made)
		return nil, fault
	}
	v.s.cloneEvent(ctx, made.Self, func(e types.VmEvent) types.BaseEvent {
		return &types.VmClonedEvent{
			VmCloneEvent: types.VmCloneEvent{VmEvent: e},
			SourceVm:     types.VmEventArgument{Vm: v.Self, EntityEventArgument: named(source.config.Name)},
		}
	})
	if req.Spec.PowerOn && !req.Spec.Template {
		return made.Self, v.s.start(made)
	}
	return made.Self, nil
}

// original is what a clone is made of.
type original struct {
	config types.VirtualMachineConfigInfo
	pool   *types.ManagedObjectReference
	dc     *simulator.Datacenter
}

// source is the machine as it is now, or as it was at a snapshot.
func (v *virtualMachine) source(ctx *simulator.Context, snapshot *types.ManagedObjectReference) (original, types.BaseMethodFault) {
	o := original{dc: datacenterOf(ctx, v.Self)}
	ctx.WithLock(v, func() { o.config, o.pool = clone(*v.Config), v.ResourcePool })
	if snapshot == nil {
		return o, nil
	}
	s, ok := ctx.Map.Get(*snapshot).(*simulator.VirtualMachineSnapshot)
	if !ok || s.Vm != v.Self {
		return o, &types.InvalidArgument{InvalidProperty: "spec.snapshot"}
	}
	ctx.WithLock(s, func() { o.config = clone(s.Config) })
	return o, nil
}

func (s *Sim) cloneEvent(ctx *simulator.Context, vm types.ManagedObjectReference, event func(types.VmEvent) types.BaseEvent) {
	if m, ok := s.machine(vm); ok {
		s.post(event(s.vmEvent(ctx, m)))
	}
}

// createClone makes the clone's files and registers it.
func (s *Sim) createClone(ctx *simulator.Context, f *simulator.Folder, pool types.ManagedObjectReference, source original,
	req *types.CloneVM_Task) (*simulator.VirtualMachine, types.BaseMethodFault) {
	var siblings []types.ManagedObjectReference
	ctx.WithLock(f, func() { siblings = slices.Clone(f.ChildEntity) })
	if e := ctx.Map.FindByName(req.Name, siblings); e != nil {
		return nil, &types.DuplicateName{Name: req.Name, Object: e.Reference()}
	}
	files, fault := s.cloneFiles(ctx, datacenterOf(ctx, f.Self), source, req)
	if fault != nil {
		return nil, fault
	}
	spec := cloneSpec(&source.config, req.Name)
	spec.Files.VmPathName, spec.DeviceChange = files.home.vmx.String(), files.devices
	var creating types.ManagedObjectReference
	ctx.WithLock(f, func() {
		body := (&folder{f, s}).CreateVMTask(ctx, &types.CreateVM_Task{This: f.Self, Config: spec, Pool: pool, Host: req.Spec.Location.Host})
		creating = body.(*methods.CreateVM_TaskBody).Res.Returnval
	})
	result, fault := await(ctx, creating)
	if fault != nil {
		files.remove()
		return nil, fault
	}
	vm, ok := ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: f.Self}
	}
	return vm, nil
}

// cloneSpec is the specification of a machine with the settings of another.
func cloneSpec(c *types.VirtualMachineConfigInfo, name string) types.VirtualMachineConfigSpec {
	hw := c.Hardware
	return types.VirtualMachineConfigSpec{
		Name: name, Version: c.Version, GuestId: c.GuestId, AlternateGuestName: c.AlternateGuestName, Annotation: c.Annotation, Firmware: c.Firmware,
		Files: &types.VirtualMachineFileInfo{}, NumCPUs: hw.NumCPU, MemoryMB: int64(hw.MemoryMB), NumCoresPerSocket: hw.NumCoresPerSocket,
		VirtualICH7MPresent: hw.VirtualICH7MPresent, VirtualSMCPresent: hw.VirtualSMCPresent,
		Flags: &c.Flags, Tools: c.Tools, BootOptions: c.BootOptions, CpuAllocation: c.CpuAllocation, MemoryAllocation: c.MemoryAllocation,
		LatencySensitivity: c.LatencySensitivity, MemoryHotAddEnabled: c.MemoryHotAddEnabled, CpuHotAddEnabled: c.CpuHotAddEnabled,
		CpuHotRemoveEnabled: c.CpuHotRemoveEnabled, NestedHVEnabled: c.NestedHVEnabled, ChangeTrackingEnabled: c.ChangeTrackingEnabled,
		MemoryReservationLockedToMax: c.MemoryReservationLockedToMax, ExtraConfig: c.ExtraConfig,
	}
}

// finishClone gives a clone what its creation cannot, and the changes that the client wants of it.
func (s *Sim) finishClone(vm *simulator.VirtualMachine, spec *types.VirtualMachineCloneSpec, source original) types.BaseMethodFault {
	own := s.context()
	own.WithLock(vm, func() {
		vm.Config.VAppConfig, vm.Config.SwapPlacement, vm.Config.VPMCEnabled = source.config.VAppConfig, source.config.SwapPlacement, source.config.VPMCEnabled
		if vm.Config.Tools != nil {
			vm.Config.Tools.PendingCustomization = ""
		}
	})
	change := types.VirtualMachineConfigSpec{}
	if spec.Config != nil {
		change = *spec.Config
	}
	change.DeviceChange = slices.Concat(spec.Location.DeviceChange, change.DeviceChange)
	if spec.Config != nil || len(change.DeviceChange) > 0 {
		if fault := s.reconfigureMachine(vm, change); fault != nil {
			return fault
		}
	}
	if spec.Customization != nil {
		if fault := s.customize(own, vm, spec.Customization); fault != nil {
			return fault
		}
	}
	if spec.Template {
		own.WithLock(vm, func() { vm.MarkAsTemplate(&types.MarkAsTemplate{This: vm.Self}) })
		s.learnNow(own, vm)
	}
	return nil
}

func (s *Sim) learnNow(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	ctx.WithLock(vm, func() { s.learn(&vm.VirtualMachine) })
}

// reconfigureMachine changes a machine and waits.
func (s *Sim) reconfigureMachine(vm *simulator.VirtualMachine, spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	own := s.context()
	var changing types.ManagedObjectReference
	own.WithLock(vm, func() {
		body := (&virtualMachine{vm, s}).ReconfigVMTask(own, &types.ReconfigVM_Task{This: vm.Self, Spec: spec})
		changing = body.(*methods.ReconfigVM_TaskBody).Res.Returnval
	})
	_, fault := await(own, changing)
	return fault
}

func (s *Sim) start(vm *simulator.VirtualMachine) types.BaseMethodFault {
	own := s.context()
	var starting types.ManagedObjectReference
	own.WithLock(vm, func() {
		starting = (&virtualMachine{vm, s}).PowerOnVMTask(own, &types.PowerOnVM_Task{This: vm.Self}).(*methods.PowerOnVM_TaskBody).Res.Returnval
	})
	_, fault := await(own, starting)
	return fault
}
