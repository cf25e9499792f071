package vc

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/guest"
)

// machine is what the lab keeps of a virtual machine beside the inventory, so that background work needs no locks there.
type machine struct {
	ref      types.ManagedObjectReference
	name     string
	id       string // instance UUID
	guestID  string
	host     types.ManagedObjectReference
	on       bool
	template bool
	system   bool                           // a vCLS VM
	files    []types.ManagedObjectReference // the datastores that hold its files
	identity *identity                      // what a customisation gave the guest; never changed once it is set
	cpus     int
	memoryMB int
	// reservations in MHz and MB
	cpuReserved, memoryReserved int64
	// cpuLimit in MHz, negative for none; cpuShares weigh the machine against others of its host
	cpuLimit, cpuShares int64
	// protected is what HA keeps; failing is set from the loss of its host until HA is done with it.
	protected, failing bool
	// lost is set while a machine is off only because its host lost power, and HA has not dealt with it.
	lost            bool
	protectionShown bool
	left            *departure                   // on an isolated host, until vCenter knows
	target          types.ManagedObjectReference // the host that HA is restarting it on
	bound           types.ManagedObjectReference // the host that DRS is moving it to
}

// vclsOption marks the system VMs of vSphere Cluster Services (VMware KB 80472).
const vclsOption = "HDCS.agent"

// watcher follows the inventory's virtual machines: guests start and stop with their power state, whoever changed it.
type watcher struct{ s *Sim }

func (w *watcher) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "LabWatcher", Value: "lab-watcher"}
}

func (w *watcher) PutObject(_ *simulator.Context, o mo.Reference) {
	if t, ok := o.(*simulator.Task); ok {
		w.s.guardTask(t) // it is put into the inventory before it runs
	}
	if vm, ok := o.(*simulator.VirtualMachine); ok {
		completeDefaults(vm)
		w.s.mu.Lock()
		w.s.vms[vm.Self] = &machine{ref: vm.Self}
		w.s.mu.Unlock()
		w.s.learn(&vm.VirtualMachine)
	}
}

func (w *watcher) UpdateObject(ctx *simulator.Context, o mo.Reference, changes []types.PropertyChange) {
	vm, ok := o.(*mo.VirtualMachine)
	if !ok {
		return
	}
	m, ok := w.s.learn(vm)
	if !ok {
		return // deleted: the simulator still takes its devices apart
	}
	for _, c := range changes {
		switch c.Name {
		case "config.hardware.device":
			tidyDevices(vm)
			if hasEnvironment(vm) {
				w.s.trackDatastores(ctx, vm)
			}
		case "runtime.powerState":
			w.s.powerChanged(m)
		case "runtime.host":
			w.s.fleet.Move(m.id, w.s.hostName(m.host))
		case "name":
			giveEnvironment(ctx, vm) // the last that the simulator does to a new machine is to name it
			w.s.fleet.Rename(m.id, m.name)
		}
	}
}

func (w *watcher) RemoveObject(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type != "VirtualMachine" {
		return
	}
	ctx.Map.Remove(ctx, environmentOf(ref))
	w.s.mu.Lock()
	m := w.s.vms[ref]
	delete(w.s.vms, ref)
	if m != nil {
		w.s.index.drop(m)
	}
	w.s.mu.Unlock()
	if m != nil {
		w.s.fleet.Forget(m.id)
	}
}

// learn copies what the lab needs of a virtual machine that is in the inventory. The caller holds its lock, or nobody
// else knows it yet.
func (s *Sim) learn(vm *mo.VirtualMachine) (machine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.vms[vm.Self]
	if m == nil {
		return machine{}, false
	}
	m.name, m.files = vm.Name, slices.Clone(vm.Datastore)
	m.on = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	if vm.Runtime.Host != nil {
		from := m.host
		m.host = *vm.Runtime.Host
		s.index.moved(m, from)
	}
	if c := vm.Config; c != nil {
		before := m.id
		m.id, m.guestID, m.template = c.InstanceUuid, c.GuestId, c.Template
		s.index.named(m, before)
		m.cpus, m.memoryMB = int(c.Hardware.NumCPU), int(c.Hardware.MemoryMB)
		m.cpuReserved, m.memoryReserved = reservation(c.CpuAllocation), reservation(c.MemoryAllocation)
		m.cpuLimit, m.cpuShares = cpuEntitlement(c.CpuAllocation, m.cpus)
		m.system = slices.ContainsFunc(c.ExtraConfig, func(o types.BaseOptionValue) bool {
			return strings.EqualFold(o.GetOptionValue().Key, vclsOption)
		})
	}
	return *m, true
}

