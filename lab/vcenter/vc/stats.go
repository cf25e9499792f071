package vc

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/guest"
)

const (
	// statsEvery is the interval of vCenter's real-time statistics (vSphere Monitoring and Performance).
	statsEvery = 20 * time.Second
	// hostIdleMHz and hostIdleMB are what ESXi uses by itself (assumptions of the usual order).
	hostIdleMHz = 120
	hostIdleMB  = 1500
	// activeShare is how much of its memory an idle guest keeps active (an assumption).
	activeShare = 0.1
)

// statsLoop keeps the quick statistics of machines and hosts.
func (s *Sim) statsLoop() {
	s.clock.Every(s.life, statsEvery, func() {
		ctx := s.context()
		for _, h := range s.allHosts() {
			s.measureHost(ctx, h)
		}
	})
}

func (s *Sim) measureHost(ctx *simulator.Context, h managedHost) {
	up, since := h.server.Up()
	if !up || !h.responding || h.disconnected {
		return
	}
	mhz, mb := int32(hostIdleMHz), int32(hostIdleMB)
	for _, m := range s.machinesOn(h.ref) {
		if cpu, memory, ok := s.measureMachine(ctx, m); ok {
			mhz, mb = mhz+cpu, mb+memory
		}
	}
	s.change(ctx, h.ref,
		types.PropertyChange{Name: "summary.quickStats", Val: types.HostListSummaryQuickStats{
			OverallCpuUsage: mhz, OverallMemoryUsage: mb, Uptime: s.uptime(since), DistributedCpuFairness: 1000, DistributedMemoryFairness: 1000,
		}})
}

// measureMachine publishes a running machine's statistics; false for one that is off.
func (s *Sim) measureMachine(ctx *simulator.Context, m machine) (mhz, mb int32, ok bool) {
	status, runs := s.fleet.Status(m.id)
	vm, known := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
	if !runs || !known {
		return 0, 0, false
	}
	p := guest.ProfileOf(m.guestID)
	mhz = int32(p.IdleMHz * max(m.cpus, 1))
	active := int32(float64(m.memoryMB) * activeShare)
	overhead := int32(fdm.Overhead(m.memoryMB, m.cpus))
	mb = int32(m.memoryMB) + overhead
	ctx.WithLock(vm, func() {
		q := vm.Summary.QuickStats
		q.OverallCpuUsage, q.OverallCpuDemand, q.UptimeSeconds = mhz, mhz, s.uptime(status.Since)
		q.GuestMemoryUsage, q.HostMemoryUsage, q.ConsumedOverheadMemory = active, mb, overhead
		ctx.Update(vm, []types.PropertyChange{
			{Name: "summary.quickStats", Val: q},
			{Name: "runtime.memoryOverhead", Val: int64(overhead) << 20},
			{Name: "summary.runtime.memoryOverhead", Val: int64(overhead) << 20},
		})
	})
	return mhz, mb, true
}
