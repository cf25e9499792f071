package vc

import (
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// fieldChanges lists the fields of a data object that differ, as changes of their own. The simulator's property
// collector tells a client that follows "guest.net" of a change of just that, not of one of "guest"; vCenter's tells of
// either. By name, because that is the order in which clients read an object's properties for the first time.
func fieldChanges[T any](prefix string, old, now T) []types.PropertyChange {
	var changes []types.PropertyChange
	from, to := reflect.ValueOf(old), reflect.ValueOf(now)
	for i := range to.NumField() {
		field := to.Type().Field(i)
		if field.Anonymous || reflect.DeepEqual(from.Field(i).Interface(), to.Field(i).Interface()) {
			continue
		}
		changes = append(changes, types.PropertyChange{
			Name: prefix + "." + strings.ToLower(field.Name[:1]) + field.Name[1:], Val: propertyValue(to.Field(i)),
		})
	}
	slices.SortFunc(changes, func(a, b types.PropertyChange) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

// propertyValue is a field as the simulator takes it: no pointers to plain values, and nil for what is unset.
func propertyValue(v reflect.Value) any {
	switch {
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice) && v.IsNil():
		return nil
	case v.Kind() == reflect.Pointer && v.Elem().Kind() != reflect.Struct:
		return v.Elem().Interface()
	}
	return v.Interface()
}
