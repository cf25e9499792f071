package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vmSnapshot takes a machine back to what it was.
type vmSnapshot struct {
	*simulator.VirtualMachineSnapshot
	s *Sim
}

// RevertToSnapshotTask restores a machine's settings and devices, and its power state.
func (v *vmSnapshot) RevertToSnapshotTask(ctx *simulator.Context, req *types.RevertToSnapshot_Task) soap.HasFault {
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{
		Returnval: v.s.revert(ctx, v.Vm, v.Self, req.SuppressPowerOn),
	}}
}

// RevertToCurrentSnapshotTask restores what the machine was at its current snapshot.
func (v *virtualMachine) RevertToCurrentSnapshotTask(ctx *simulator.Context, req *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	if v.Snapshot == nil || v.Snapshot.CurrentSnapshot == nil {
		return &methods.RevertToCurrentSnapshot_TaskBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	return &methods.RevertToCurrentSnapshot_TaskBody{Res: &types.RevertToCurrentSnapshot_TaskResponse{
		Returnval: v.s.revert(ctx, v.Self, *v.Snapshot.CurrentSnapshot, req.SuppressPowerOn),
	}}
}

func (s *Sim) revert(ctx *simulator.Context, machine, snapshot types.ManagedObjectReference, suppressPowerOn *bool) types.ManagedObjectReference {
	return s.task(ctx, machine, "revertToSnapshot", func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		vm, ok := ctx.Map.Get(machine).(*simulator.VirtualMachine)
		if !ok {
			return nil, &types.ManagedObjectNotFound{Obj: machine}
		}
		taken, ok := ctx.Map.Get(snapshot).(*simulator.VirtualMachineSnapshot)
		if !ok {
			return nil, &types.ManagedObjectNotFound{Obj: snapshot}
		}
		var then types.VirtualMachineConfigInfo
		ctx.WithLock(taken, func() { then = clone(taken.Config) })
		var on, wasOn bool
		ctx.WithLock(vm, func() {
			on = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
			if t := findSnapshot(vm.Snapshot.RootSnapshotList, snapshot); t != nil {
				wasOn = t.State == types.VirtualMachinePowerStatePoweredOn
			}
		})
		if on { // its memory goes either way
			if fault := s.powerOff(vm); fault != nil {
				return nil, fault
			}
		}
		ctx.WithLock(vm, func() { restore(ctx, vm, then, snapshot) })
		if wasOn && (suppressPowerOn == nil || !*suppressPowerOn) {
			return nil, s.start(vm)
		}
		return nil, nil
	})
}

// restore puts a machine's settings back; what they are called and where they lie stays.
func restore(ctx *simulator.Context, vm *simulator.VirtualMachine, then types.VirtualMachineConfigInfo, snapshot types.ManagedObjectReference) {
	now := vm.Config
	then.Files, then.Name, then.Template, then.Uuid, then.InstanceUuid = now.Files, now.Name, now.Template, now.Uuid, now.InstanceUuid
	devices := then.Hardware.Device
	*now = then
	ctx.Update(vm, []types.PropertyChange{
		{Name: "config.hardware.device", Val: devices},
		{Name: "summary.config.numCpu", Val: then.Hardware.NumCPU},
		{Name: "summary.config.memorySizeMB", Val: then.Hardware.MemoryMB},
		{Name: "summary.config.numVirtualDisks", Val: int32(len(disksOf(devices)))},
		{Name: "snapshot.currentSnapshot", Val: snapshot},
	})
}

func findSnapshot(tree []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) *types.VirtualMachineSnapshotTree {
	for i := range tree {
		if tree[i].Snapshot == ref {
			return &tree[i]
		}
		if found := findSnapshot(tree[i].ChildSnapshotList, ref); found != nil {
			return found
		}
	}
	return nil
}

// powerOff powers a machine off and waits.
func (s *Sim) powerOff(vm *simulator.VirtualMachine) types.BaseMethodFault {
	own := s.context()
	var stopping types.ManagedObjectReference
	own.WithLock(vm, func() {
		stopping = (&virtualMachine{vm, s}).PowerOffVMTask(own, &types.PowerOffVM_Task{This: vm.Self}).(*methods.PowerOffVM_TaskBody).Res.Returnval
	})
	_, fault := await(own, stopping)
	return fault
}
