package vc

import (
	"reflect"

	objects "vsphere-ha/lab/vcenter/deep"
)

// clone copies a value deeply, so that two managed objects share no memory: each has its own lock.
func clone[T any](v T) T { return objects.Copy(v) }

func deep(v reflect.Value) reflect.Value { return objects.Value(v) }

// merge lays the fields that are set in src over dst: in the vSphere API an unset field means "unchanged".
func merge[T any](dst *T, src *T) { objects.Merge(dst, src) }
