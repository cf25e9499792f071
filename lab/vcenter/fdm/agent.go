package fdm

import "time"

// agent is one member's Fault Domain Manager: what it is, and what it believes of the others.
type agent struct {
	Observation
	joined   time.Duration // when it became a member
	since    time.Duration // of running, or of having stopped
	role     State         // Uninitialized, Election, Master, Connected or Isolated, as it sees itself
	master   string        // that it is connected to
	heard    time.Duration // when it heard that master last
	electing time.Duration // when it entered the election
	elected  time.Duration // when it became master
	alone    time.Duration // since when, as master, it hears no agent and no isolation address; negative otherwise
	isolated time.Duration // when it declared itself isolated
	watched  map[string]*watched

	declared bool // dead, once for each of its failures
	reported State
	reporter string
}

func (a *agent) runs() bool { return a.Up && a.Agent }

func (a *agent) leads() bool { return a.runs() && a.role == Master }

// pings tells whether the other host answers.
func (a *agent) pings(b *agent) bool { return a.Up && b.Up && a.Segment == b.Segment }

// hears tells whether the two agents exchange heartbeats.
func (a *agent) hears(b *agent) bool { return a.runs() && b.runs() && a.Segment == b.Segment }

func (a *agent) hearsAny(agents []*agent) bool {
	for _, b := range agents {
		if a != b && a.hears(b) {
			return true
		}
	}
	return false
}

// better orders candidates: most datastores, and of equals the identifier that sorts last (Deep Dive, "Election": the
// highest managed object identifier, compared as text).
func (a *agent) better(b *agent) bool {
	return a.Datastores > b.Datastores || a.Datastores == b.Datastores && a.ID > b.ID
}

func (a *agent) run(at time.Duration) { a.role, a.electing, a.alone = Election, at, -1 }

func (a *agent) join(now time.Duration, m *agent) {
	a.role, a.master, a.heard, a.watched, a.alone = Connected, m.ID, now, nil, -1
}

// follow moves an agent on by itself: it enters an election when it has started, when its master is gone, and when it
// is no longer isolated.
func (c *Cluster) follow(now time.Duration, a *agent, agents []*agent) {
	if !a.runs() {
		return
	}
	switch a.role {
	case Uninitialized:
		if now-a.since >= AgentStart {
			a.run(now)
		}
	case Connected:
		m := c.members[a.master]
		switch {
		case m == nil: // it left in good order, so nobody waits for its heartbeats
			a.run(now)
		case m.leads() && a.hears(m):
			a.heard = now
		case now-a.heard >= ElectionStart:
			a.run(a.heard + ElectionStart)
		}
	case Isolated:
		if a.Gateway || a.hearsAny(agents) {
			a.run(now)
		}
	}
}

// elect gives every segment one master. Where two meet, because a partition is over, the better one stays (vSphere API
// reference, ClusterDasFdmHostState: all but one abdicate).
func elect(now time.Duration, agents []*agent) {
	segments := map[string][]*agent{}
	for _, a := range agents {
		if a.runs() {
			segments[a.Segment] = append(segments[a.Segment], a)
		}
	}
	for _, all := range segments {
		if m := leader(all); m != nil {
			for _, a := range all {
				if a != m && (a.role == Election || a.role == Master || a.role == Connected && a.master != m.ID) {
					a.join(now, m)
				}
			}
			continue
		}
		best, start := candidate(all)
		if best == nil || now-start < ElectionTime {
			continue
		}
		best.role, best.elected, best.watched = Master, start+ElectionTime, map[string]*watched{}
		for _, a := range all {
			if a != best && a.role == Election {
				a.join(now, best)
			}
		}
	}
}

func leader(all []*agent) *agent {
	var best *agent
	for _, a := range all {
		if a.role == Master && (best == nil || a.better(best)) {
			best = a
		}
	}
	return best
}

// candidate is who wins the election of a segment, and when the election started.
func candidate(all []*agent) (best *agent, start time.Duration) {
	for _, a := range all {
		if a.role != Election {
			continue
		}
		if best == nil || a.electing < start {
			start = a.electing
		}
		if best == nil || a.better(best) {
			best = a
		}
	}
	return best, start
}

// isolate lets a master that hears no agent and no isolation address declare itself isolated.
func (a *agent) isolate(now time.Duration, agents []*agent) {
	if !a.leads() || a.Gateway || a.hearsAny(agents) {
		a.alone = -1
		return
	}
	if a.alone < 0 {
		a.alone = now
	}
	if now-a.alone >= IsolationPing {
		a.role, a.isolated, a.watched = Isolated, now, nil
	}
}
