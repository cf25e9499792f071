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

// The states that agents and masters report. The others of the API (errors of configuring an agent) are vCenter's own.
const (
	Uninitialized State = "uninitialized"
	Election      State = "election"
	Master        State = "master"
	Connected     State = "connectedToMaster"
	Partitioned   State = "networkPartitionedFromMaster"
	Isolated      State = "networkIsolated"
	Unreachable   State = "fdmUnreachable"
	HostDown      State = "hostDown"
)

// Durations of the failure timelines, in lab time. Source: Duncan Epping, Niels Hagoort and Frank Denneman, "vSphere 6.7
// Clustering Deep Dive", part I, "Failure detection time" and "Isolation detection", and VMware vSphere Availability,
// "vSphere HA Heartbeats".
const (
	// AgentStart is from a host's agent starting until it takes part in the cluster (an assumption; not documented).
	AgentStart = 10 * time.Second
	// ElectionStart is how long secondaries miss the master's heartbeats before they elect another: T10.
	ElectionStart = 10 * time.Second
	// ElectionTime is from the start of the election to a new master: T10 to T25.
	ElectionTime = 15 * time.Second
	// UnreachableAfter is when a master calls a silent host unreachable and starts to ping it: T10. A new master counts
	// from its election: T25 to T35.
	UnreachableAfter = 10 * time.Second
	// DeadAfter is when it is declared dead if no heartbeat datastore is there to ask: T15, after 5 s of pings.
	DeadAfter = 15 * time.Second
	// DatastoresFrom is when a master starts to watch the heartbeat datastores: T3.
	DatastoresFrom = 3 * time.Second
	// DatastoresSilent is how long it watches them in vain before it declares a host dead: T3 to T18, or for a new master
	// T35 to T50.
	DatastoresSilent = 15 * time.Second
	// IsolationPing is how long a master that hears nobody pings the isolation addresses before it declares itself
	// isolated: T0 to T5 for a master, T25 to T30 for a secondary, which has just elected itself.
	IsolationPing = 5 * time.Second
)

// Observation is what is true of one member at one instant. Hosts in maintenance mode or disconnected by an
// administrator are no members.
type Observation struct {
	ID string
	// Up means that ESXi runs, so that it answers pings; Agent that its HA agent runs, too.
	Up, Agent bool
	// Datastores is how many datastores it reaches: the member with most of them wins an election.
	Datastores int
	// Segment names the part of the management network that it is in: members of one segment hear each other.
	Segment string
	// Gateway means that an isolation address answers it.
	Gateway bool
	// VCenter means that it and vCenter reach each other.
	VCenter bool
	// Heartbeats are the heartbeat datastores that it reaches.
	Heartbeats []string
}

// Change is a state that vCenter learns. The empty State means that the host stopped being a member.
type Change struct {
	Host     string
	State    State
	Reporter string // the master, or the host itself; empty when vCenter says it of its own
}

// Outcome is what is decided in one step.
type Outcome struct {
	Changes []Change
	// Dead are hosts whose machines must restart elsewhere, each named once for every time it fails.
	Dead []string
}

// Cluster follows the agents of one HA cluster.
type Cluster struct {
	members  map[string]*agent
	master   string        // the one that vCenter listens to
	headless time.Duration // since when vCenter reaches no master; negative while it does
}

// NewCluster has no members yet.
func NewCluster() *Cluster { return &Cluster{members: map[string]*agent{}, headless: -1} }

// Master is the master that vCenter listens to, or empty.
func (c *Cluster) Master() string { return c.master }

// Report is what vCenter knows of a member; false for a host that is no member.
func (c *Cluster) Report(id string) (Change, bool) {
	a := c.members[id]
	if a == nil {
		return Change{}, false
	}
	return Change{Host: id, State: a.reported, Reporter: a.reporter}, true
}

// State is a member's state as vCenter knows it; false for a host that is no member.
func (c *Cluster) State(id string) (State, bool) {
	r, ok := c.Report(id)
	return r.State, ok
}

// Responsible is the master that restarts machines: of several, which a partition makes, the one elected first, because
// it holds the locks on the datastores' lists of protected machines. Empty while there is none.
func (c *Cluster) Responsible() string {
	if m := c.responsible(); m != nil {
		return m.ID
	}
	return ""
}

// Obeys tells whether the responsible master can start machines on a host, as far as it knows: its own, or one that was
// connected to it when it heard from it last, unless that is too long ago.
func (c *Cluster) Obeys(id string) bool {
	m, a := c.responsible(), c.members[id]
	if m == nil || a == nil || a == m {
		return a != nil && a == m
	}
	w := m.watched[id]
	return w != nil && w.state == Connected
}

// IsolatedSince is when a running host declared itself isolated; false for one that has not. Only the host itself knows
// it at once.
func (c *Cluster) IsolatedSince(id string) (time.Duration, bool) {
	a := c.members[id]
	if a == nil || !a.runs() || a.role != Isolated {
		return 0, false
	}
	return a.isolated, true
}

// Step takes what is true at an instant, which must not go back, and returns what is decided then. heartbeatDatastores
// tells whether the cluster has any.
func (c *Cluster) Step(now time.Duration, seen []Observation, heartbeatDatastores bool) Outcome {
	out := Outcome{Changes: c.observe(now, seen)}
	agents := c.ordered()
	for _, a := range agents {
		c.follow(now, a, agents)
	}
	elect(now, agents)
	for _, a := range agents {
		a.isolate(now, agents)
	}
	for _, a := range agents {
		if a.leads() {
			a.judge(now, agents, heartbeatDatastores)
		}
	}
	out.Dead = c.bury()
	out.Changes = append(out.Changes, c.report(now, agents)...)
	return out
}

func (c *Cluster) ordered() []*agent {
	list := make([]*agent, 0, len(c.members))
	for _, m := range c.members {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *agent) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// observe takes in what is true now, new members and those that are none any more.
func (c *Cluster) observe(now time.Duration, seen []Observation) []Change {
	present := map[string]bool{}
	for _, o := range seen {
		present[o.ID] = true
		a := c.members[o.ID]
		if a == nil {
			a = &agent{since: now, joined: now, role: Uninitialized, alone: -1}
			c.members[o.ID] = a
		} else if ran := a.runs(); ran != (o.Up && o.Agent) {
			a.since = now
			if !ran { // it starts anew, and so do its part in the cluster and its chance to be declared dead
				a.role, a.watched, a.alone, a.declared = Uninitialized, nil, -1, false
			}
		}
		a.Observation = o
	}
	var changes []Change
	for _, a := range c.ordered() {
		if !present[a.ID] {
			delete(c.members, a.ID)
			changes = append(changes, Change{Host: a.ID})
		}
	}
	return changes
}

// responsible is the master that was elected first.
func (c *Cluster) responsible() *agent {
	var first *agent
	for _, a := range c.ordered() {
		if a.leads() && (first == nil || a.elected < first.elected) {
			first = a
		}
	}
	return first
}

// bury names the hosts that the responsible master has found dead and nobody did before.
func (c *Cluster) bury() []string {
	m := c.responsible()
	if m == nil {
		return nil
	}
	var dead []string
	for _, a := range c.ordered() {
		if w := m.watched[a.ID]; w == nil || a == m {
			continue
		} else if w.alive {
			a.declared = false
		} else if w.dead && !a.declared {
			a.declared = true
			dead = append(dead, a.ID)
		}
	}
	return dead
}
