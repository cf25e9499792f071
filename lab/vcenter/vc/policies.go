package vc

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// policies knows which storage policy each machine and each of its disks was given. Machines are known by their instance
// UUIDs, which they have before they are in the inventory.
type policies struct {
	mu       sync.Mutex
	assigned map[string]string
}

// diskPolicy names a disk of a machine, which is named by its instance UUID alone.
func diskPolicy(instance string, key int32) string { return fmt.Sprintf("%s:%d", instance, key) }

func (p *policies) assign(to string, specs []types.BaseVirtualMachineProfileSpec) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.assigned == nil {
		p.assigned = map[string]string{}
	}
	for _, s := range specs {
		switch spec := s.(type) {
		case *types.VirtualMachineDefinedProfileSpec:
			p.assigned[to] = spec.ProfileId
		case *types.VirtualMachineEmptyProfileSpec:
			delete(p.assigned, to)
		}
	}
}

// of is the policy of a machine or disk; empty for none.
func (p *policies) of(what string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.assigned[what]
}

// assignConfig takes the policies from a machine's settings, in which new devices have their keys.
func (p *policies) assignConfig(instance string, spec *types.VirtualMachineConfigSpec) {
	p.assign(instance, spec.VmProfile)
	for _, c := range spec.DeviceChange {
		change := c.GetVirtualDeviceConfigSpec()
		if disk, ok := change.Device.(*types.VirtualDisk); ok {
			p.assign(diskPolicy(instance, disk.Key), change.Profile)
			if change.Operation == types.VirtualDeviceConfigSpecOperationRemove {
				p.assign(diskPolicy(instance, disk.Key), []types.BaseVirtualMachineProfileSpec{&types.VirtualMachineEmptyProfileSpec{}})
			}
		}
	}
}

// assignPlace takes them from what a move or a clone says of the machine and its disks.
func (p *policies) assignPlace(instance string, spec *types.VirtualMachineRelocateSpec) {
	p.assign(instance, spec.Profile)
	for _, d := range spec.Disk {
		p.assign(diskPolicy(instance, d.DiskId), d.Profile)
	}
}

// knownPolicies refuses settings that name a policy which does not exist.
func (s *Sim) knownPolicies(spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	all := slices.Clone(spec.VmProfile)
	for _, c := range spec.DeviceChange {
		all = append(all, c.GetVirtualDeviceConfigSpec().Profile...)
	}
	return s.checkPolicies(all)
}

func (s *Sim) knownPoliciesOf(spec *types.VirtualMachineRelocateSpec) types.BaseMethodFault {
	all := slices.Clone(spec.Profile)
	for _, d := range spec.Disk {
		all = append(all, d.Profile...)
	}
	return s.checkPolicies(all)
}

func (s *Sim) checkPolicies(specs []types.BaseVirtualMachineProfileSpec) types.BaseMethodFault {
	for _, spec := range specs {
		if d, ok := spec.(*types.VirtualMachineDefinedProfileSpec); ok && !s.profiles.exists(d.ProfileId) {
			return &types.InvalidArgument{InvalidProperty: "profile"}
		}
	}
	return nil
}

// instanceOf is a machine's instance UUID; empty for one that is gone.
func (s *Sim) instanceOf(ref types.ManagedObjectReference) (id string) {
	ctx := s.context()
	if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
		ctx.WithLock(vm, func() { id = vm.Config.InstanceUuid })
	}
	return id
}

// holders lists the machines and disks that have a policy, as the service of policies names them.
func (s *Sim) holders(policy string) (machines, disks []string) {
	for _, m := range s.selectMachines(func(m *machine) bool { return !m.system }) {
		instance := s.instanceOf(m.ref)
		s.policies.mu.Lock()
		for what, id := range s.policies.assigned {
			switch owner, key, isDisk := strings.Cut(what, ":"); {
			case id != policy || owner != instance:
			case isDisk:
				disks = append(disks, m.ref.Value+":"+key)
			default:
				machines = append(machines, m.ref.Value)
			}
		}
		s.policies.mu.Unlock()
	}
	return machines, disks
}
