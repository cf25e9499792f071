package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask checks a change as ESXi does and hands it on complete: the simulator takes what it is given as a whole,
// where in the API an unset field means "unchanged".
func (v *virtualMachine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	spec := req.Spec
	fault := v.hotChange(&spec)
	if fault == nil {
		fault = v.s.admitReservation(v.Self, &spec)
	}
	if fault == nil {
		fault = v.s.knownPolicies(&spec)
	}
	if fault == nil && !v.Config.Template {
		spec.DeviceChange, fault = v.s.planDevices(ctx, v.s.homeOf(ctx, v.VirtualMachine), v.Config.Hardware.Device, spec.DeviceChange)
	}
	if fault != nil {
		return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: v.s.failed(ctx, v.Self, "reconfigVm", fault)}}
	}
	if v.Config.Template {
		return v.VirtualMachine.ReconfigVMTask(ctx, req)
	}
	v.complete(&spec)
	v.s.policies.assignConfig(v.Config.InstanceUuid, &spec)
	return v.VirtualMachine.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: req.This, Spec: spec})
}

// complete fills in what the client left as it is, and keeps what the simulator has no place for.
func (v *virtualMachine) complete(spec *types.VirtualMachineConfigSpec) {
	if p := spec.SwapPlacement; p != "" {
		v.Config.SwapPlacement = p
	}
	if b := spec.VPMCEnabled; b != nil {
		v.Config.VPMCEnabled = b
	}
	if f := spec.Flags; f != nil {
		flags := clone(v.Config.Flags)
		merge(&flags, f)
		spec.Flags = &flags
	}
	spec.Tools = merged(v.Config.Tools, spec.Tools)
	spec.BootOptions = merged(v.Config.BootOptions, spec.BootOptions)
	spec.CpuAllocation = merged(v.Config.CpuAllocation, spec.CpuAllocation)
	spec.MemoryAllocation = merged(v.Config.MemoryAllocation, spec.MemoryAllocation)
	spec.ExtraConfig = v.setOptions(spec.ExtraConfig)
	if spec.VAppConfig != nil {
		v.setVApp(spec.VAppConfig.GetVmConfigSpec())
	}
}

// setVApp keeps of a change of vApp settings what the simulator does not: it changes properties and products.
func (v *virtualMachine) setVApp(change *types.VmConfigSpec) {
	settings := &types.VmConfigInfo{}
	if v.Config.VAppConfig != nil {
		settings = v.Config.VAppConfig.GetVmConfigInfo()
	} else {
		v.Config.VAppConfig = settings
	}
	if change.OvfEnvironmentTransport != nil {
		settings.OvfEnvironmentTransport = change.OvfEnvironmentTransport
	}
	if change.InstallBootRequired != nil {
		settings.InstallBootRequired = *change.InstallBootRequired
	}
	if change.InstallBootStopDelay != 0 {
		settings.InstallBootStopDelay = change.InstallBootStopDelay
	}
}

// merged is what becomes of a part of the settings; nil where the client says nothing of it.
func merged[T any](now, change *T) *T {
	if change == nil || now == nil {
		return change
	}
	both := clone(*now)
	merge(&both, change)
	return &both
}

// setOptions drops the removal of options that are not there: an empty value removes an option (API reference,
// VirtualMachineConfigSpec.extraConfig).
func (v *virtualMachine) setOptions(options []types.BaseOptionValue) (kept []types.BaseOptionValue) {
	known := map[string]bool{}
	for _, o := range v.Config.ExtraConfig {
		known[o.GetOptionValue().Key] = true
	}
	for _, o := range options {
		if value, ok := o.GetOptionValue().Value.(string); !ok || value != "" || known[o.GetOptionValue().Key] {
			kept = append(kept, o)
		}
	}
	return kept
}

// hotChange refuses what cannot be done while a machine runs: more CPUs or memory without hot plug, and settings that
// only take effect at power-on.
func (v *virtualMachine) hotChange(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if v.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return nil
	}
	c, hw := v.Config, v.Config.Hardware
	unset := func(now *bool) bool { return now == nil || !*now }
	switch {
	case spec.NumCPUs > hw.NumCPU && unset(c.CpuHotAddEnabled), spec.NumCPUs != 0 && spec.NumCPUs < hw.NumCPU && unset(c.CpuHotRemoveEnabled):
		return &types.CpuHotPlugNotSupported{}
	case spec.MemoryMB > int64(hw.MemoryMB) && unset(c.MemoryHotAddEnabled), spec.MemoryMB != 0 && spec.MemoryMB < int64(hw.MemoryMB):
		return &types.MemoryHotPlugNotSupported{}
	}
	for _, changed := range []bool{
		differs(c.CpuHotAddEnabled, spec.CpuHotAddEnabled), differs(c.CpuHotRemoveEnabled, spec.CpuHotRemoveEnabled),
		differs(c.MemoryHotAddEnabled, spec.MemoryHotAddEnabled), differs(c.NestedHVEnabled, spec.NestedHVEnabled),
		differs(hw.NumCoresPerSocket, spec.NumCoresPerSocket),
		spec.Firmware != "" && spec.Firmware != c.Firmware, spec.GuestId != "" && spec.GuestId != c.GuestId,
	} {
		if changed {
			return &types.InvalidPowerState{
				RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: types.VirtualMachinePowerStatePoweredOn,
			}
		}
	}
	return nil
}

func differs[T comparable](now, wanted *T) bool {
	var zero T
	if now == nil {
		now = &zero
	}
	return wanted != nil && *wanted != *now
}
