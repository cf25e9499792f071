package guest

import "time"

// Status is what a host can tell of a running machine.
type Status struct {
	Host    string
	Booted  bool
	Since   time.Time // power-on or the last restart
	Address string    // empty until the guest has booted
	// Tools tells that VMware Tools run, even if nothing is heard of them; LastBeat is zero while heartbeats arrive.
	Tools    bool
	LastBeat time.Time
	Crashed  bool // its kernel
	// App tells that an application is monitored; AppMarked is when it last said that it is active.
	App        bool
	AppMarked  time.Time
	NeedsReset bool
}

// Status reports a running machine; false when it does not run.
func (f *Fleet) Status(id string) (Status, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return Status{}, false
	}
	s := Status{
		Host: i.Host, Booted: i.booted, Since: i.since, LastBeat: i.lastBeat, Crashed: i.crashed,
		Tools: i.beaten && !i.toolsStopped, App: i.app.enabled, AppMarked: i.app.marked, NeedsReset: i.app.needsReset,
	}
	if a, ok := f.addresses.byID[id]; ok && i.booted {
		s.Address = a.String()
	}
	return s, true
}

// Vital is what a host sees of a guest that HA should look at: one whose heartbeat stopped, or whose application is
// monitored.
type Vital struct {
	ID   string
	Host string
	// Since is power-on or the last restart.
	Since time.Time
	// LastBeat and LastIO are zero while heartbeats arrive and there is I/O.
	LastBeat, LastIO time.Time
	// App tells that an application is monitored; AppMarked is when it last said that it is active.
	App        bool
	AppMarked  time.Time
	NeedsReset bool
}

// Vitals lists the guests that HA should look at.
func (f *Fleet) Vitals() []Vital {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Vital, 0, len(f.watched))
	for _, i := range f.watched {
		v := Vital{ID: i.ID, Host: i.Host, Since: i.since, App: i.app.enabled, AppMarked: i.app.marked, NeedsReset: i.app.needsReset}
		if !i.beats() {
			v.LastBeat, v.LastIO = i.lastBeat, i.lastIO
		}
		list = append(list, v)
	}
	return list
}
