package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// environment answers for a compute resource which virtual hardware its hosts support.
type environment struct {
	*simulator.EnvironmentBrowser
}

// QueryConfigOption describes a version of the virtual hardware: the key's, or the newest.
func (e *environment) QueryConfigOption(_ *simulator.Context, req *types.QueryConfigOption) soap.HasFault {
	option, fault := configOption(req.Key)
	if fault != nil {
		return &methods.QueryConfigOptionBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.QueryConfigOptionBody{Res: &types.QueryConfigOptionResponse{Returnval: option}}
}

// QueryConfigOptionEx does so with the guest operating systems that are asked for, or all.
func (e *environment) QueryConfigOptionEx(_ *simulator.Context, req *types.QueryConfigOptionEx) soap.HasFault {
	return queryConfigOptionEx(e.EnvironmentBrowser, req)
}

func queryConfigOptionEx(b *simulator.EnvironmentBrowser, req *types.QueryConfigOptionEx) soap.HasFault {
	key := ""
	if req.Spec != nil {
		key = req.Spec.Key
	}
	option, fault := configOption(key)
	if fault != nil {
		return &methods.QueryConfigOptionExBody{Fault_: simulator.Fault("", fault)}
	}
	body := b.QueryConfigOptionEx(req).(*methods.QueryConfigOptionExBody)
	if body.Res != nil {
		option.GuestOSDescriptor = body.Res.Returnval.GuestOSDescriptor
		body.Res.Returnval = option
	}
	return body
}

// newestHardware is the newest version that ESXi 8.0 Update 2 and 3 support (VMware KB 315655).
const newestHardware = types.VMX21

func configOption(key string) (*types.VirtualMachineConfigOption, types.BaseMethodFault) {
	version := newestHardware
	if key != "" {
		var err error
		if version, err = types.ParseHardwareVersion(key); err != nil || version > newestHardware {
			return nil, &types.InvalidArgument{InvalidProperty: "key"}
		}
	}
	return &types.VirtualMachineConfigOption{
		Version: version.String(), Description: version.String(), DefaultDevice: clone(esx.VirtualDevice),
		HardwareOptions: types.VirtualHardwareOption{
			HwVersion: int32(version), NumCPU: []int32{1, 2, 4, 8, 16, 32, 64, 128},
			MemoryMB: types.LongOption{Min: 4, Max: 6 << 20, DefaultValue: 1024},
		},
	}, nil
}

// machineEnvironment is what a machine may be changed to. Asked for no version in particular, it describes the machine's
// own; the rest is as on its host.
type machineEnvironment struct {
	mo.EnvironmentBrowser
	vm types.ManagedObjectReference
}

// giveEnvironment makes the environment of a new machine. The caller holds the machine's lock.
func giveEnvironment(ctx *simulator.Context, vm *mo.VirtualMachine) {
	if hasEnvironment(vm) {
		return
	}
	e := &machineEnvironment{vm: vm.Self}
	e.Self = environmentOf(vm.Self)
	ctx.Map.Put(e)
	vm.EnvironmentBrowser = e.Self
}

// hasEnvironment tells whether a machine is complete: its environment is the last that it gets.
func hasEnvironment(vm *mo.VirtualMachine) bool {
	return vm.EnvironmentBrowser == environmentOf(vm.Self)
}

func environmentOf(vm types.ManagedObjectReference) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "EnvironmentBrowser", Value: "envbrowser-" + vm.Value}
}

func (e *machineEnvironment) machine(ctx *simulator.Context) (version string, around *simulator.EnvironmentBrowser) {
	vm, ok := ctx.Map.Get(e.vm).(*simulator.VirtualMachine)
	if !ok {
		return "", nil
	}
	var host *types.ManagedObjectReference
	ctx.WithLock(vm, func() { version, host = vm.Config.Version, vm.Runtime.Host })
	if host == nil {
		return version, nil
	}
	h, ok := ctx.Map.Get(*host).(*simulator.HostSystem)
	if !ok {
		return version, nil
	}
	var parent types.ManagedObjectReference
	ctx.WithLock(h, func() { parent = *h.Parent })
	if r, _ := base(ctx, parent); r != nil && r.EnvironmentBrowser != nil {
		around, _ = ctx.Map.Get(*r.EnvironmentBrowser).(*simulator.EnvironmentBrowser)
	}
	return version, around
}

func (e *machineEnvironment) QueryConfigOption(ctx *simulator.Context, req *types.QueryConfigOption) soap.HasFault {
	version, _ := e.machine(ctx)
	if req.Key == "" {
		req.Key = version
	}
	return (*environment)(nil).QueryConfigOption(ctx, req)
}

func (e *machineEnvironment) QueryConfigOptionEx(ctx *simulator.Context, req *types.QueryConfigOptionEx) soap.HasFault {
	version, around := e.machine(ctx)
	if around == nil {
		return &methods.QueryConfigOptionExBody{Fault_: simulator.Fault("", &types.HostNotConnected{})}
	}
	if req.Spec == nil {
		req.Spec = &types.EnvironmentBrowserConfigOptionQuerySpec{}
	}
	if req.Spec.Key == "" {
		req.Spec.Key = version
	}
	return queryConfigOptionEx(around, req)
}

func (e *machineEnvironment) QueryConfigOptionDescriptor(ctx *simulator.Context, req *types.QueryConfigOptionDescriptor) soap.HasFault {
	_, around := e.machine(ctx)
	if around == nil {
		return &methods.QueryConfigOptionDescriptorBody{Fault_: simulator.Fault("", &types.HostNotConnected{})}
	}
	return around.QueryConfigOptionDescriptor(ctx, req)
}

func (e *machineEnvironment) QueryConfigTarget(ctx *simulator.Context, req *types.QueryConfigTarget) soap.HasFault {
	_, around := e.machine(ctx)
	if around == nil {
		return &methods.QueryConfigTargetBody{Fault_: simulator.Fault("", &types.HostNotConnected{})}
	}
	return around.QueryConfigTarget(ctx, req)
}
