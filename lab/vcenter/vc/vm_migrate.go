package vc

import (
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// MigrationTime is what vMotion of a small machine takes (an assumption: it depends on memory and network). The switch-over
// itself is below a second, and the guest's connections outlive it (vSphere vMotion documentation), so its socket stays.
const MigrationTime = 4 * time.Second

// MigrateVMTask moves a machine to another host.
func (v *virtualMachine) MigrateVMTask(ctx *simulator.Context, req *types.MigrateVM_Task) soap.HasFault {
	return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
		Returnval: v.s.task(ctx, v.Self, "migrate", v.move(req.Host, req.Pool)),
	}}
}

// move returns a task's body that takes the machine to the host, or to one that DRS chooses, and to the pool if given.
func (v *virtualMachine) move(host, pool *types.ManagedObjectReference) func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
	return func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if pool != nil {
			to := exact(*pool)
			if _, fault := v.s.poolHosts(ctx, to); fault != nil {
				return nil, fault
			}
			v.s.setPool(ctx, v.Self, to)
		}
		m, ok := v.s.machine(v.Self)
		if !ok {
			return nil, &types.ManagedObjectNotFound{Obj: v.Self}
		}
		if host == nil {
			members, fault := v.s.machinePoolHosts(ctx, v.VirtualMachine)
			if fault != nil {
				return nil, fault
			}
			if simulator.FindReference(members, m.host) != nil {
				return nil, nil // it is where it may be
			}
			target, fault := v.s.migrationTarget(ctx, v.VirtualMachine, m)
			if fault != nil {
				return nil, fault
			}
			host = &target
		}
		return nil, v.s.migrate(ctx, v.VirtualMachine, *host)
	}
}

func (s *Sim) machinePoolHosts(ctx *simulator.Context, vm *simulator.VirtualMachine) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	var pool *types.ManagedObjectReference
	ctx.WithLock(vm, func() { pool = vm.ResourcePool })
	if pool == nil {
		return nil, &types.InvalidState{}
	}
	return s.poolHosts(ctx, *pool)
}

// migrationTarget chooses another host as DRS does.
func (s *Sim) migrationTarget(ctx *simulator.Context, vm *simulator.VirtualMachine, m machine) (types.ManagedObjectReference, types.BaseMethodFault) {
	none := types.ManagedObjectReference{}
	refs, fault := s.machinePoolHosts(ctx, vm)
	if fault != nil {
		return none, fault
	}
	members := s.managed(without(refs, m.host))
	list, why := s.drsCandidates(ctx, m.ref, members)
	if len(list) == 0 {
		return none, s.incompatible(ctx, s.settingsOf(members), m.ref, why)
	}
	return hostRef(list[0].Host.ID), nil
}

func (s *Sim) homeDatastore(ctx *simulator.Context, vm *simulator.VirtualMachine) string {
	var path object.DatastorePath
	ctx.WithLock(vm, func() { path.FromString(vm.Config.Files.VmPathName) })
	return path.Datastore
}

// migrate moves a machine, by vMotion when it runs. No lock is held meanwhile: the machine stays readable.
func (s *Sim) migrate(ctx *simulator.Context, vm *simulator.VirtualMachine, to types.ManagedObjectReference) types.BaseMethodFault {
	return s.migrateBy(ctx, vm, to, byUser)
}

// mover is who wants a migration.
type mover bool

const (
	byUser mover = false
	byDRS  mover = true
)

func (s *Sim) migrateBy(ctx *simulator.Context, vm *simulator.VirtualMachine, to types.ManagedObjectReference, by mover) types.BaseMethodFault {
	before, ok := s.machine(vm.Self)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: vm.Self}
	}
	if before.host == to {
		return nil
	}
	if fault := s.mayMigrate(ctx, vm, before, to); fault != nil {
		return fault
	}
	event := types.VmBeingHotMigratedEvent{VmEvent: s.vmEvent(ctx, before)}
	if target := s.hostEvent(ctx, to); target.Host != nil {
		event.DestHost = *target.Host
	}
	if before.on {
		s.post(&event)
		if !s.wait(MigrationTime) {
			return &types.RequestCanceled{}
		}
		if fault := s.mayMigrate(ctx, vm, before, to); fault != nil {
			return fault // a host was lost meanwhile
		}
	}
	ctx.WithLock(vm, func() { s.reregister(ctx, vm, to) })
	after, _ := s.machine(vm.Self)
	migrated := &types.VmMigratedEvent{VmEvent: s.vmEvent(ctx, after), SourceDatastore: s.datastoreArgument(ctx, vm)}
	migrated.Ds = migrated.SourceDatastore
	if source := s.hostEvent(ctx, before.host); source.Host != nil {
		migrated.SourceHost = *source.Host
	}
	if by == byDRS && before.on {
		s.post(&types.DrsVmMigratedEvent{VmMigratedEvent: *migrated})
	} else {
		s.post(migrated)
	}
	return nil
}

func (s *Sim) mayMigrate(ctx *simulator.Context, vm *simulator.VirtualMachine, m machine, to types.ManagedObjectReference) types.BaseMethodFault {
	target, ok := s.host(to)
	source, _ := s.host(m.host)
	switch {
	case !ok:
		return &types.ManagedObjectNotFound{Obj: to}
	case !target.responding || target.disconnected, m.on && !source.responding:
		return &types.HostNotConnected{}
	case m.on && target.maintenance:
		return &types.InvalidState{}
	case !s.hasDatastore(ctx, to, s.homeDatastore(ctx, vm)):
		return &types.InvalidDatastore{}
	}
	// vMotion closes the machine's files on one host and opens them on the other: both must reach them.
	for _, ds := range m.files {
		_, from := source.lost[ds]
		if _, at := target.lost[ds]; at || m.on && from {
			return &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &ds}}
		}
	}
	if fault := s.ruleAgainst(ctx, m.ref, to); fault != nil && m.on {
		return fault
	}
	if now, ok := s.machine(m.ref); !ok || now.on != m.on || now.host != m.host {
		return &types.InvalidState{}
	}
	if !m.on {
		return nil
	}
	if target.cluster.Value != "" && target.cluster != source.cluster {
		if fault := s.admit(target.cluster, m, m.cpuReserved, m.memoryReserved); fault != nil {
			return fault
		}
	}
	return s.refuseFailoverHost(to)
}
