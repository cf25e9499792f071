package vc

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/guest"
	"vsphere-ha/lab/vcenter/hardware"
	"vsphere-ha/lab/vcenter/perf"
)

// BenchmarkSweepOf10000Machines takes one sample of 96 hosts with 10,000 machines, as every 20 lab seconds, and tells how
// much memory an hour of them takes.
func BenchmarkSweepOf10000Machines(b *testing.B) {
	const hosts, each = 96, 104
	used := map[string]guest.Use{}
	var managed []managedHost
	machines := make([][]machine, hosts)
	for h := range hosts {
		server := hardware.NewServer(config.Host{Name: fmt.Sprint(h), CPUMHz: 2600, Cores: 32, MemoryMB: 512 << 10}, nil, nil)
		managed = append(managed, managedHost{ref: types.ManagedObjectReference{Type: "HostSystem", Value: fmt.Sprint(h)}, server: server})
		for n := range each {
			id := fmt.Sprint(h, "-", n)
			machines[h] = append(machines[h], machine{ref: types.ManagedObjectReference{Type: "VirtualMachine", Value: id}, id: id, cpus: 2, memoryMB: 4096, cpuLimit: -1, cpuShares: 2000})
			used[id] = guest.Use{Idle: 1, CPUs: float64(n%3) / 2, ActiveMB: 400, DiskKBps: 20}
		}
	}
	stats := statistics{series: map[types.ManagedObjectReference]*perf.Series{}}
	at := time.Duration(0)
	for b.Loop() {
		at += perf.RealTime
		for h, host := range managed {
			sample, list := measureHost(host, machines[h], used)
			stats.add(host.ref, at, sample)
			for i, m := range machines[h] {
				stats.add(m.ref, at, list[i])
			}
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	samples := len(stats.between(managed[0].ref, perf.RealTime, -1, 1<<62))
	stats.series = nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(before.HeapAlloc-after.HeapAlloc)/(1<<20), "MiB")
	b.ReportMetric(float64(samples), "samples/object")
}
