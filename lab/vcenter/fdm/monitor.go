package fdm

import (
	"slices"
	"time"
)

// Numbers of VM and application monitoring.
const (
	// IOStatsInterval is for how long there must have been neither disk nor network I/O before a machine without heartbeats
	// is reset (vSphere Availability, das.iostatsinterval).
	IOStatsInterval = 120 * time.Second
	// AppHeartbeat is how often a monitored application has to say that it is active, whatever the failure interval is
	// (vSphere HA Application Monitoring, VMGuestAppMonitor_MarkActive).
	AppHeartbeat = 30 * time.Second
)

// Monitoring is how HA watches one machine (vSphere API reference, ClusterVmToolsMonitoringSettings).
type Monitoring struct {
	// Guest and App tell which heartbeats HA reacts to.
	Guest, App bool
	// FailureInterval is for how long a heartbeat may be missing; nothing is done before MinUpTime has passed since power-on
	// or reset.
	FailureInterval, MinUpTime time.Duration
	// IOInterval of zero leaves I/O out of account.
	IOInterval time.Duration
	// MaxResets is how many there may be in Window; a negative window is all the time.
	MaxResets int
	Window    time.Duration
}

// Vital is what a host's agent sees of a machine that runs there and needs a look: instants in lab time.
type Vital struct {
	ID string
	// Since is power-on or the last reset.
	Since time.Duration
	// LastBeat and LastIO are negative while heartbeats arrive and there is I/O.
	LastBeat, LastIO time.Duration
	// App tells that an application is monitored; AppMarked is when it last said that it is active.
	App        bool
	AppMarked  time.Duration
	NeedsReset bool
}

// ResetReason says why a machine is reset (vSphere API reference, VmDasBeingResetEventReasonCode).
type ResetReason string

// The reasons that monitoring can have.
const (
	GuestSilent  ResetReason = "vmtoolsHeartbeatFailure"
	AppSilent    ResetReason = "appHeartbeatFailure"
	AppAsksReset ResetReason = "appImmediateResetRequest"
)

// Reset is a decision: reset the machine where it runs.
type Reset struct {
	ID     string
	Reason ResetReason
}

// Monitor decides which machines are reset.
type Monitor struct {
	patients map[string]*patient
}

type patient struct {
	resets []time.Duration
	// ordered is the last order to reset; the session that it was for began at since.
	ordered, since time.Duration
}

// NewMonitor has reset nothing yet.
func NewMonitor() *Monitor { return &Monitor{patients: map[string]*patient{}} }

// Step takes the machines that need a look and returns those to reset. A reset that had no effect is ordered again after
// another failure interval.
func (m *Monitor) Step(now time.Duration, vitals []Vital, settings func(id string) Monitoring) []Reset {
	var orders []Reset
	for _, v := range vitals {
		s := settings(v.ID)
		reason := s.judge(now, v)
		w := m.patients[v.ID]
		if reason == "" {
			continue
		}
		if w == nil {
			w = &patient{since: -1}
			m.patients[v.ID] = w
		}
		being := w.since == v.Since && now-w.ordered < s.FailureInterval
		if !being && w.within(now, s.Window) < s.MaxResets {
			w.resets, w.ordered, w.since = append(w.resets, now), now, v.Since
			orders = append(orders, Reset{ID: v.ID, Reason: reason})
		}
	}
	return orders
}

// judge tells why a machine should be reset; empty where it should not.
func (s Monitoring) judge(now time.Duration, v Vital) ResetReason {
	if s.App && v.App && v.NeedsReset {
		return AppAsksReset
	}
	if now-v.Since < s.MinUpTime {
		return ""
	}
	silent := v.LastBeat >= 0 && now-v.LastBeat >= s.FailureInterval
	idle := s.IOInterval == 0 || v.LastIO >= 0 && now-v.LastIO >= s.IOInterval
	switch {
	case s.Guest && silent && idle:
		return GuestSilent
	case s.App && v.App && now-v.AppMarked >= max(s.FailureInterval, AppHeartbeat):
		return AppSilent
	}
	return ""
}

// within counts the resets in a window that ends now, and forgets older ones.
func (w *patient) within(now, window time.Duration) int {
	if window >= 0 {
		w.resets = slices.DeleteFunc(w.resets, func(at time.Duration) bool { return now-at >= window })
	}
	return len(w.resets)
}
