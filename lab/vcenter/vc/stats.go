package vc

import (
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/guest"
	"vsphere-ha/lab/vcenter/perf"
)

// What ESXi itself uses and its storage does (assumptions of the usual order).
const (
	hostIdleMHz = 120
	hostIdleMB  = 1500
	// storageKBps is what a host's storage can carry; diskLatencyMs what it takes when idle.
	storageKBps, diskLatencyMs = 400 << 10, 1
)

// statistics are the samples of every host, machine and cluster.
type statistics struct {
	mu     sync.Mutex
	series map[types.ManagedObjectReference]*perf.Series
}

// statsLoop measures every host with its machines.
func (s *Sim) statsLoop() {
	s.clock.Every(s.life, perf.RealTime, s.sweep)
}

// sweep takes one real-time sample of everything that runs, in one pass over the machines.
func (s *Sim) sweep() {
	at := s.clock.Now().Round(perf.RealTime)
	used := s.fleet.Used()
	byHost := s.machinesByHost()
	clusters := map[types.ManagedObjectReference]perf.Sample{}
	ctx := s.context()
	for _, h := range s.allHosts() {
		_, since := h.server.Up()
		if !s.reaches(h.server) || !h.responding || h.disconnected {
			continue
		}
		host, machines := measureHost(h, byHost[h.ref], used)
		for i, m := range byHost[h.ref] {
			if _, runs := used[m.id]; runs {
				s.stats.add(m.ref, at, machines[i])
				s.showMachine(ctx, m, machines[i])
			}
		}
		s.stats.add(h.ref, at, host)
		s.showHost(ctx, h.ref, host, s.uptime(since))
		if h.cluster.Value != "" {
			sum := clusters[h.cluster]
			sum.Add(host)
			clusters[h.cluster] = sum
		}
	}
	for ref, sum := range clusters {
		s.stats.add(ref, at, sum)
	}
	s.stats.forget(func(ref types.ManagedObjectReference) bool { return ctx.Map.Get(ref) == nil })
}

// measureHost shares a host's processors among its machines and returns its sample and theirs, in their order. Machines
// that do not run use nothing.
func measureHost(h managedHost, machines []machine, used map[string]guest.Use) (host perf.Sample, each []perf.Sample) {
	core := float64(h.server.CPUMHz)
	capacity := core * float64(h.server.Cores)
	wants := make([]perf.Want, len(machines))
	disk := 0.0
	for i, m := range machines {
		use, cpus := used[m.id], float64(max(m.cpus, 1))
		demand := min(use.Idle*float64(guest.ProfileOf(m.guestID).IdleMHz)*cpus+use.CPUs*core, cpus*core)
		wants[i] = perf.Want{Demand: demand, Reservation: float64(m.cpuReserved), Limit: float64(m.cpuLimit), Shares: float64(m.cpuShares)}
		disk += use.DiskKBps
	}
	latency := diskLatencyMs / (1 - min(disk/storageKBps, 0.98)) // of a queue that fills up
	given := perf.Share(capacity-hostIdleMHz, wants)
	host = perf.Sample{
		perf.UsedMHz: hostIdleMHz, perf.DemandMHz: hostIdleMHz, perf.ConsumedMB: hostIdleMB, perf.OverheadMB: hostIdleMB,
	}
	each = make([]perf.Sample, len(machines))
	for i, m := range machines {
		use, runs := used[m.id]
		if !runs {
			continue
		}
		overhead := float32(fdm.Overhead(m.memoryMB, m.cpus))
		each[i] = perf.Sample{
			perf.UsedMHz: float32(given[i]), perf.DemandMHz: float32(wants[i].Demand), perf.CapacityMHz: float32(max(m.cpus, 1)) * float32(core),
			perf.Ready: float32((wants[i].Demand - given[i]) / core), perf.ActiveMB: float32(use.ActiveMB), perf.OverheadMB: overhead,
			perf.ConsumedMB: float32(m.memoryMB) + overhead, perf.MemoryMB: float32(m.memoryMB),
			perf.DiskKBps: float32(use.DiskKBps), perf.NetKBps: float32(use.NetKBps), perf.LatencyMs: float32(latency),
		}
		host.Add(each[i])
	}
	host[perf.CapacityMHz], host[perf.MemoryMB], host[perf.LatencyMs] = float32(capacity), float32(h.server.MemoryMB), float32(latency)
	host[perf.ConsumedMB] = min(host[perf.ConsumedMB], host[perf.MemoryMB])
	return host, each
}

