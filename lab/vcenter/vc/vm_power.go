package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

type datacenter struct {
	*simulator.Datacenter
	s *Sim
}

// PowerOnVMTask places the machine, asks admission control, and starts it. The caller holds the machine's lock.
func (v *virtualMachine) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	return v.powerOn(ctx, req, false)
}

// powerOn lets DRS choose the host as far as it may, or in any case.
func (v *virtualMachine) powerOn(ctx *simulator.Context, req *types.PowerOnVM_Task, anyway bool) *methods.PowerOnVM_TaskBody {
	if fault := v.beforePowerOn(ctx, req.Host, anyway); fault != nil {
		return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: v.s.failed(ctx, v.Self, "powerOn", fault)}}
	}
	return v.VirtualMachine.PowerOnVMTask(ctx, req).(*methods.PowerOnVM_TaskBody)
}

func (v *virtualMachine) beforePowerOn(ctx *simulator.Context, wanted *types.ManagedObjectReference, anyway bool) types.BaseMethodFault {
	m, ok := v.s.machine(v.Self)
	if !ok || m.on || m.template {
		return nil // the simulator has the right answers
	}
	h, ok := v.s.host(m.host)
	if !ok {
		return &types.InvalidState{}
	}
	if wanted != nil && *wanted != m.host {
		target, ok := v.s.host(*wanted)
		if !ok || target.cluster != h.cluster || h.cluster.Value == "" {
			return &types.InvalidArgument{InvalidProperty: "host"}
		}
		v.s.reregister(ctx, v.VirtualMachine, *wanted)
		h = target
	}
	if h.cluster.Value != "" && !m.system {
		if fault := v.s.admit(h.cluster, m, m.cpuReserved, m.memoryReserved); fault != nil {
			return fault
		}
		if wanted == nil && (anyway || v.s.drsPlaces(ctx, h.cluster, m.ref) || !h.usable()) {
			if fault := v.place(ctx, m); fault != nil {
				return fault
			}
			h, _ = v.s.host(*v.Runtime.Host)
		} else if fault := v.s.ruleAgainst(ctx, m.ref, h.ref); fault != nil {
			return fault
		}
	}
	if !h.usable() {
		return &types.HostNotConnected{}
	}
	for _, ds := range m.files {
		if h.lost[ds].state != hardware.Reached {
			return &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &ds}}
		}
	}
	if m.system {
		return nil
	}
	return v.s.refuseFailoverHost(h.ref)
}

// place moves a machine that is off to the host that DRS would start it on.
func (v *virtualMachine) place(ctx *simulator.Context, m machine) types.BaseMethodFault {
	if v.ResourcePool == nil {
		return nil
	}
	refs, fault := v.s.poolHosts(ctx, *v.ResourcePool)
	if fault != nil {
		return fault
	}
	members := v.s.managed(refs)
	list, why := v.s.drsCandidates(ctx, m.ref, members)
	if len(list) == 0 {
		return v.s.incompatible(ctx, v.s.settingsOf(members), m.ref, why)
	}
	if host := hostRef(list[0].Host.ID); host != m.host {
		v.s.reregister(ctx, v.VirtualMachine, host)
	}
	return nil
}

// PowerOffVMTask stops a machine, if vCenter can reach its host.
func (v *virtualMachine) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	if fault := v.reachable(); fault != nil {
		return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: v.s.failed(ctx, v.Self, "powerOff", fault)}}
	}
	return v.VirtualMachine.PowerOffVMTask(ctx, req)
}

// reachable refuses operations on machines whose host does not answer.
func (v *virtualMachine) reachable() types.BaseMethodFault {
	if v.Runtime.ConnectionState != types.VirtualMachineConnectionStateConnected {
		return &types.InvalidState{}
	}
	if m, ok := v.s.machine(v.Self); ok {
		if h, ok := v.s.host(m.host); ok && !v.s.reaches(h.server) {
			return &types.HostNotReachable{} // which vCenter does not know yet
		}
	}
	return nil
}

// ResetVMTask restarts the guest without warning it.
func (v *virtualMachine) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	ref := v.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		m, ok := v.s.machine(ref)
		if !ok || !m.on {
			return nil, &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: types.VirtualMachinePowerStatePoweredOff}
		}
		v.s.fleet.Restart(m.id, "reset")
		v.s.reportTools(ctx, ref)
		return nil, nil
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: v.s.task(ctx, ref, "reset", run)}}
}

// reregister changes the host on which a machine is registered. The caller holds the machine's lock.
func (s *Sim) reregister(ctx *simulator.Context, vm *simulator.VirtualMachine, to types.ManagedObjectReference) {
	var from types.ManagedObjectReference
	if vm.Runtime.Host != nil {
		from = *vm.Runtime.Host
	}
	ctx.Update(vm, []types.PropertyChange{{Name: "runtime.host", Val: &to}, {Name: "summary.runtime.host", Val: &to}})
	for ref, in := range map[types.ManagedObjectReference]bool{from: false, to: true} {
		h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok || from == to {
			continue
		}
		ctx.WithLock(h, func() {
			list := without(h.Vm, vm.Self)
			if in {
				list = append(slices.Clone(list), vm.Self)
			}
			ctx.Update(h, []types.PropertyChange{{Name: "vm", Val: list}})
		})
	}
}
