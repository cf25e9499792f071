package drs

import (
	"cmp"
	"slices"

	"vsphere-ha/lab/vcenter/placement"
)

// Plan lists the moves that empty leaving hosts and keep rules, and the machines that should move and cannot. Leaving hosts
// come first; rules that need not be kept never break ones that must be, nor are they kept where no host has room.
func (c *Cluster) Plan() (moves []Move, stuck []Stuck) {
	slices.SortFunc(c.Machines, func(a, b Machine) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID)) })
	site := c.site()
	for _, m := range c.Machines {
		if h := c.host(m.Host); h != nil && h.Leaving && m.Level != Disabled {
			move, lost := c.evacuate(site, m)
			moves, stuck = append(moves, move...), append(stuck, lost...)
		}
	}
	for i := range c.Rules {
		move, lost := c.keep(site, &c.Rules[i])
		moves, stuck = append(moves, move...), append(stuck, lost...)
	}
	return once(moves), stuck
}

// once joins several moves of a machine.
func once(moves []Move) []Move {
	var list []Move
	for _, m := range moves {
		if i := slices.IndexFunc(list, func(x Move) bool { return x.Machine.ID == m.Machine.ID }); i >= 0 {
			list[i].To = m.To
		} else {
			list = append(list, m)
		}
	}
	return slices.DeleteFunc(list, func(m Move) bool { return m.From == m.To })
}

func (c *Cluster) evacuate(site *placement.Site, m Machine) ([]Move, []Stuck) {
	list, why := c.candidates(site, m)
	if len(list) == 0 {
		return nil, []Stuck{{m, Maintenance, why}}
	}
	return []Move{c.move(m, list[0].Host, Maintenance)}, nil
}

func (c *Cluster) move(m Machine, to *Host, reason Reason) Move {
	move := Move{Machine: m, From: c.Where[m.ID], To: to.ID, Reason: reason}
	c.take(m, to)
	return move
}

// keep moves machines so that a rule is kept, if it is not.
func (c *Cluster) keep(site *placement.Site, r *placement.Rule) ([]Move, []Stuck) {
	if Kept(r, c.Where) {
		return nil, nil
	}
	if r.Kind == placement.Together {
		return c.gather(site, r)
	}
	var moves []Move
	var stuck []Stuck
	for _, m := range c.members(r) {
		if !broken(r, m.ID, c.Where) {
			continue
		}
		list, why := c.candidates(site, m)
		now := c.brokenBy(m)
		list = slices.DeleteFunc(list, func(x Candidate) bool {
			// Two rules that contradict each other must not send a machine to and fro.
			return x.Host.ID == c.Where[m.ID] || slices.Contains(x.Verdict.Broken, r.Name) || !r.Required && len(x.Verdict.Broken) >= now
		})
		switch {
		case len(list) > 0:
			moves = append(moves, c.move(m, list[0].Host, reasonOf(r)))
		case r.Required:
			stuck = append(stuck, Stuck{m, reasonOf(r), why})
		}
	}
	if Kept(r, c.Where) {
		stuck = nil // another machine moved out of the way
	}
	return moves, stuck
}

// gather brings machines together on the host that most of them can share, preferring the one that has most of them.
func (c *Cluster) gather(site *placement.Site, r *placement.Rule) ([]Move, []Stuck) {
	members := c.members(r)
	here := map[string]int{}
	for _, vm := range r.VMs {
		here[c.Where[vm]]++
	}
	targets := make([]*Host, 0, len(c.Hosts))
	for i := range c.Hosts {
		if h := &c.Hosts[i]; h.Open && !h.Leaving {
			targets = append(targets, h)
		}
	}
	slices.SortStableFunc(targets, func(a, b *Host) int { return cmp.Compare(here[b.ID], here[a.ID]) })
	for _, target := range targets {
		if moves, ok := c.together(site, r, members, target); ok {
			return moves, nil
		}
	}
	if !r.Required || len(members) == 0 {
		return nil, nil
	}
	_, why := c.candidates(site, members[0])
	return nil, []Stuck{{members[0], Together, why}}
}

// together tries to bring all to one host; what it tried is undone where that fails.
func (c *Cluster) together(site *placement.Site, r *placement.Rule, members []Machine, target *Host) ([]Move, bool) {
	var moves []Move
	for _, m := range members {
		if c.Where[m.ID] == target.ID {
			continue
		}
		v := site.Judge(m.VM, target.Host)
		others := slices.ContainsFunc(v.Broken, func(name string) bool { return name != r.Name })
		if others && !r.Required || slices.ContainsFunc(v.Obstacles, func(o placement.Obstacle) bool {
			return o != placement.Obstacle{Lack: placement.BreaksRule, What: r.Name}
		}) {
			break
		}
		moves = append(moves, c.move(m, target, Together))
	}
	if Kept(r, c.Where) {
		return moves, true
	}
	for _, m := range slices.Backward(moves) {
		c.take(m.Machine, c.host(m.From))
	}
	return nil, false
}

// members are the machines of a rule that DRS may move or recommend to move.
func (c *Cluster) members(r *placement.Rule) []Machine {
	var list []Machine
	for _, m := range c.Machines {
		if m.Level != Disabled && slices.Contains(r.VMs, m.ID) {
			list = append(list, m)
		}
	}
	return list
}

// brokenBy counts the rules that a machine breaks where it is.
func (c *Cluster) brokenBy(m Machine) int {
	n := 0
	for i := range c.Rules {
		if slices.Contains(c.Rules[i].VMs, m.ID) && broken(&c.Rules[i], m.ID, c.Where) {
			n++
		}
	}
	return n
}

func reasonOf(r *placement.Rule) Reason {
	switch {
	case r.Kind == placement.Apart:
		return Apart
	case r.Kind == placement.Together:
		return Together
	case r.Required:
		return HardHosts
	}
	return SoftHosts
}

// Kept tells whether the machines that run keep a rule.
func Kept(r *placement.Rule, where map[string]string) bool {
	return !slices.ContainsFunc(r.VMs, func(vm string) bool { return broken(r, vm, where) })
}

func broken(r *placement.Rule, vm string, where map[string]string) bool {
	host, runs := where[vm]
	if !runs {
		return false
	}
	switch r.Kind {
	case placement.On:
		return !r.Hosts[host]
	case placement.Off:
		return r.Hosts[host]
	}
	return slices.ContainsFunc(r.VMs, func(other string) bool {
		at, on := where[other]
		return on && other != vm && (at == host) == (r.Kind == placement.Apart)
	})
}
