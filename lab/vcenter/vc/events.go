package vc

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// post delivers events to the event manager's history and collectors.
func (s *Sim) post(events ...types.BaseEvent) {
	ctx := s.context()
	m := ctx.Map.EventManager()
	ctx.WithLock(m, func() {
		for _, e := range events {
			if x, ok := e.(*types.EventEx); ok && ctx.Map.Get(types.ManagedObjectReference{Type: x.ObjectType, Value: x.ObjectId}) == nil {
				continue // destroyed meanwhile: the simulator looks for the object's alarms, and panics without it
			}
			if b := e.GetEvent(); b.FullFormattedMessage == "" {
				b.FullFormattedMessage = summarize(e) // the simulator's own text, where it has one, replaces it
			}
			m.PostEvent(ctx, &types.PostEvent{EventToPost: e})
		}
	})
}

// summarize says what happened to what, from the event's class: "Host connected: esx-01.lab.test".
func summarize(e types.BaseEvent) string {
	text := strings.TrimSuffix(message(strings.TrimSuffix(reflect.TypeOf(e).Elem().Name(), "Event")), ".")
	b := e.GetEvent()
	switch {
	case b.Vm != nil:
		return text + ": " + b.Vm.Name
	case b.Host != nil:
		return text + ": " + b.Host.Name
	case b.ComputeResource != nil:
		return text + ": " + b.ComputeResource.Name
	}
	return text
}

func named(name string) types.EntityEventArgument { return types.EntityEventArgument{Name: name} }

func (s *Sim) event(ctx *simulator.Context, at types.ManagedObjectReference) types.Event {
	var e types.Event
	if dc := datacenterOf(ctx, at); dc != nil {
		e.Datacenter = &types.DatacenterEventArgument{EntityEventArgument: named(dc.Name), Datacenter: dc.Self}
	}
	return e
}

func (s *Sim) clusterEvent(ctx *simulator.Context, ref types.ManagedObjectReference) types.ClusterEvent {
	e := s.event(ctx, ref)
	e.ComputeResource = s.resourceArgument(ctx, ref)
	return types.ClusterEvent{Event: e}
}

func (s *Sim) resourceArgument(ctx *simulator.Context, ref types.ManagedObjectReference) *types.ComputeResourceEventArgument {
	if r, _ := base(ctx, ref); r != nil {
		return &types.ComputeResourceEventArgument{EntityEventArgument: named(r.Name), ComputeResource: ref}
	}
	return nil
}

func (s *Sim) hostEvent(ctx *simulator.Context, ref types.ManagedObjectReference) types.HostEvent {
	e := s.event(ctx, ref)
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return types.HostEvent{Event: e}
	}
	e.Host = &types.HostEventArgument{EntityEventArgument: named(h.Name), Host: ref}
	var parent types.ManagedObjectReference
	ctx.WithLock(h, func() { parent = *h.Parent })
	e.ComputeResource = s.resourceArgument(ctx, parent)
	return types.HostEvent{Event: e}
}

// vmEvent describes an event of a machine on the host that it has now.
func (s *Sim) vmEvent(ctx *simulator.Context, m machine) types.VmEvent {
	e := s.hostEvent(ctx, m.host).Event
	e.Vm = &types.VmEventArgument{EntityEventArgument: named(m.name), Vm: m.ref}
	return types.VmEvent{Event: e}
}

// datastoreArgument names the datastore of a machine's files.
func (s *Sim) datastoreArgument(ctx *simulator.Context, vm *simulator.VirtualMachine) *types.DatastoreEventArgument {
	a := &types.DatastoreEventArgument{EntityEventArgument: named(s.homeDatastore(ctx, vm))}
	ctx.WithLock(vm, func() {
		if len(vm.Datastore) > 0 {
			a.Datastore = vm.Datastore[0]
		}
	})
	return a
}

// extended makes an EventEx, the form in which HA reports most of what it does.
func (s *Sim) extended(id, severity, message string, e types.Event, about types.ManagedObjectReference, name string) *types.EventEx {
	e.FullFormattedMessage = message
	return &types.EventEx{
		Event: e, EventTypeId: id, Severity: severity, Message: message,
		ObjectId: about.Value, ObjectType: about.Type, ObjectName: name,
	}
}

var _ mo.Reference = anchor{}
