package vc

import (
	"reflect"
	"unsafe"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type eventCollector struct {
	*simulator.EventHistoryCollector
}

type taskCollector struct {
	*simulator.TaskHistoryCollector
}

// RewindCollector lets the next read begin with the oldest event.
func (c *eventCollector) RewindCollector(*simulator.Context, *types.RewindCollector) soap.HasFault {
	return rewind(c.HistoryCollector)
}

// RewindCollector lets the next read begin with the oldest task.
func (c *taskCollector) RewindCollector(*simulator.Context, *types.RewindCollector) soap.HasFault {
	return rewind(c.HistoryCollector)
}

// rewind forgets the position, as it is when a collector is new. The simulator's own goes to the oldest item, as if that had
// been read; it keeps the position to itself.
func rewind(c *simulator.HistoryCollector) soap.HasFault {
	position := reflect.ValueOf(c).Elem().FieldByName("pos")
	reflect.NewAt(position.Type(), unsafe.Pointer(position.UnsafeAddr())).Elem().SetZero()
	return &methods.RewindCollectorBody{Res: &types.RewindCollectorResponse{}}
}
