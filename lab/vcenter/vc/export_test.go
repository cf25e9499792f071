package vc

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/pbm"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vsan"
)

// Post lets tests outside the package post what only the simulation posts.
var Post = (*Sim).post

// ObjectOf finds an object of a type in any of the services; nil where there is none.
func (s *Sim) ObjectOf(kind string) mo.Reference {
	for _, path := range []string{vim25.Path, pbm.Path, vsan.Path} {
		if all := s.context().For(path).Map.AllReference(kind); len(all) > 0 {
			return all[0]
		}
	}
	return nil
}

// Implements tells whether a call of an object would be carried out by somebody: as the simulator looks it up.
func (s *Sim) Implements(obj mo.Reference, method string) bool {
	if pc, ok := obj.(*simulator.PropertyCollector); ok {
		obj = &propertyCollector{pc, s}
	} else if own := s.wrap(obj); own != nil {
		obj = own
	}
	if obj.Reference() == s.profiles.Reference() {
		obj = s.profiles
	}
	name := strings.ToUpper(method[:1]) + strings.Replace(method[1:], "_Task", "Task", 1)
	return method == "MoveIntoResourcePool" || reflect.ValueOf(obj).MethodByName(name).IsValid()
}

// Callable lists the requests that objects of each type take, and the objects, both in an order that does not change.
func (s *Sim) Callable() (requests map[string][]reflect.Type, refs []types.ManagedObjectReference) {
	requests = map[string][]reflect.Type{}
	fault := reflect.TypeFor[soap.HasFault]()
	for _, obj := range s.context().Map.AllReference("") {
		ref := obj.Reference()
		refs = append(refs, ref)
		if _, known := requests[ref.Type]; known {
			continue
		}
		if own := s.wrap(obj); own != nil {
			obj = own
		}
		var list []reflect.Type
		for i := range reflect.TypeOf(obj).NumMethod() {
			m := reflect.ValueOf(obj).Method(i).Type()
			if n := m.NumIn(); n > 0 && m.NumOut() == 1 && m.Out(0) == fault && m.In(n-1).Kind() == reflect.Pointer {
				list = append(list, m.In(n-1).Elem())
			}
		}
		slices.SortFunc(list, func(a, b reflect.Type) int { return cmp.Compare(a.Name(), b.Name()) })
		requests[ref.Type] = list
	}
	slices.SortFunc(refs, func(a, b types.ManagedObjectReference) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	return requests, refs
}

// Break starts a task of an object, the simulator's or the lab's own kind, that panics while it holds another object.
func (s *Sim) Break(entity, holding types.ManagedObjectReference, own bool) types.ManagedObjectReference {
	ctx := s.context()
	panics := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		ctx.WithLock(ctx.Map.Get(holding), func() { panic("as asked for") })
		return nil, nil
	}
	if own {
		return s.task(ctx, entity, "break", panics)
	}
	run := func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return panics(ctx) }
	return simulator.CreateTask(anchor{entity}, "break", run).Run(ctx)
}
