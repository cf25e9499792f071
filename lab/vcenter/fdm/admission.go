package fdm

import "slices"

// MinimumCPU is what a machine without a CPU reservation counts for, in MHz (VMware vSphere Availability, das.vmcpuminmhz).
const MinimumCPU = 32

// Overhead is the memory in MB that ESXi needs beside a machine's own, by configured MB and virtual CPUs. It follows the
// table of VMware vSphere Resource Management, "Overhead Memory on Virtual Machines", within 2 MB.
func Overhead(memoryMB, cpus int) int64 {
	return int64(18.4 + 7.5*float64(memoryMB)/1024 + 4*float64(max(cpus, 1)-1) + 0.5)
}

// Load is what one powered-on machine reserves, as admission control counts it.
type Load struct{ CPU, Memory int64 }

// Defaults are what a machine counts for that reserves less: CPU in MHz, Memory in MB beside the overhead (das.vmcpuminmhz,
// das.vmmemoryminmb).
type Defaults struct{ CPU, Memory int64 }

// StandardDefaults hold where no advanced option says otherwise.
var StandardDefaults = Defaults{CPU: MinimumCPU}

// LoadOf counts a machine by its reservations in MHz and MB and its size.
func (d Defaults) LoadOf(cpuReserved, memoryReserved int64, memoryMB, cpus int) Load {
	return Load{CPU: max(cpuReserved, d.CPU), Memory: max(memoryReserved, d.Memory) + Overhead(memoryMB, cpus)}
}

// Size is what a host offers to machines, in MHz and MB.
type Size struct{ CPU, Memory int64 }

// Policy decides whether a cluster of good hosts may run machines of the given loads and still tolerate what it must.
type Policy interface {
	Admits(hosts []Size, loads []Load) bool
}

// Unlimited is the policy of dedicated failover hosts, which limits nothing but where machines may start, and of admission
// control that is off.
type Unlimited struct{}

// Admits everything.
func (Unlimited) Admits([]Size, []Load) bool { return true }

// Percentage keeps a share of the cluster free (vSphere Availability, "Cluster Resources Percentage Admission Control"):
// CPU and Memory in percent, or, where Auto is set, the share of the Tolerate largest hosts.
type Percentage struct {
	Auto        bool
	Tolerate    int
	CPU, Memory float64
}

// Share is what the policy keeps free, in percent of each resource.
func (p Percentage) Share(hosts []Size) (cpu, memory float64) {
	if !p.Auto {
		return p.CPU, p.Memory
	}
	return 100 * largest(hosts, p.Tolerate, cpuOf), 100 * largest(hosts, p.Tolerate, memoryOf)
}

// Free is what no machine reserves, in percent of each resource; it is negative where more is reserved than there is.
func Free(hosts []Size, loads []Load) (cpu, memory float64) {
	var all Size
	var used Load
	for _, h := range hosts {
		all = Size{all.CPU + h.CPU, all.Memory + h.Memory}
	}
	for _, l := range loads {
		used = Load{used.CPU + l.CPU, used.Memory + l.Memory}
	}
	return free(all.CPU, used.CPU), free(all.Memory, used.Memory)
}

// Admits machines as long as the share stays free of both resources.
func (p Percentage) Admits(hosts []Size, loads []Load) bool {
	cpu, memory := Free(hosts, loads)
	wantedCPU, wantedMemory := p.Share(hosts)
	const rounding = 1e-9
	return cpu >= wantedCPU-rounding && memory >= wantedMemory-rounding
}

func cpuOf(s Size) int64    { return s.CPU }
func memoryOf(s Size) int64 { return s.Memory }

// largest is the part of the total that the n largest hosts have.
func largest(hosts []Size, n int, of func(Size) int64) float64 {
	var sizes []int64
	var total, kept int64
	for _, h := range hosts {
		sizes = append(sizes, of(h))
		total += of(h)
	}
	slices.Sort(sizes)
	for i := range min(n, len(sizes)) {
		kept += sizes[len(sizes)-1-i]
	}
	if total == 0 {
		return 0
	}
	return float64(kept) / float64(total)
}

func free(total, used int64) float64 {
	switch {
	case total > 0:
		return 100 * float64(total-used) / float64(total)
	case used > 0:
		return -100
	}
	return 100
}

// Degrades tells whether machines that use so much CPU in MHz, and reserve so much memory in MB, would lose more than they
// tolerate, in percent, when the given number of the largest hosts fails (vSphere Availability, "vSphere HA Admission
// Control": the reduction is the percentage of what is used now).
func Degrades(hosts []Size, failures int, used Load, tolerated int) bool {
	exceeds := func(used int64, of func(Size) int64) bool {
		var all int64
		for _, h := range hosts {
			all += of(h)
		}
		left := float64(all) * (1 - largest(hosts, failures, of))
		return float64(used)*float64(100-tolerated)/100 > left+1e-6
	}
	return exceeds(used.CPU, cpuOf) || exceeds(used.Memory, memoryOf)
}
