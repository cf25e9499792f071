// Package fdm holds what vSphere HA's Fault Domain Manager decides: who is master, which host is dead and when, in which
// order machines restart, where, and whether there is room. It knows no clock, network or inventory: callers pass time
// and observations in and carry decisions out.
package fdm

import (
	"slices"
	"strings"
	"time"
)

// State is a host's role as vCenter reports it (vSphere API reference, ClusterDasFdmAvailabilityState).
type State string

// The states that the loss of a host can lead to. The API knows more; they belong to failures not modelled here yet.
const (
	Uninitialized State = "uninitialized"
	Election      State = "election"
	Master        State = "master"
	Connected     State = "connectedToMaster"
	Unreachable   State = "fdmUnreachable"
	HostDown      State = "hostDown"
)

// Durations of the failure timelines, in lab time. Source: Duncan Epping, Niels Hagoort and Frank Denneman, "vSphere 6.7
// Clustering Deep Dive", part I, "Failure detection time" (T0 … T18 for a secondary, T0 … T50 for the master), and VMware
// vSphere Availability, "vSphere HA Heartbeats".
const (
	// AgentStart is from a host's agent starting until it takes part in the cluster (an assumption; not documented).
	AgentStart = 10 * time.Second
	// ElectionStart is how long secondaries miss the master's heartbeats before they elect another: T10.
	ElectionStart = 10 * time.Second
	// ElectionTime is from the start of the election to a new master: T10 to T25.
	ElectionTime = 15 * time.Second
	// UnreachableAfter is when a master calls a silent host unreachable and starts to ping it: T10.
	UnreachableAfter = 10 * time.Second
	// DeadAfter is when it is declared dead if no heartbeat datastore is there to ask: T15, after 5 s of pings.
	DeadAfter = 15 * time.Second
	// DeadAfterWithDatastores adds the heartbeat datastores, watched for 15 s from T3: T18.
	DeadAfterWithDatastores = 18 * time.Second
	// NewMasterDeadAfter is how long a new master takes, from its election, to declare the hosts dead that it never heard
	// from: T25 to T50. It calls them unreachable after UnreachableAfter: T35.
	NewMasterDeadAfter = 25 * time.Second
)

// Observation is what can be seen of one member at one instant. Hosts in maintenance mode or disconnected by an
// administrator are no members.
type Observation struct {
	ID string
	// Alive means that its agent runs and sends heartbeats.
	Alive bool
	// Datastores is how many datastores it has: the member with most of them wins an election.
	Datastores int
}

// Change is a decision about a host. The zero State of Change means that it stopped being a member.
type Change struct {
	Host     string
	State    State
	Reporter string // the member that reports the state: the master, or the host itself
	Elected  bool   // it has just become master
	Dead     bool   // it has just been declared dead: its machines must restart elsewhere
}

type member struct {
	id         string
	datastores int
	state      State
	alive      bool
	since      time.Duration // of being alive, or of the last heartbeat
	dead       bool
}

// Cluster follows the members of one HA cluster.
type Cluster struct {
	members  map[string]*member
	master   string
	elected  time.Duration
	electing time.Duration // negative while there is no election
}

// NewCluster has no members yet.
func NewCluster() *Cluster { return &Cluster{members: map[string]*member{}, electing: -1} }

// Master is the current master, or empty.
func (c *Cluster) Master() string { return c.master }

// State is a member's state; false for a host that is no member.
func (c *Cluster) State(id string) (State, bool) {
	m := c.members[id]
	if m == nil {
		return "", false
	}
	return m.state, true
}

// Step takes what is seen at an instant, which must not go back, and returns what is decided then.
func (c *Cluster) Step(now time.Duration, seen []Observation, heartbeatDatastores bool) []Change {
	changes := c.observe(now, seen)
	changes = append(changes, c.watchMaster(now)...)
	changes = append(changes, c.elect(now)...)
	changes = append(changes, c.join(now)...)
	return append(changes, c.judge(now, heartbeatDatastores)...)
}

func (c *Cluster) ordered() []*member {
	list := make([]*member, 0, len(c.members))
	for _, m := range c.members {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *member) int { return strings.Compare(a.id, b.id) })
	return list
}

