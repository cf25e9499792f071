package vc_test

import (
	"context"
	"testing"

	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/task"
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

func TestARewoundCollectorBeginsWithTheOldest(t *testing.T) {
	l := labtest.Start(t, 200)
	l.Pair()
	events, err := event.NewManager(l.Client.Client).CreateCollectorForEvents(l.Ctx(), types.EventFilterSpec{})
	l.Must(err)
	tasks, err := task.NewManager(l.Client.Client).CreateCollectorForTasks(l.Ctx(), types.TaskFilterSpec{})
	l.Must(err)
	for name, c := range map[string]struct {
		read   func() any
		rewind func(context.Context) error
	}{
		"events": {func() any { list, err := events.ReadNextEvents(l.Ctx(), 2); l.Must(err); return list[0].GetEvent().Key }, events.Rewind},
		"tasks":  {func() any { list, err := tasks.ReadNextTasks(l.Ctx(), 2); l.Must(err); return list[0].Key }, tasks.Rewind},
	} {
		first := c.read()
		if c.read() == first {
			t.Errorf("%s: the second page is the first", name)
		}
		l.Must(c.rewind(l.Ctx()))
		if again := c.read(); again != first {
			t.Errorf("%s: after the rewind the first is %v, not %v", name, again, first)
		}
	}
}
