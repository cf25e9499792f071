package vc

import (
	"log"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// calls knows the calls of the SOAP API that are being carried out, and the tasks.
type calls struct {
	byRequest sync.Map // address of the request → call
	sessions  *sessions

	mu    sync.Mutex
	tasks map[*simulator.Context][]types.ManagedObjectReference // what those that are carried out hold
}

type call struct {
	ctx    *simulator.Context
	method string
}

// note remembers a call that is about to be carried out. The request is found by its address: the simulator keeps it in a
// field of its own and hands it to nobody.
func (c *calls) note(ctx *simulator.Context, method string) {
	if key := reflect.ValueOf(ctx).Elem().FieldByName("req").Pointer(); key != 0 {
		c.byRequest.Store(key, call{ctx, method})
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
			if !finished {
				letGo(made.ctx, c.held(made.ctx)...)
			}
		}()
		next.ServeHTTP(w, r)
		finished = true
	})
}

// begin notes that a task is carried out, which holds an object, and returns what notes its end.
func (c *calls) begin(ctx *simulator.Context, holds types.ManagedObjectReference) (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks == nil {
		c.tasks = map[*simulator.Context][]types.ManagedObjectReference{}
	}
	c.tasks[ctx] = append(c.tasks[ctx], holds)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if i := slices.Index(c.tasks[ctx], holds); len(c.tasks[ctx]) > 1 {
			c.tasks[ctx] = slices.Delete(c.tasks[ctx], i, i+1)
		} else {
			delete(c.tasks, ctx)
		}
	}
}

// held is what the tasks hold that are carried out in a context.
func (c *calls) held(ctx *simulator.Context) []types.ManagedObjectReference {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.tasks[ctx])
}

// answered waits until the call that began a task is over: its context is the task's.
func (c *calls) answered(ctx *simulator.Context) {
	for busy := true; busy; time.Sleep(time.Millisecond) {
		busy = false
		c.byRequest.Range(func(_, made any) bool {
			busy = busy || made.(call).ctx == ctx
			return !busy
		})
	}
}

// oneAtATime are tasks of the simulator that look at datastores without locking them: of several at once, each would read
// what another writes.
var oneAtATime = []string{"CreateVm"}

// guardTask turns a panic of a task, which would end the process, into the fault that vCenter has for its own failures.
func (s *Sim) guardTask(t *simulator.Task) {
	execute, alone := t.Execute, slices.Contains(oneAtATime, t.Info.Name)
	if execute == nil {
		return // a task that an extension made and carries out itself
	}
	locked := *t.Info.Entity // what a client reads there later is another object
	t.Execute = func(t *simulator.Task) (res types.AnyType, fault types.BaseMethodFault) {
		if alone {
			s.creating.Lock()
			defer s.creating.Unlock()
		}
		ctx := *field[*simulator.Context](reflect.ValueOf(t).Elem().FieldByName("ctx"))
		defer s.calls.begin(ctx, locked)()
		defer func() {
			if problem := recover(); problem != nil {
				log.Printf("task %s: %v\n%s", t.Info.Name, problem, debug.Stack())
				s.calls.answered(ctx)
				letGo(ctx, s.calls.held(ctx)...)
				res, fault = nil, &types.SystemError{Reason: "A general system error occurred"}
			}
		}()
		return execute(t)
	}
}