func reservation(a *types.ResourceAllocationInfo) int64 {
	if a == nil || a.Reservation == nil {
		return 0
	}
	return *a.Reservation
}

// cpuEntitlement is the limit of a machine, negative for none, and its shares: a level means so many for each virtual CPU
// (vSphere Resource Management, "Resource Allocation Shares").
func cpuEntitlement(a *types.ResourceAllocationInfo, cpus int) (limit, shares int64) {
	limit, shares = -1, 1000*int64(max(cpus, 1))
	if a == nil {
		return limit, shares
	}
	if a.Limit != nil {
		limit = *a.Limit
	}
	if a.Shares != nil {
		switch a.Shares.Level {
		case types.SharesLevelLow:
			shares /= 2
		case types.SharesLevelHigh:
			shares *= 2
		case types.SharesLevelCustom:
			shares = int64(a.Shares.Shares)
		}
	}
	return limit, shares
}

// completeDefaults sets what vCenter sets on every new virtual machine and the simulator leaves out.
func completeDefaults(vm *simulator.VirtualMachine) {
	for _, r := range []*types.VirtualMachineRuntimeInfo{&vm.Runtime, &vm.Summary.Runtime} {
		// What the API says is always there: clients refuse an empty word.
		r.FaultToleranceState, r.RecordReplayState = types.VirtualMachineFaultToleranceStateNotConfigured, types.VirtualMachineRecordReplayStateInactive
	}
	c := vm.Config
	c.Hardware.Device = clone(c.Hardware.Device) // the simulator's machines share their controllers, and fill them up
	c.SwapPlacement = string(types.VirtualMachineConfigInfoSwapPlacementTypeInherit)
	c.Flags, c.Tools, c.BootOptions = *defaultFlags(), defaultTools(), defaultBootOptions()
	c.MemoryHotAddEnabled, c.CpuHotAddEnabled, c.CpuHotRemoveEnabled = types.NewBool(false), types.NewBool(false), types.NewBool(false)
	c.NestedHVEnabled, c.VPMCEnabled = types.NewBool(false), types.NewBool(false)
}

// machine returns a copy of what is known of a virtual machine.
func (s *Sim) machine(ref types.ManagedObjectReference) (machine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.vms[ref]; m != nil {
		return *m, true
	}
	return machine{}, false
}

func (s *Sim) updateMachine(ref types.ManagedObjectReference, f func(*machine)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.vms[ref]; m != nil {
		f(m)
	}
}

func (s *Sim) selectMachines(match func(*machine) bool) []machine {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []machine
	for _, m := range s.vms {
		if match(m) {
			list = append(list, *m)
		}
	}
	slices.SortFunc(list, func(a, b machine) int { return strings.Compare(a.name, b.name) })
	return list
}

func (s *Sim) hostName(ref types.ManagedObjectReference) string {
	if h, ok := s.host(ref); ok {
		return h.server.Name
	}
	return ""
}

func (s *Sim) powerChanged(m machine) {
	if m.on {
		s.updateMachine(m.ref, func(x *machine) { x.failing, x.lost = false, false })
		s.fleet.PowerOn(guest.Machine{ID: m.id, Name: m.name, GuestID: m.guestID, Host: s.hostName(m.host), CPUs: m.cpus, MemoryMB: m.memoryMB})
		go s.reportTools(s.context(), m.ref)
		return
	}
	s.fleet.PowerOff(m.id, "powered off")
	go s.reportTools(s.context(), m.ref) // in its own goroutine: the caller holds the machine's lock
}