// set moves a member to a state and reports it, unless it is in that state already.
func (c *Cluster) set(m *member, s State) []Change {
	if m.state == s {
		return nil
	}
	m.state = s
	reporter := c.master
	if reporter == "" {
		reporter = m.id
	}
	return []Change{{Host: m.id, State: s, Reporter: reporter}}
}

func (c *Cluster) observe(now time.Duration, seen []Observation) []Change {
	var changes []Change
	present := map[string]bool{}
	for _, o := range seen {
		present[o.ID] = true
		m := c.members[o.ID]
		if m == nil {
			m = &member{id: o.ID, alive: o.Alive, since: now}
			c.members[o.ID] = m
			changes = append(changes, c.set(m, Uninitialized)...)
		}
		m.datastores = o.Datastores
		if m.alive != o.Alive {
			m.alive, m.since = o.Alive, now
			if o.Alive { // it starts anew, and so do its part in the cluster and its chance to be declared dead
				m.dead = false
				if c.master == m.id {
					c.master = ""
				}
				changes = append(changes, c.set(m, Uninitialized)...)
			}
		}
	}
	for _, m := range c.ordered() {
		if present[m.id] {
			continue
		}
		delete(c.members, m.id)
		changes = append(changes, Change{Host: m.id})
		if c.master == m.id { // it left in good order, so nobody waits for its heartbeats
			c.master, c.electing = "", now
			changes = append(changes, c.startElection()...)
		}
	}
	return changes
}

// watchMaster starts an election when the master has been silent for too long.
func (c *Cluster) watchMaster(now time.Duration) []Change {
	m := c.members[c.master]
	if m == nil || m.alive || now-m.since < ElectionStart {
		return nil
	}
	c.master, c.electing = "", m.since+ElectionStart
	return append(c.set(m, Unreachable), c.startElection()...)
}

func (c *Cluster) startElection() []Change {
	var changes []Change
	for _, m := range c.ordered() {
		if m.alive && m.state == Connected {
			changes = append(changes, c.set(m, Election)...)
		}
	}
	return changes
}

// elect makes the member with most datastores master, and of equals the one whose identifier sorts last (Deep Dive,
// "Election": the highest managed object identifier, compared as text).
func (c *Cluster) elect(now time.Duration) []Change {
	if c.master != "" {
		return nil
	}
	var changes []Change
	var best *member
	for _, m := range c.ordered() {
		if !m.alive || now-m.since < AgentStart {
			continue
		}
		changes = append(changes, c.set(m, Election)...)
		if best == nil || m.datastores > best.datastores || m.datastores == best.datastores && m.id > best.id {
			best = m
		}
	}
	switch {
	case best == nil:
		c.electing = -1
		return changes
	case c.electing < 0:
		c.electing = now
	}
	if now-c.electing < ElectionTime {
		return changes
	}
	c.master, c.elected, c.electing = best.id, c.electing+ElectionTime, -1
	win := c.set(best, Master)
	win[0].Elected = true
	return append(changes, win...)
}

// join connects every started agent to the master.
func (c *Cluster) join(now time.Duration) []Change {
	if m := c.members[c.master]; m == nil || !m.alive {
		return nil
	}
	var changes []Change
	for _, m := range c.ordered() {
		if m.alive && m.id != c.master && now-m.since >= AgentStart {
			changes = append(changes, c.set(m, Connected)...)
		}
	}
	return changes
}

// judge declares silent hosts unreachable and then dead. Only a living master can.
func (c *Cluster) judge(now time.Duration, heartbeatDatastores bool) []Change {
	if m := c.members[c.master]; m == nil || !m.alive {
		return nil
	}
	var changes []Change
	for _, m := range c.ordered() {
		if m.alive || m.dead {
			continue
		}
		from, wait := m.since, DeadAfter
		if heartbeatDatastores {
			wait = DeadAfterWithDatastores
		}
		if m.since < c.elected {
			from, wait = c.elected, NewMasterDeadAfter
		}
		switch {
		case now-from >= wait:
			m.dead = true
			dead := c.set(m, HostDown)
			if len(dead) == 0 {
				dead = []Change{{Host: m.id, State: HostDown, Reporter: c.master}}
			}
			dead[0].Dead = true
			changes = append(changes, dead...)
		case now-from >= UnreachableAfter:
			changes = append(changes, c.set(m, Unreachable)...)
		}
	}
	return changes
}
