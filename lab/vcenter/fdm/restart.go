package fdm

import (
	"slices"
	"strings"
	"time"
)

// Numbers of the restart. Sources: VMware vSphere Availability, "How vSphere HA Works" and "das.maxvmrestartcount";
// Deep Dive, "Restarting virtual machines" (10–15 s from the declaration to the machine running, at most 32 power-ons at
// once a host). The spacing of attempts is the Deep Dive's; VMware's documentation gives the number only.
const (
	// PlacementTime is from the declaration of death to the first power-on.
	PlacementTime = 5 * time.Second
	// PowerOnTime is from a power-on to the machine running; with PlacementTime it makes the 10–15 s.
	PowerOnTime = 7 * time.Second
	// MaxPowerOns is how many restarts go to one host at once.
	MaxPowerOns = 32
)

// Attempts are the times at which a restart that fails is tried, counted from the first.
var Attempts = []time.Duration{0, 2 * time.Minute, 6 * time.Minute, 14 * time.Minute, 30 * time.Minute}

// Priority orders restarts; the higher go first. Disabled machines do not restart.
type Priority int

// The restart priorities of the API, from "disabled" to "highest".
const (
	Disabled Priority = iota
	Lowest
	Low
	Medium
	High
	Highest
)

// ParsePriority reads the API's word; false for one that it does not know.
func ParsePriority(word string) (Priority, bool) {
	i := slices.Index([]string{"disabled", "lowest", "low", "medium", "high", "highest"}, word)
	return Priority(i), i >= 0
}

// Condition is what a machine must reach before machines of the next priority start.
type Condition string

// The restart conditions of the API (ClusterVmReadinessReadyCondition). None is met when resources are allocated.
const (
	WhenPlaced    Condition = "none"
	WhenPoweredOn Condition = "poweredOn"
	WhenHeartbeat Condition = "guestHbStatusGreen"
	WhenApp       Condition = "appHbStatusGreen"
)

// VM is a machine to restart. CPU is in MHz, Memory in MB: what a host must have free, overhead included.
type VM struct {
	ID          string
	Name        string
	Priority    Priority
	CPU, Memory int64
	Condition   Condition
	// Delay is waited after the condition, Timeout for it.
	Delay, Timeout time.Duration
}

// Room is what a host has left for machines.
type Room struct {
	Host        string
	CPU, Memory int64
	// Starting is how many restarts are under way there.
	Starting int
}

// Progress is what has become of a restarted machine.
type Progress struct{ Heartbeat bool }

// Action is a decision about a machine: start it on Host, report that no host has room (once), or give up.
type Action struct {
	VM          VM
	Host        string
	NoResources bool
	GiveUp      bool
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
	first    time.Duration // the first attempt
	failures int
	placed   time.Duration
	running  time.Duration
	ready    time.Duration // the condition was met
	reported bool
}

// Restarter restarts machines of failed hosts in order of priority.
type Restarter struct {
	queue  []*restart
	opened map[Priority]time.Duration
}

// NewRestarter has nothing to do.
func NewRestarter() *Restarter { return &Restarter{opened: map[Priority]time.Duration{}} }

// Add queues a machine of a host that was declared dead at the given time.
func (r *Restarter) Add(vm VM, dead time.Duration) {
	if r.find(vm.ID) != nil {
		return
	}
	r.queue = append(r.queue, &restart{VM: vm, eligible: dead + PlacementTime, first: -1, placed: -1, running: -1, ready: -1})
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
func (r *Restarter) Started(id string, now time.Duration) {
	if x := r.find(id); x != nil {
		x.phase, x.running = started, now
	}
}

// Failed tells that a power-on failed; it is tried again later, or given up after the last attempt.
func (r *Restarter) Failed(id string, now time.Duration) {
	x := r.find(id)
	if x == nil {
		return
	}
	x.failures++
	x.phase = waiting
	if x.failures < len(Attempts) {
		x.eligible = max(now, x.first+Attempts[x.failures])
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
		r.queue, r.opened = nil, map[Priority]time.Duration{}
	}
}

// Step returns the machines to start now. fits says whether a host has what a machine needs beside capacity, such as its
// datastore and networks; progress tells what has become of machines that were started.
func (r *Restarter) Step(now time.Duration, rooms []Room, fits func(vm, host string) bool, progress func(id string) Progress) []Action {
	rooms = slices.Clone(rooms)
	var actions []Action
	open := true
	for at := 0; at < len(r.queue) && open; {
		end := at
		for end < len(r.queue) && r.queue[end].Priority == r.queue[at].Priority {
			end++
		}
		group := r.queue[at:end]
		if _, ok := r.opened[group[0].Priority]; !ok {
			r.opened[group[0].Priority] = now
		}
		for _, x := range group {
			actions = append(actions, r.try(x, now, rooms, fits)...)
		}
		open = r.met(group, now, progress)
		at = end
	}
	return actions
}

// met tells whether the next priority may start: each machine is ready, given up, or out of time.
func (r *Restarter) met(group []*restart, now time.Duration, progress func(string) Progress) bool {
	all := true
	for _, x := range group {
		if x.ready < 0 && x.satisfied(progress) {
			x.ready = now
		}
		late := x.Timeout > 0 && now-r.opened[x.Priority] >= x.Timeout
		if x.phase != abandoned && !late && (x.ready < 0 || now-x.ready < x.Delay) {
			all = false
		}
	}
	return all
}

func (x *restart) satisfied(progress func(string) Progress) bool {
	switch x.Condition {
	case WhenPoweredOn:
		return x.phase == started
	case WhenHeartbeat, WhenApp:
		return x.phase == started && progress(x.ID).Heartbeat
	default:
		return x.placed >= 0
	}
}

func (r *Restarter) try(x *restart, now time.Duration, rooms []Room, fits func(vm, host string) bool) []Action {
	if x.phase != waiting {
		return nil
	}
	if x.failures >= len(Attempts) {
		x.phase = abandoned
		return []Action{{VM: x.VM, GiveUp: true}}
	}
	if now < x.eligible {
		return nil
	}
	i, busy := Place(x.VM, rooms, fits)
	if i < 0 {
		if busy || x.reported {
			return nil
		}
		x.reported = true
		return []Action{{VM: x.VM, NoResources: true}}
	}
	rooms[i].CPU -= x.CPU
	rooms[i].Memory -= x.Memory
	rooms[i].Starting++
	x.phase, x.placed = starting, now
	if x.first < 0 {
		x.first = now
	}
	return []Action{{VM: x.VM, Host: rooms[i].Host}}
}

// Place chooses the host with the fewest restarts under way and, of those, with the most memory free, so that restarts
// spread. It returns -1 where none has room; busy then tells that one will, once its restarts are done.
func Place(vm VM, rooms []Room, fits func(vm, host string) bool) (best int, busy bool) {
	best = -1
	for i, room := range rooms {
		if room.CPU < vm.CPU || room.Memory < vm.Memory || !fits(vm.ID, room.Host) {
			continue
		}
		if room.Starting >= MaxPowerOns {
			busy = true
			continue
		}
		if best < 0 || better(room, rooms[best]) {
			best = i
		}
	}
	return best, busy
}

func better(a, b Room) bool {
	if a.Starting != b.Starting {
		return a.Starting < b.Starting
	}
	if a.Memory != b.Memory {
		return a.Memory > b.Memory
	}
	return a.Host < b.Host
}
