package vc

import (
	"reflect"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// letGo releases what a context still holds after a panic. The simulator unlocks objects only where nothing panics, and
// afterwards nobody could read them any more. Each object in keep stays held as often as it is named: whoever carries out a
// task lets go of it.
//
// The simulator tells nobody which locks there are; they are read where it keeps them.
func letGo(ctx *simulator.Context, keep ...types.ManagedObjectReference) {
	registry := reflect.ValueOf(ctx.Map).Elem()
	guard := field[sync.Mutex](registry.FieldByName("m"))
	locks := registry.FieldByName("locks")
	locks = reflect.NewAt(locks.Type(), locks.Addr().UnsafePointer()).Elem() // as if it were exported
	type held struct {
		lock  reflect.Value
		times int64
	}
	var mine []held
	guard.Lock()
	for all := locks.MapRange(); all.Next(); {
		lock := all.Value()
		state := field[sync.Mutex](lock.Elem().FieldByName("stateLock"))
		state.Lock()
		owner, times := lock.Elem().FieldByName("heldBy"), lock.Elem().FieldByName("count").Int()
		if owner.IsNil() || owner.Elem().Pointer() != reflect.ValueOf(ctx).Pointer() {
			times = 0
		}
		state.Unlock()
		for _, ref := range keep {
			if all.Key().Interface() == any(ref) {
				times--
			}
		}
		mine = append(mine, held{lock, times})
	}
	guard.Unlock()
	for _, h := range mine {
		for range max(h.times, 0) {
			h.lock.MethodByName("Release").Call([]reflect.Value{reflect.ValueOf(ctx)})
		}
	}
}

// field is an unexported field of the simulator.
func field[T any](v reflect.Value) *T { return (*T)(v.Addr().UnsafePointer()) }
