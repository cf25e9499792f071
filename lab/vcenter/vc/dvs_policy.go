package vc

import (
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

// Port settings are policies, each of which either has a value of its own or follows that of the level above: the port
// group follows its switch (vSphere Web Services API reference, DVPortSetting and InheritablePolicy).

var inheritable = reflect.TypeFor[types.InheritablePolicy]()

// layPort lays what a specification states over settings. A policy that it states as inherited takes the parent's value;
// a switch has no parent.
func layPort(settings, spec, parent *types.VMwareDVSPortSetting) {
	above := reflect.Value{}
	if parent != nil {
		above = reflect.ValueOf(parent).Elem()
	}
	layPolicies(reflect.ValueOf(settings).Elem(), reflect.ValueOf(spec).Elem(), above)
}

// followPort is what a level with settings of its own has when those above are the parent's.
func followPort(own, parent *types.VMwareDVSPortSetting) *types.VMwareDVSPortSetting {
	followed := clone(parent)
	markInherited(reflect.ValueOf(followed).Elem())
	if own != nil {
		layPort(followed, own, parent)
	}
	return followed
}

func layPolicies(settings, spec, parent reflect.Value) {
	for i := range spec.NumField() {
		from, to := spec.Field(i), settings.Field(i)
		above := reflect.Value{}
		if parent.IsValid() {
			above = parent.Field(i)
		}
		switch {
		case from.Type() == inheritable:
		case from.Kind() == reflect.Struct:
			layPolicies(to, from, above)
		case from.IsZero():
		case from.Kind() == reflect.Pointer && isGroup(from.Type().Elem()):
			if to.IsNil() {
				to.Set(reflect.New(from.Type().Elem()))
			}
			if above.IsValid() {
				above = above.Elem()
			}
			layPolicies(to.Elem(), from.Elem(), above)
			to.Elem().FieldByName("Inherited").SetBool(allInherited(to.Elem()))
		case isInherited(from) && above.IsValid() && !above.IsZero():
			to.Set(deep(above))
			markInherited(structOf(to))
		default:
			to.Set(deep(from))
		}
	}
}

// isGroup tells whether a policy consists of others.
func isGroup(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Type.Kind() == reflect.Pointer && isPolicy(f.Type.Elem()) {
			return true
		}
	}
	return false
}

func isPolicy(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("Inherited")
	return ok && f.Type.Kind() == reflect.Bool
}

// structOf finds the struct behind a pointer or an interface that holds one; invalid where there is none.
func structOf(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return reflect.Value{}
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	return v
}

func isInherited(v reflect.Value) bool {
	s := structOf(v)
	return s.IsValid() && isPolicy(s.Type()) && s.FieldByName("Inherited").Bool()
}

func allInherited(group reflect.Value) bool {
	for i := range group.NumField() {
		if s := structOf(group.Field(i)); s.IsValid() && isPolicy(s.Type()) && !s.FieldByName("Inherited").Bool() {
			return false
		}
	}
	return true
}

// markInherited says of every policy within that its value comes from above.
func markInherited(v reflect.Value) {
	if !v.IsValid() {
		return
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == inheritable {
			f.Field(f.NumField() - 1).SetBool(true)
		} else if s := structOf(f); s.IsValid() {
			markInherited(s)
		}
	}
}
