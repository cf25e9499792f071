package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// The provider asks whether a resource pool is a vApp before it creates a machine in it.
func TestReferenceOfAnotherTypeIsNotFound(t *testing.T) {
	l := labtest.Start(t, 200)
	pool, err := l.Cluster("ha", l.Hosts(1)).ResourcePool(l.Ctx())
	l.Must(err)
	_, err = l.Finder.ObjectReference(l.Ctx(), types.ManagedObjectReference{Type: "VirtualApp", Value: pool.Reference().Value})
	if err == nil || !soap.IsSoapFault(err) {
		t.Fatalf("%v", err)
	}
	if _, ok := soap.ToSoapFault(err).VimFault().(types.ManagedObjectNotFound); !ok {
		t.Errorf("%#v", soap.ToSoapFault(err))
	}
}
