package fdm

import (
	"slices"
	"strings"
	"time"

	"vsphere-ha/lab/vcenter/placement"
)

// Numbers of the restart. Sources: VMware vSphere Availability, "How vSphere HA Works" and "das.maxvmrestartcount";
// Deep Dive, "Restarting virtual machines" (10–15 s from the declaration to the machine running). The spacing of attempts
// is the Deep Dive's; VMware's documentation gives the number only.
const (
	// PlacementTime is from the declaration of death to the first power-on.
	PlacementTime = 5 * time.Second
	// PowerOnTime is from a power-on to the machine running; with PlacementTime it makes the 10–15 s.
	PowerOnTime = 7 * time.Second
	// ListReadTime is from a master's election to its first restarts from the list of protected machines: T25 to T35.
	ListReadTime = 10 * time.Second
	// MaxAttempts is how often a restart is tried, the first time included.
	MaxAttempts = 5
)

// retryAfter is waited after each attempt that failed: attempts follow at 0, 2, 6, 14 and 30 minutes. More of them, which
// das.maxvmrestartcount allows, are as far apart as the last two (an assumption).
var retryAfter = []time.Duration{2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute}

// VM is a machine to restart.
type VM struct {
	placement.VM
	Name      string
	Priority  Priority
	Condition Condition
	// Delay is waited after the condition. Machines of lower priority wait for it no longer than Timeout.
	Delay, Timeout time.Duration
	// DependsOn lists machines that must be ready first. No time-out ends that wait (vSphere API reference,
	// ClusterDependencyRuleInfo).
	DependsOn []string
}

// Action is a decision about a machine: start it on Host, report that no host can take it (once), or give up.
type Action struct {
	VM     VM
	Host   string
	NoRoom bool
	GiveUp bool
	// Why tells of NoRoom what each host lacks.
	Why []placement.Obstacle
}

type phase int

const (
	waiting phase = iota
	starting
	started
	abandoned
)

type restart struct {
	VM
	phase    phase
	eligible time.Duration // no earlier than this
	failures int
	placed   bool // a host was found
	host     string
	opened   time.Duration // its priority's turn came
	ready    time.Duration // the condition was met
	reported bool
}

// Restarter restarts machines of failed hosts in order of priority and of dependence.
type Restarter struct {
	// Attempts is how often a restart is tried (das.maxvmrestartcount).
	Attempts int
	queue    []*restart
}

// NewRestarter has nothing to do.
func NewRestarter() *Restarter { return &Restarter{Attempts: MaxAttempts} }

// Add queues a machine that its master misses since the given time: since its host was declared dead, for one.
func (r *Restarter) Add(vm VM, missed time.Duration) {
	if x := r.find(vm.ID); x != nil {
		if x.phase == waiting || x.phase == starting {
			return
		}
		r.Drop(vm.ID) // it was restarted, and is lost again
	}
	r.queue = append(r.queue, &restart{VM: vm, eligible: missed + PlacementTime, opened: -1, ready: -1})
	slices.SortStableFunc(r.queue, func(a, b *restart) int {
		if a.Priority != b.Priority {
			return int(b.Priority - a.Priority)
		}
		return strings.Compare(a.Name, b.Name)
	})
}

func (r *Restarter) find(id string) *restart {
	for _, x := range r.queue {
		if x.ID == id {
			return x
		}
	}
	return nil
}

// Started tells that a power-on succeeded.
func (r *Restarter) Started(id string) {
	if x := r.find(id); x != nil {
		x.phase = started
	}
}

// Failed tells that a power-on failed; it is tried again later, or given up after the last attempt.
func (r *Restarter) Failed(id string, now time.Duration) {
	x := r.find(id)
	if x == nil || x.phase != starting {
		return
	}
	x.eligible = now + retryAfter[min(x.failures, len(retryAfter)-1)]
	x.failures++
	x.phase, x.placed, x.reported = waiting, false, false
}

