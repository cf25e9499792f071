package vc

import "vsphere-ha/lab/vcenter/deep"

// clone copies a value deeply, so that two managed objects share no memory: each has its own lock.
func clone[T any](v T) T { return deep.Copy(v) }

// merge lays the fields that are set in src over dst: in the vSphere API an unset field means "unchanged".
func merge[T any](dst *T, src *T) { deep.Merge(dst, src) }
