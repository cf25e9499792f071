package fdm

import (
	"slices"
	"time"
)

// watched is what a master believes of another member.
type watched struct {
	state     State // empty until it knows
	met       bool  // it has heard of it since its own election
	heard     time.Duration
	datastore time.Duration // last sign of life on a heartbeat datastore
	alive     bool          // it gave a sign of life just now
	dead      bool
}

// judge lets a master form its view of every other member: by its heartbeats, its answers to pings, and its signs of
// life on heartbeat datastores, in that order.
func (m *agent) judge(now time.Duration, agents []*agent, heartbeatDatastores bool) {
	present := map[string]bool{}
	for _, a := range agents {
		if a == m {
			continue
		}
		present[a.ID] = true
		w := m.watched[a.ID]
		if w == nil {
			w = &watched{heard: max(m.elected, a.joined)}
			m.watched[a.ID] = w
		}
		m.assess(now, a, w, heartbeatDatastores)
	}
	for id := range m.watched {
		if !present[id] {
			delete(m.watched, id)
		}
	}
}

func (m *agent) assess(now time.Duration, a *agent, w *watched, heartbeatDatastores bool) {
	beats := a.runs() && slices.ContainsFunc(a.Heartbeats, func(d string) bool { return slices.Contains(m.Heartbeats, d) })
	if beats {
		w.datastore = now
	}
	w.alive = beats || m.pings(a)
	silent := now - w.heard
	switch {
	case m.hears(a):
		w.state, w.met, w.heard, w.dead = a.role, true, now, false
	case silent < UnreachableAfter:
	case m.pings(a): // the host lives, whatever became of its agent
		w.state, w.dead = Unreachable, false
	case beats && a.role == Isolated: // it says so on the heartbeat datastores
		w.state, w.dead = Isolated, false
	case silent < DeadAfter:
		w.state = Unreachable
	case beats && now >= w.verdict(heartbeatDatastores):
		w.state, w.dead = Partitioned, false
	case !beats && now >= w.deadline(heartbeatDatastores):
		w.state, w.dead = HostDown, true
	}
}

// verdict is when a master has looked long enough to tell a host that is cut off from one that is dead.
func (w *watched) verdict(heartbeatDatastores bool) time.Duration {
	switch {
	case !w.met:
		return w.heard + UnreachableAfter + DatastoresSilent
	case heartbeatDatastores:
		return w.heard + DatastoresFrom + DatastoresSilent
	}
	return w.heard + DeadAfter
}

// deadline is when a host that gives no sign is declared dead: one that was seen on a heartbeat datastore later gets
// the full time from there.
func (w *watched) deadline(heartbeatDatastores bool) time.Duration {
	at := w.verdict(heartbeatDatastores)
	if heartbeatDatastores && w.datastore > w.heard+DatastoresFrom {
		at = max(at, w.datastore+DatastoresSilent)
	}
	return at
}
