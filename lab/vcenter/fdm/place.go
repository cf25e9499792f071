package fdm

import "vsphere-ha/lab/vcenter/placement"

// MaxPowerOns is how many restarts go to one host at once (Deep Dive, "Restart Retries").
const MaxPowerOns = 32

// Host is a host that the master can order to start machines.
type Host struct {
	placement.Host
	// Starting is how many restarts are under way there.
	Starting int
	// Dedicated hosts are kept free for failovers: they come first (vSphere API reference,
	// ClusterFailoverHostAdmissionControlPolicy).
	Dedicated bool
}

// View is what the master knows when it looks for hosts.
type View struct {
	Hosts []Host
	Site  *placement.Site
}

// Place chooses a host: dedicated ones first, then those that break the fewest rules that need not be kept, then those with
// the fewest restarts under way, then the one with most memory free, so that restarts spread. It returns -1 where none
// will do; busy then tells that one would, but for the restarts under way there.
func (v *View) Place(vm placement.VM) (best int, busy bool) {
	best = -1
	broken := 0
	for i, h := range v.Hosts {
		verdict := v.Site.Judge(vm, h.Host)
		switch {
		case !verdict.Fits():
			continue
		case h.Starting >= MaxPowerOns:
			busy = true
			continue
		}
		if n := len(verdict.Broken); best < 0 || better(h, v.Hosts[best], n, broken) {
			best, broken = i, n
		}
	}
	return best, busy
}

func better(a, b Host, brokenA, brokenB int) bool {
	switch {
	case a.Dedicated != b.Dedicated:
		return a.Dedicated
	case brokenA != brokenB:
		return brokenA < brokenB
	case a.Starting != b.Starting:
		return a.Starting < b.Starting
	case a.Memory != b.Memory:
		return a.Memory > b.Memory
	}
	return a.ID < b.ID
}

func (v *View) take(vm placement.VM, host int) {
	v.Site.Take(vm, &v.Hosts[host].Host)
	v.Hosts[host].Starting++
}

func (v *View) obstacles(vm placement.VM) []placement.Obstacle {
	var all []placement.Obstacle
	for _, h := range v.Hosts {
		all = append(all, v.Site.Judge(vm, h.Host).Obstacles...)
	}
	return all
}
