package vc

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// retrieval answers what clients ask most: properties by their paths, of objects that are named or in a view. The simulator
// answers everything, but writes each object to XML and reads it again, to have a copy.
type retrieval struct {
	ctx  *simulator.Context
	spec types.PropertyFilterSpec
	done map[types.ManagedObjectReference]bool
	out  []types.ObjectContent
}

// retrieve returns false for a request that is the simulator's to answer.
func retrieve(ctx *simulator.Context, set []types.PropertyFilterSpec) ([]types.ObjectContent, bool) {
	if len(set) != 1 || ctx.Session == nil {
		return nil, false
	}
	for _, p := range set[0].PropSet {
		if isTrue(p.All) {
			return nil, false
		}
	}
	refs, ok := requested(ctx, set[0].ObjectSet, isTrue(set[0].ReportMissingObjectsInResults))
	if !ok {
		return nil, false
	}
	r := retrieval{ctx: ctx, spec: set[0], done: map[types.ManagedObjectReference]bool{}, out: make([]types.ObjectContent, 0, len(refs))}
	for _, ref := range refs {
		if !r.add(ref) {
			return nil, false
		}
	}
	return r.out, true
}

// requested lists the objects of a request that names them, or the members of its views.
func requested(ctx *simulator.Context, set []types.ObjectSpec, missing bool) ([]types.ManagedObjectReference, bool) {
	var refs []types.ManagedObjectReference
	for _, o := range set {
		obj := ctx.Session.Get(o.Obj)
		if obj == nil {
			if missing {
				continue
			}
			return nil, false // the simulator has the right fault
		}
		if len(o.SelectSet) == 0 {
			refs = append(refs, o.Obj)
			continue
		}
		t, ok := o.SelectSet[0].(*types.TraversalSpec)
		if !ok || len(o.SelectSet) > 1 || len(t.SelectSet) > 0 || t.Path != "view" || isTrue(t.Skip) {
			return nil, false
		}
		if !isTrue(o.Skip) {
			refs = append(refs, o.Obj)
		}
		refs = append(refs, referencesIn(ctx, obj, o.Obj.Type, t.Path)...)
	}
	return refs, true
}

// add reads an object; false for one that the simulator keeps in a way of its own.
func (r *retrieval) add(ref types.ManagedObjectReference) bool {
	if r.done[ref] {
		return true
	}
	r.done[ref] = true
	obj := r.ctx.Session.Get(ref)
	if obj == nil {
		return true // it has gone
	}
	if kept, ok := obj.(interface{ Get() mo.Reference }); ok {
		obj = kept.Get()
	}
	value := managedObject(obj, ref.Type)
	if !strings.HasSuffix(value.Type().PkgPath(), "/mo") {
		return false
	}
	content, match := types.ObjectContent{Obj: ref}, false
	r.ctx.WithLock(ref, func() {
		for _, p := range r.spec.PropSet {
			if p.Type != ref.Type && p.Type != value.Type().Name() && !embeds(value.Type(), p.Type) {
				continue
			}
			match = true
			for _, path := range p.PathSet {
				read(&content, value, path)
			}
		}
	})
	if match {
		r.out = append(r.out, content)
	}
	return true
}

func embeds(t reflect.Type, name string) bool {
	f, ok := t.FieldByName(name)
	return ok && f.Anonymous
}

// read adds a property to what is known of an object; one that is unset is left out, one that does not exist is reported.
func read(content *types.ObjectContent, value reflect.Value, path string) {
	for _, p := range content.PropSet {
		if p.Name == path {
			return
		}
	}
	found, ok := at(value, path)
	switch {
	case !ok:
		content.MissingSet = append(content.MissingSet, types.MissingProperty{
			Path: path, Fault: types.LocalizedMethodFault{Fault: &types.InvalidProperty{Name: path}},
		})
	case found.IsValid():
		content.PropSet = append(content.PropSet, types.DynamicProperty{Name: path, Val: inArray(found)})
	}
}

// at follows a path. The value is not valid where something on the way is unset; false means that there is no such path. A part
// may name an element of a list by its key: device[4000], option["Misc.APDTimeout"] (API reference, PropertyChange.name).
func at(v reflect.Value, path string) (reflect.Value, bool) {
	if path == "" || strings.HasSuffix(path, ".") {
		return reflect.Value{}, false
	}
	for path != "" {
		name, key, keyed, rest := step(path)
		path = rest
		for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, true
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || name == "" {
			return reflect.Value{}, false
		}
		name = strings.ToUpper(name[:1]) + name[1:]
		if embeds(v.Type(), name) { // a vApp is a ResourcePool, and has pools of that name
			v = v.FieldByName(name)
		}
		if v = v.FieldByName(name); !v.IsValid() {
			return v, false
		}
		if keyed {
			element, ok := withKey(v, key)
			if !ok || !element.IsValid() {
				return element, ok
			}
			v = element
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return reflect.Value{}, true
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
	case reflect.String:
		if v.Len() == 0 {
			return reflect.Value{}, true
		}
	}
	return v, true
}

// step takes the first part off a path: the name of a property, and the key of one of its elements if there is one.
func step(path string) (name, key string, keyed bool, rest string) {
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, "", false, ""
	}
	name, rest = path[:end], path[end+1:]
	if path[end] == '.' {
		return name, "", false, rest
	}
	key, rest, keyed = strings.Cut(rest, "]")
	return name, strings.Trim(key, `"`), keyed, strings.TrimPrefix(rest, ".")
}

// withKey finds the element of a list that has a key; not valid when none has it, false when its elements have no keys.
func withKey(list reflect.Value, key string) (reflect.Value, bool) {
	if list.Kind() != reflect.Slice {
		return reflect.Value{}, false
	}
	for i := range list.Len() {
		element := list.Index(i)
		for element.Kind() == reflect.Interface || element.Kind() == reflect.Pointer {
			element = element.Elem()
		}
		if element.Kind() != reflect.Struct {
			return reflect.Value{}, false
		}
		own := element.FieldByName("Key")
		if !own.IsValid() {
			return reflect.Value{}, false
		}
		if fmt.Sprint(own.Interface()) == key {
			return element, true
		}
	}
	return reflect.Value{}, true
}

// arrays are the types of the API for lists of Go's own types; those of others are named for their elements.
var arrays = map[reflect.Kind]string{
	reflect.String: "String", reflect.Uint8: "Byte", reflect.Int16: "Short", reflect.Int32: "Int", reflect.Int64: "Long", reflect.Bool: "Boolean",
}

var typeOf = types.TypeFunc()

// inArray copies a value, a list in the type that the API has for it.
func inArray(v reflect.Value) any {
	if v.Kind() != reflect.Slice {
		return clone(v.Interface())
	}
	element := v.Type().Elem()
	name := strings.TrimPrefix(element.Name(), "Base")
	if element.PkgPath() == "" {
		name = arrays[element.Kind()]
	}
	kind, ok := typeOf("ArrayOf" + name)
	if !ok {
		return clone(v.Interface())
	}
	array := reflect.New(kind)
	array.Elem().FieldByName(name).Set(reflect.ValueOf(clone(v.Interface())))
	return array.Interface()
}
