package vc

import (
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// anchor stands in for a task's entity: the simulator holds the entity's lock for as long as a task runs, which would
// stop every reader of a virtual machine that takes seconds to migrate.
type anchor struct{ self types.ManagedObjectReference }

func (a anchor) Reference() types.ManagedObjectReference { return a.self }

// task runs f as a task on the entity, with no lock held and a context of its own.
func (s *Sim) task(ctx *simulator.Context, entity types.ManagedObjectReference, name string,
	f func(*simulator.Context) (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	return s.cancellable(entity, name, func(ctx *simulator.Context, _ func() bool) (types.AnyType, types.BaseMethodFault) { return f(ctx) })
}

// cancellable runs f as task does, and lets it know when a client has cancelled the task.
func (s *Sim) cancellable(entity types.ManagedObjectReference, name string,
	f func(ctx *simulator.Context, cancelled func() bool) (types.AnyType, types.BaseMethodFault)) types.ManagedObjectReference {
	a := anchor{types.ManagedObjectReference{Type: entity.Type, Value: "task-of-" + uuid.NewString()}}
	started := make(chan struct{})
	t := simulator.CreateTask(a, name, func(t *simulator.Task) (types.AnyType, types.BaseMethodFault) {
		<-started
		own, finished := s.context(), false
		defer func() {
			if !finished {
				letGo(own)
			}
		}()
		res, fault := f(own, func() (is bool) {
			s.context().WithLock(t, func() { is = t.Info.Cancelled })
			return is
		})
		finished = true
		return res, fault
	})
	own := s.context()
	ref := t.Run(own)
	own.WithLock(t, func() {
		own.Update(t, []types.PropertyChange{
			{Name: "info.entity", Val: &entity},
			{Name: "info.entityName", Val: s.entityName(entity)},
			{Name: "info.descriptionId", Val: entity.Type + "." + name},
		})
	})
	close(started)
	return ref
}

// failed is a task that ends with the fault at once.
func (s *Sim) failed(ctx *simulator.Context, entity types.ManagedObjectReference, name string, fault types.BaseMethodFault) types.ManagedObjectReference {
	return s.task(ctx, entity, name, func(*simulator.Context) (types.AnyType, types.BaseMethodFault) { return nil, fault })
}

// await waits for a task of the simulator.
func await(ctx *simulator.Context, ref types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	t, ok := ctx.Map.Get(ref).(*simulator.Task)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: ref}
	}
	t.Wait()
	var info types.TaskInfo
	ctx.WithLock(t, func() { info = t.Info })
	if info.Error != nil {
		return nil, info.Error.Fault
	}
	return info.Result, nil
}

// wait sleeps for lab time in a task; false when the lab stops meanwhile.
func (s *Sim) wait(d time.Duration) bool { return s.clock.Sleep(s.life, d) }
