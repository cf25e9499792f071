package vc

import (
	"cmp"
	"path/filepath"
	"strings"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// configurations are what the configuration files of machines say that are in no inventory, by their paths in the lab's file
// system. The files themselves are empty.
type configurations struct {
	mu   sync.Mutex
	kept map[string]types.VirtualMachineConfigInfo
}

func (c *configurations) keep(file string, config types.VirtualMachineConfigInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]types.VirtualMachineConfigInfo{}
	}
	c.kept[file] = config
}

func (c *configurations) of(file string) (types.VirtualMachineConfigInfo, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	config, ok := c.kept[file]
	return clone(config), ok
}

// configurationFile is where the lab keeps a file of a datastore; empty for a datastore that does not exist.
func (s *Sim) configurationFile(ctx *simulator.Context, dc *simulator.Datacenter, path string) string {
	var p object.DatastorePath
	p.FromString(path)
	dir, ok := s.datastoreDir(ctx, dc, p.Datastore)
	if !ok {
		return ""
	}
	return filepath.Join(dir, filepath.Clean("/"+p.Path))
}

// UnregisterVM takes a machine out of the inventory and leaves its files, which say what it is.
func (v *virtualMachine) UnregisterVM(ctx *simulator.Context, req *types.UnregisterVM) soap.HasFault {
	file := v.s.configurationFile(ctx, datacenterOf(ctx, v.Self), v.Config.Files.VmPathName)
	config := clone(*v.Config)
	body := v.VirtualMachine.UnregisterVM(ctx, req)
	if body.Fault() == nil && file != "" {
		v.s.configurations.keep(file, config)
	}
	return body
}

// RegisterVMTask puts a machine into the inventory as its configuration file has it. Of a file that no machine left behind
// the simulator makes a machine without devices.
func (f *folder) RegisterVMTask(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	file := f.s.configurationFile(ctx, datacenterOf(ctx, f.Self), req.Path)
	order := *req
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		config, known := f.s.configurations.of(file)
		if known {
			order.Name = strings.TrimSuffix(filepath.Base(file), ".vmx") // by which the simulator looks for the other files
		}
		var registering types.ManagedObjectReference
		ctx.WithLock(f.Folder, func() {
			registering = f.Folder.RegisterVMTask(ctx, &order).(*methods.RegisterVM_TaskBody).Res.Returnval
		})
		result, fault := await(ctx, registering)
		if fault != nil {
			return nil, fault
		}
		if vm, ok := ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.VirtualMachine); ok && known {
			fault = f.s.restoreMachine(ctx, vm, config, cmp.Or(req.Name, config.Name), req.AsTemplate)
		}
		return result, fault
	}
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{Returnval: f.s.task(ctx, f.Self, "registerVm", run)}}
}

// restoreMachine gives a machine the settings and devices that it had.
func (s *Sim) restoreMachine(ctx *simulator.Context, vm *simulator.VirtualMachine, config types.VirtualMachineConfigInfo, name string, template bool) types.BaseMethodFault {
	spec := cloneSpec(&config, name)
	spec.Files, spec.Uuid, spec.InstanceUuid = nil, config.Uuid, config.InstanceUuid
	if fault := s.reconfigureMachine(vm, spec); fault != nil {
		return fault
	}
	ctx.WithLock(vm, func() {
		vm.Config.VAppConfig, vm.Config.SwapPlacement, vm.Config.VPMCEnabled = config.VAppConfig, config.SwapPlacement, config.VPMCEnabled
		ctx.Update(vm, []types.PropertyChange{{Name: "config.hardware.device", Val: config.Hardware.Device}})
		s.trackDatastores(ctx, &vm.VirtualMachine)
		if template {
			vm.MarkAsTemplate(&types.MarkAsTemplate{This: vm.Self})
		}
	})
	s.learnNow(ctx, vm)
	return nil
}