func (s *Sim) machinesByHost() map[types.ManagedObjectReference][]machine {
	s.mu.Lock()
	defer s.mu.Unlock()
	by := map[types.ManagedObjectReference][]machine{}
	for _, m := range s.vms {
		by[m.host] = append(by[m.host], *m)
	}
	return by
}

// showMachine writes a machine's quick statistics. Nobody is notified of them (vSphere API reference, quickStats).
func (s *Sim) showMachine(ctx *simulator.Context, m machine, sample perf.Sample) {
	vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
	status, runs := s.fleet.Status(m.id)
	if !ok || !runs {
		return
	}
	overhead := int64(sample[perf.OverheadMB]) << 20
	ctx.WithLock(vm, func() {
		q := &vm.Summary.QuickStats
		q.OverallCpuUsage, q.OverallCpuDemand, q.UptimeSeconds = round(sample[perf.UsedMHz]), round(sample[perf.DemandMHz]), s.uptime(status.Since)
		q.OverallCpuReadiness = round(100 * sample[perf.Ready] / float32(max(m.cpus, 1)))
		q.GuestMemoryUsage, q.HostMemoryUsage, q.ConsumedOverheadMemory = round(sample[perf.ActiveMB]), round(sample[perf.ConsumedMB]), round(sample[perf.OverheadMB])
		q.PrivateMemory, q.GrantedMemory = int32(m.memoryMB), int32(m.memoryMB)
		if vm.Runtime.MemoryOverhead != overhead {
			ctx.Update(vm, []types.PropertyChange{
				{Name: "runtime.memoryOverhead", Val: overhead}, {Name: "summary.runtime.memoryOverhead", Val: overhead},
			})
		}
	})
}

func (s *Sim) showHost(ctx *simulator.Context, ref types.ManagedObjectReference, sample perf.Sample, uptime int32) {
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	ctx.WithLock(h, func() {
		h.Summary.QuickStats = types.HostListSummaryQuickStats{
			OverallCpuUsage: round(sample[perf.UsedMHz]), OverallMemoryUsage: round(sample[perf.ConsumedMB]), Uptime: uptime,
			DistributedCpuFairness: 1000, DistributedMemoryFairness: 1000,
		}
	})
}

func round(x float32) int32 { return int32(x + 0.5) }

func (t *statistics) add(ref types.ManagedObjectReference, at time.Duration, sample perf.Sample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	series := t.series[ref]
	if series == nil {
		series = &perf.Series{}
		t.series[ref] = series
	}
	series.Add(at, sample)
}

// forget drops the samples of objects that are gone.
func (t *statistics) forget(gone func(types.ManagedObjectReference) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ref := range t.series {
		if gone(ref) {
			delete(t.series, ref)
		}
	}
}

// between returns the points of an object's series; see perf.Series.Between.
func (t *statistics) between(ref types.ManagedObjectReference, interval, after, until time.Duration) []perf.Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	if series := t.series[ref]; series != nil {
		return series.Between(interval, after, until)
	}
	return nil
}

// latest is the last real-time sample of a host, machine or cluster; false before there is one.
func (t *statistics) latest(ref types.ManagedObjectReference) (perf.Sample, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	series := t.series[ref]
	if series == nil {
		return perf.Sample{}, false
	}
	p, ok := series.Last()
	return p.Sample, ok
}
