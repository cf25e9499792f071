// Package deep copies and joins data objects of the vSphere API.
package deep

import (
	"reflect"
	"strings"
)

// Copy copies a value deeply, so that two managed objects share no memory: each has its own lock.
func Copy[T any](v T) T {
	return Value(reflect.ValueOf(&v).Elem()).Interface().(T)
}

// Value is Copy for a value known by reflection only.
func Value(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(Value(v.Elem()))
		return p
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		i := reflect.New(v.Type()).Elem()
		i.Set(Value(v.Elem()))
		return i
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(Value(v.Index(i)))
		}
		return s
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if c.Field(i).CanSet() {
				c.Field(i).Set(Value(v.Field(i)))
			}
		}
		return c
	default:
		return v
	}
}

// Merge lays the fields that are set in src over dst: in the vSphere API an unset field means "unchanged".
func Merge[T any](dst *T, src *T) {
	mergeStruct(reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem())
}

func mergeStruct(dst, src reflect.Value) {
	for i := range src.NumField() {
		from, to := src.Field(i), dst.Field(i)
		switch {
		case from.IsZero():
		case from.Kind() == reflect.Pointer && from.Elem().Kind() == reflect.Struct && !to.IsNil():
			mergeStruct(to.Elem(), from.Elem())
		case from.Kind() == reflect.Struct && from.Type().PkgPath() != "time":
			mergeStruct(to, from)
		default:
			to.Set(Value(from))
		}
	}
}

// Overlay lays what a client sent for a data object over the object of the same type, both given as pointers. Properties
// that the API requires are always sent, so that their zero values count; unset optional ones mean "unchanged".
func Overlay(dst, src any) {
	overlay(reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem())
}

func overlay(dst, src reflect.Value) {
	for i := range src.NumField() {
		from, to, field := src.Field(i), dst.Field(i), src.Type().Field(i)
		optional := strings.Contains(field.Tag.Get("xml"), "omitempty")
		switch {
		case field.Anonymous && from.Kind() == reflect.Struct:
			overlay(to, from)
		case optional && from.IsZero(), (from.Kind() == reflect.Interface || from.Kind() == reflect.Pointer) && from.IsNil():
		case from.Kind() == reflect.Pointer && from.Elem().Kind() == reflect.Struct && !to.IsNil():
			overlay(to.Elem(), from.Elem())
		case from.Kind() == reflect.Struct && from.Type().PkgPath() != "time":
			overlay(to, from)
		default:
			to.Set(Value(from))
		}
	}
}
