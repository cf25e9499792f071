package vc

import (
	"log"
	"net/http"
	"reflect"
	"runtime/debug"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// calls knows the object that each call of the SOAP API is about. The simulator locks it for the call and forgets to let go
// of it when the call panics, after which nobody could read the object any more.
type calls struct {
	byRequest sync.Map
	sessions  *sessions
}

type call struct {
	ctx    *simulator.Context
	obj    mo.Reference
	method string
}

// note remembers a call that is about to be carried out. The request is found by its address: the simulator keeps it in a
// field of its own and hands it to nobody.
func (c *calls) note(ctx *simulator.Context, obj mo.Reference, method string) {
	if key := reflect.ValueOf(ctx).Elem().FieldByName("req").Pointer(); key != 0 {
		c.byRequest.Store(key, call{ctx, obj, method})
		c.sessions.begin(ctx.Session)
	}
}

// guard sees a call end. It lets go of what the call holds when it panics, and passes the panic on.
func (c *calls) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := reflect.ValueOf(r).Pointer()
		finished := false
		defer func() {
			kept, ok := c.byRequest.LoadAndDelete(key)
			if !ok {
				return
			}
			made := kept.(call)
			c.sessions.end(made.ctx.Session, made.method)
			if !finished && made.obj != nil {
				made.release()
			}
		}()
		next.ServeHTTP(w, r)
		finished = true
	})
}

// release takes the lock once more, which the context that holds it may, and then lets go twice.
func (c call) release() {
	defer func() { _ = recover() }() // it was not held
	unlock := c.ctx.Map.AcquireLock(c.ctx, c.obj)
	unlock()
	unlock()
}

// guardTask turns a panic of a task, which would end the process, into the fault that vCenter has for its own failures.
func guardTask(t *simulator.Task) {
	execute := t.Execute
	if execute == nil {
		return // a task that an extension made and carries out itself
	}
	t.Execute = func(t *simulator.Task) (res types.AnyType, fault types.BaseMethodFault) {
		defer func() {
			if problem := recover(); problem != nil {
				log.Printf("task %s: %v\n%s", t.Info.Name, problem, debug.Stack())
				res, fault = nil, &types.SystemError{Reason: "A general system error occurred"}
			}
		}()
		return execute(t)
	}
}
