package vc

import (
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// expandTraversals replaces a recursive traversal by the objects that it selects. The simulator follows a traversal from
// objects of any type, not from those of the traversal's own alone, and so runs in a circle (pool, its machines, their
// pool) until the process ends.
func expandTraversals(ctx *simulator.Context, set []types.PropertyFilterSpec) {
	for i := range set {
		t := traversal{
			ctx: ctx, named: map[string]*types.TraversalSpec{}, visited: map[visit]bool{},
			chosen: map[types.ManagedObjectReference]bool{},
		}
		for _, o := range set[i].ObjectSet {
			t.learn(o.SelectSet)
			// From a vApp the simulator finds no pools: what it embeds has the name of the property.
			t.recursive = t.recursive || o.Obj.Type == "VirtualApp" && o.SelectSet != nil
		}
		if !t.recursive || t.nested || missing(ctx, set[i].ObjectSet) {
			continue // the simulator has the right answer, or the right fault
		}
		for _, o := range set[i].ObjectSet {
			if o.Skip == nil || !*o.Skip {
				t.choose(o.Obj)
			}
			t.follow(o.Obj, o.SelectSet)
		}
		set[i].ReportMissingObjectsInResults = types.NewBool(true) // one may have gone since it was selected
		set[i].ObjectSet = t.selected
	}
}

// missing tells whether a traversal starts at an object that does not exist.
func missing(ctx *simulator.Context, set []types.ObjectSpec) bool {
	return ctx.Session == nil || slices.ContainsFunc(set, func(o types.ObjectSpec) bool { return ctx.Session.Get(o.Obj) == nil })
}

type traversal struct {
	ctx       *simulator.Context
	named     map[string]*types.TraversalSpec
	recursive bool // a traversal is named by another
	nested    bool // a path has more than one part, which this leaves to the simulator
	visited   map[visit]bool
	chosen    map[types.ManagedObjectReference]bool
	selected  []types.ObjectSpec
}

type visit struct {
	spec *types.TraversalSpec
	from types.ManagedObjectReference
}

func (t *traversal) learn(set []types.BaseSelectionSpec) {
	for _, s := range set {
		spec, ok := s.(*types.TraversalSpec)
		if !ok {
			t.recursive = true
			continue
		}
		t.nested = t.nested || strings.Contains(spec.Path, ".")
		if spec.Name != "" {
			t.named[spec.Name] = spec
		}
		t.learn(spec.SelectSet)
	}
}

func (t *traversal) choose(ref types.ManagedObjectReference) {
	if !t.chosen[ref] {
		t.chosen[ref] = true
		t.selected = append(t.selected, types.ObjectSpec{Obj: ref})
	}
}

func (t *traversal) follow(from types.ManagedObjectReference, set []types.BaseSelectionSpec) {
	for _, s := range set {
		spec, ok := s.(*types.TraversalSpec)
		if !ok {
			spec = t.named[s.GetSelectionSpec().Name]
		}
		if spec == nil || !isKindOf(from.Type, spec.Type) || t.visited[visit{spec, from}] {
			continue
		}
		t.visited[visit{spec, from}] = true
		for _, ref := range references(t.ctx, from, spec.Path) {
			if spec.Skip == nil || !*spec.Skip {
				t.choose(ref)
			}
			t.follow(ref, spec.SelectSet)
		}
	}
}

// isKindOf tells whether a managed object type is another one or derived from it, as far as traversals name base types.
func isKindOf(kind, base string) bool {
	return kind == base || base == "ManagedEntity" || kind == "ClusterComputeResource" && base == "ComputeResource" ||
		kind == "StoragePod" && base == "Folder" || kind == "VirtualApp" && base == "ResourcePool"
}

// references reads a property whose value is one reference or a list of them.
func references(ctx *simulator.Context, from types.ManagedObjectReference, property string) (refs []types.ManagedObjectReference) {
	return referencesIn(ctx, ctx.Map.Get(from), from.Type, property)
}

func referencesIn(ctx *simulator.Context, obj mo.Reference, kind, property string) (refs []types.ManagedObjectReference) {
	if obj == nil || property == "" {
		return nil
	}
	ctx.WithLock(obj, func() {
		field, ok := at(managedObject(obj, kind), property)
		if !ok || !field.IsValid() {
			return
		}
		switch v := field.Interface().(type) {
		case types.ManagedObjectReference:
			refs = []types.ManagedObjectReference{v}
		case *types.ManagedObjectReference:
			if v != nil {
				refs = []types.ManagedObjectReference{*v}
			}
		case []types.ManagedObjectReference:
			refs = slices.Clone(v)
		}
	})
	return refs
}

// managedObject finds the struct of the API's properties in what the simulator keeps for an object.
func managedObject(obj mo.Reference, kind string) reflect.Value {
	v := reflect.Indirect(reflect.ValueOf(obj))
	for v.Type().PkgPath() != reflect.TypeFor[mo.Folder]().PkgPath() {
		f, ok := v.Type().FieldByName(kind)
		if !ok || !f.Anonymous {
			break
		}
		v = reflect.Indirect(v.FieldByIndex(f.Index))
	}
	return v
}