// HostDied takes back the restarts that were under way on a host which is now declared dead, and returns their machines:
// they go elsewhere at once, because nothing was wrong with them.
func (r *Restarter) HostDied(host string, now time.Duration) []string {
	var ids []string
	for _, x := range r.queue {
		if x.phase == starting && x.host == host {
			x.phase, x.placed, x.eligible = waiting, false, now+PlacementTime
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// TakeOver starts anew at the given time, with a new master: attempts count from the first again. What a host that lives was
// ordered to start goes on.
func (r *Restarter) TakeOver(at time.Duration, lives func(host string) bool) {
	for _, x := range r.queue {
		if x.phase == starting && !lives(x.host) {
			x.phase, x.placed = waiting, false
		}
		if x.phase == waiting {
			x.failures, x.eligible, x.reported = 0, at, false
		}
	}
}

// Drop forgets a machine that was deleted or started by somebody else.
func (r *Restarter) Drop(id string) {
	r.queue = slices.DeleteFunc(r.queue, func(x *restart) bool { return x.ID == id })
}

// Pending tells whether machines still wait or start.
func (r *Restarter) Pending() bool {
	return slices.ContainsFunc(r.queue, func(x *restart) bool { return x.phase == waiting || x.phase == starting })
}

// Clear forgets everything once nothing is pending.
func (r *Restarter) Clear() {
	if !r.Pending() {
		r.queue = nil
	}
}

// Step returns the machines to start now. look is called when a machine may start, to see the hosts; progress tells what
// has become of a machine, and ready whether one that is not being restarted keeps no machine waiting that depends on it.
func (r *Restarter) Step(now time.Duration, look func() View, progress func(id string) Progress, ready func(id string) bool) []Action {
	var view *View
	lazily := func() *View {
		if view == nil {
			v := look()
			view = &v
		}
		return view
	}
	for _, x := range r.queue {
		x.watch(now, progress)
	}
	var actions []Action
	open := true
	for at := 0; at < len(r.queue) && open; {
		end := at
		for end < len(r.queue) && r.queue[end].Priority == r.queue[at].Priority {
			end++
		}
		group := r.queue[at:end]
		for _, x := range group {
			if x.opened < 0 {
				x.opened = now
			}
			actions = append(actions, r.try(x, now, lazily, ready)...)
			x.watch(now, progress)
		}
		open = !slices.ContainsFunc(group, func(x *restart) bool { return x.holdsUp(now) })
		at = end
	}
	return actions
}

// watch notes when the machine's condition is met.
func (x *restart) watch(now time.Duration, progress func(string) Progress) {
	switch {
	case x.ready >= 0:
	case x.Condition == WhenPlaced && x.placed, x.Condition != WhenPlaced && x.phase == started && x.Condition.Met(progress(x.ID)):
		x.ready = now
	}
}

// holdsUp tells whether machines of lower priority wait for this one: until it is ready, given up, or out of time. Where
// the condition is none, a machine that no host can take holds nobody up, and no time-out applies: the condition asks for
// placement in order and no more (vSphere API reference, ClusterVmReadinessReadyCondition and restartPriorityTimeout).
func (x *restart) holdsUp(now time.Duration) bool {
	switch {
	case x.phase == abandoned, x.isReady(now):
		return false
	case x.Condition == WhenPlaced:
		return x.placed
	}
	return now-x.opened < x.Timeout
}

func (x *restart) isReady(now time.Duration) bool { return x.ready >= 0 && now-x.ready >= x.Delay }

func (r *Restarter) try(x *restart, now time.Duration, look func() *View, ready func(string) bool) []Action {
	if x.phase != waiting {
		return nil
	}
	wait, never := r.held(x, now, ready)
	switch {
	case never || x.failures >= r.Attempts:
		x.phase = abandoned
		return []Action{{VM: x.VM, GiveUp: true}}
	case wait || now < x.eligible:
		return nil
	}
	view := look()
	i, busy := view.Place(x.VM.VM)
	if i < 0 {
		if busy || x.reported {
			return nil
		}
		x.reported = true
		return []Action{{VM: x.VM, NoRoom: true, Why: view.obstacles(x.VM.VM)}}
	}
	view.take(x.VM.VM, i)
	x.phase, x.placed, x.host = starting, true, view.Hosts[i].ID
	return []Action{{VM: x.VM, Host: x.host}}
}

// held tells whether a machine waits for others that it depends on, or will wait for ever because one was given up.
func (r *Restarter) held(x *restart, now time.Duration, ready func(string) bool) (wait, never bool) {
	for _, id := range x.DependsOn {
		switch other := r.find(id); {
		case other == nil:
			wait = wait || !ready(id)
		case other.phase == abandoned:
			never = true
		default:
			wait = wait || !other.isReady(now)
		}
	}
	return wait, never
}
