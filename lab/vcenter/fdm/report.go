package fdm

import "time"

// report tells vCenter what has changed. It listens to one master: the responsible one if it reaches it, or else the
// one elected first of those that it reaches. Without a master it asks the agents themselves.
func (c *Cluster) report(now time.Duration, agents []*agent) []Change {
	m := c.responsible()
	if m == nil || !m.VCenter {
		m = nil
		for _, a := range agents {
			if a.leads() && a.VCenter && (m == nil || a.elected < m.elected) {
				m = a
			}
		}
	}
	c.master = ""
	if m != nil {
		c.master, c.headless = m.ID, -1
	} else if c.headless < 0 {
		c.headless = now
	}
	var changes []Change
	for _, a := range agents {
		state, reporter := c.stateOf(now, a, m)
		if state == "" || state == a.reported {
			continue
		}
		a.reported, a.reporter = state, reporter
		changes = append(changes, Change{Host: a.ID, State: state, Reporter: reporter})
	}
	return changes
}

// stateOf is a member's state and who says so; empty when nobody has anything new to say.
func (c *Cluster) stateOf(now time.Duration, a, master *agent) (State, string) {
	switch {
	case a == master:
		return Master, a.ID
	case master != nil:
		if w := master.watched[a.ID]; w != nil && w.state != "" {
			return w.state, master.ID
		}
	case a.runs() && a.VCenter && (a.role == Election || a.role == Uninitialized):
		return a.role, a.ID
	case a.runs() && a.VCenter: // it has not noticed yet that its master is gone
	case now-c.headless >= UnreachableAfter:
		return Unreachable, ""
	}
	if a.reported == "" {
		return Uninitialized, a.ID
	}
	return "", ""
}
