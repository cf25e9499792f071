package perf

import "math"

// Counter is a statistic that the lab computes. Names and units are vSphere's (vSphere API reference, PerformanceManager
// and the counter tables): percentages are hundredths of a percent, memory is in KB, ready time in milliseconds of the
// interval.
type Counter struct {
	Host, VM, Cluster bool
	value             func(s Sample, seconds float64) float64
}

func percent(part, whole float32) float64 {
	if whole <= 0 {
		return 0
	}
	return min(float64(part)/float64(whole), 1) * 10000
}

func field(f Field, factor float64) func(Sample, float64) float64 {
	return func(s Sample, _ float64) float64 { return float64(s[f]) * factor }
}

// Counters are those computed, by group.name.rollup.
var Counters = map[string]Counter{
	"cpu.usage.average":         {true, true, true, func(s Sample, _ float64) float64 { return percent(s[UsedMHz], s[CapacityMHz]) }},
	"cpu.usagemhz.average":      {true, true, true, field(UsedMHz, 1)},
	"cpu.demand.average":        {true, true, false, field(DemandMHz, 1)},
	"cpu.ready.summation":       {true, true, false, func(s Sample, seconds float64) float64 { return float64(s[Ready]) * seconds * 1000 }},
	"cpu.totalCapacity.average": {true, false, false, field(CapacityMHz, 1)},
	"mem.usage.average": {true, true, true, func(s Sample, _ float64) float64 {
		return percent(s[ConsumedMB], s[MemoryMB])
	}},
	"mem.consumed.average":             {true, true, true, field(ConsumedMB, 1024)},
	"mem.active.average":               {true, true, true, field(ActiveMB, 1024)},
	"mem.granted.average":              {true, true, true, func(s Sample, _ float64) float64 { return float64(s[ConsumedMB]-s[OverheadMB]) * 1024 }},
	"mem.overhead.average":             {true, true, true, field(OverheadMB, 1024)},
	"disk.usage.average":               {true, true, false, field(DiskKBps, 1)},
	"disk.maxTotalLatency.latest":      {true, true, false, field(LatencyMs, 1)},
	"datastore.maxTotalLatency.latest": {true, true, false, field(LatencyMs, 1)},
	"net.usage.average":                {true, true, false, field(NetKBps, 1)},
}

// Value is a counter's value of a sample that covers so many seconds. machine tells a virtual machine's: its memory usage
// is what it keeps active of what it is configured with, a host's is what is consumed of what there is (counter
// mem.usage).
func Value(name string, s Sample, seconds float64, machine bool) int64 {
	if name == "mem.usage.average" && machine {
		return int64(math.Round(percent(s[ActiveMB], s[MemoryMB])))
	}
	return int64(math.Round(Counters[name].value(s, seconds)))
}
