package vc_test

import (
	"reflect"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"
)

// failsWith tells whether an error is vCenter's fault of a class.
func failsWith(err error, class string) bool {
	found := false
	fault.In(err, func(f types.BaseMethodFault, _ string, _ []types.LocalizableMessage) bool {
		found = found || reflect.TypeOf(f).Elem().Name() == class
		return found
	})
	return found
}
