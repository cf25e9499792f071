package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
	"vsphere-ha/lab/vcenter/vc"
)

// HA finds a machine on its host and tells of it a moment later: somebody may have destroyed it in between.
func TestEventsOfDestroyedMachinesAreDropped(t *testing.T) {
	l := labtest.Start(t, 200)
	about := func(kind, value string) *types.EventEx {
		return &types.EventEx{EventTypeId: "com.vmware.vc.HA.VmUnprotectedEvent", ObjectType: kind, ObjectId: value}
	}
	host := l.Hosts(1)[0].Reference()
	vc.Post(l.Sim, about("VirtualMachine", "vm-destroyed"), about(host.Type, host.Value))
	events := l.Events("com.vmware.vc.HA.VmUnprotectedEvent")
	if len(events) != 1 || events[0].(*types.EventEx).ObjectId != host.Value {
		t.Errorf("%#v", events)
	}
}
