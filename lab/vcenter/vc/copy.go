package vc

import "reflect"

// clone copies a value deeply, so that two managed objects share no memory: each has its own lock.
func clone[T any](v T) T {
	return deep(reflect.ValueOf(&v).Elem()).Interface().(T)
}

func deep(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(deep(v.Elem()))
		return p
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		i := reflect.New(v.Type()).Elem()
		i.Set(deep(v.Elem()))
		return i
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(deep(v.Index(i)))
		}
		return s
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if c.Field(i).CanSet() {
				c.Field(i).Set(deep(v.Field(i)))
			}
		}
		return c
	default:
		return v
	}
}

// merge lays the fields that are set in src over dst: in the vSphere API an unset field means "unchanged".
func merge[T any](dst *T, src *T) {
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
			to.Set(deep(from))
		}
	}
}
