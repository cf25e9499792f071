package guest

import "time"

// Use is what a guest asks of its host, as rates.
type Use struct {
	// Idle is 1 while the operating system runs: it then uses its profile's IdleMHz a virtual CPU.
	Idle float64
	// CPUs is how many virtual CPUs programs keep busy, at most as many as the machine has.
	CPUs float64
	// ActiveMB is memory that is touched.
	ActiveMB float64
	// DiskKBps and NetKBps are transfer rates.
	DiskKBps, NetKBps float64
}

func (u Use) plus(v Use, factor float64) Use {
	return Use{
		Idle: u.Idle + v.Idle*factor, CPUs: u.CPUs + v.CPUs*factor, ActiveMB: u.ActiveMB + v.ActiveMB*factor,
		DiskKBps: u.DiskKBps + v.DiskKBps*factor, NetKBps: u.NetKBps + v.NetKBps*factor,
	}
}

// What guests use (assumptions of the usual order).
const (
	// activeShare is how much of its memory an idle guest keeps active.
	activeShare = 0.1
	// idleDiskKBps and idleNetKBps come from logs, time servers and the like.
	idleDiskKBps, idleNetKBps = 20, 2
	// bootCPUs and bootDiskKBps are what a start costs.
	bootCPUs, bootDiskKBps = 0.5, 8192
)

// rate is what the guest uses now. The caller holds the fleet's lock.
func (i *instance) rate() Use {
	memory, cpus := float64(i.MemoryMB), float64(max(i.CPUs, 1))
	switch {
	case i.dead:
		// A kernel that has panicked waits in a busy loop on one processor (Linux, kernel/panic.c).
		return Use{CPUs: 1, ActiveMB: memory * activeShare}
	case !i.booted:
		return Use{Idle: 1, CPUs: min(bootCPUs, cpus), ActiveMB: memory * activeShare, DiskKBps: bootDiskKBps}
	case i.frozen:
		return Use{ActiveMB: memory * activeShare}
	}
	u := Use{Idle: 1, ActiveMB: memory * activeShare, DiskKBps: idleDiskKBps, NetKBps: idleNetKBps}
	for _, p := range i.processes {
		if p.running() {
			u = u.plus(p.load.use(cpus), 1)
		}
	}
	u.CPUs, u.ActiveMB = min(u.CPUs, cpus), min(u.ActiveMB, memory)
	return u
}

// account closes the time since the last change at the rate that held until now. The caller holds the fleet's lock.
func (i *instance) account(now time.Time) {
	i.used = i.used.plus(i.current, now.Sub(i.accounted).Seconds())
	i.accounted = now
	i.current = i.rate()
}

// Used is the mean use of every running machine since the last call, by identifier: one pass, so that sampling ten
// thousand machines stays cheap.
func (f *Fleet) Used() map[string]Use {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	all := make(map[string]Use, len(f.running))
	for id, i := range f.running {
		i.account(now)
		if span := now.Sub(i.sampled).Seconds(); span > 0 {
			all[id] = Use{}.plus(i.used, 1/span)
		} else {
			all[id] = i.current
		}
		i.used, i.sampled = Use{}, now
	}
	return all
}
