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

// LoadOf counts a machine by its reservations in MHz and MB and its size.
func LoadOf(cpuReserved, memoryReserved int64, memoryMB, cpus int) Load {
	return Load{CPU: max(cpuReserved, MinimumCPU), Memory: memoryReserved + Overhead(memoryMB, cpus)}
}

// Size is what a host offers to machines, in MHz and MB.
type Size struct{ CPU, Memory int64 }

// Share is what the percentage policy keeps free, in percent.
type Share struct{ CPU, Memory float64 }

// AutoShare is the share of the largest hosts whose failure the cluster must tolerate (VMware vSphere Availability,
// "Cluster Resources Percentage Admission Control").
func AutoShare(hosts []Size, tolerate int) Share {
	return Share{
		CPU:    100 * largest(hosts, tolerate, func(s Size) int64 { return s.CPU }),
		Memory: 100 * largest(hosts, tolerate, func(s Size) int64 { return s.Memory }),
	}
}

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

// AdmitsPercentage tells whether the share stays free with the machines given, the new one among them.
func AdmitsPercentage(hosts []Size, loads []Load, share Share) bool {
	var cpu, memory, usedCPU, usedMemory int64
	for _, h := range hosts {
		cpu, memory = cpu+h.CPU, memory+h.Memory
	}
	for _, l := range loads {
		usedCPU, usedMemory = usedCPU+l.CPU, usedMemory+l.Memory
	}
	return free(cpu, usedCPU) >= share.CPU && free(memory, usedMemory) >= share.Memory
}

func free(total, used int64) float64 {
	if total == 0 {
		return 0
	}
	return 100 * float64(total-used) / float64(total)
}

// Slots is the slot policy's arithmetic.
type Slots struct {
	CPU, Memory int64 // the size of one
	PerHost     []int // of each host, in the order given
	Total, Used int
	Unreserved  int
}

// CountSlots computes it: a slot fits the largest machine, a host has as many as its scarcer resource allows, and those of
// the largest hosts whose failure is tolerated are kept free. A fixed slot size is used where it is not zero.
func CountSlots(hosts []Size, loads []Load, tolerate int, fixed Size) Slots {
	s := Slots{CPU: fixed.CPU, Memory: fixed.Memory, Used: len(loads)}
	if s.CPU == 0 {
		s.CPU = MinimumCPU
		for _, l := range loads {
			s.CPU = max(s.CPU, l.CPU)
		}
	}
	if s.Memory == 0 {
		s.Memory = 1
		for _, l := range loads {
			s.Memory = max(s.Memory, l.Memory)
		}
	}
	for _, h := range hosts {
		n := int(min(h.CPU/s.CPU, h.Memory/s.Memory))
		s.PerHost = append(s.PerHost, n)
		s.Total += n
	}
	if fixed != (Size{}) {
		s.Used = 0
		for _, l := range loads {
			s.Used += int(max(1, ceil(l.CPU, s.CPU), ceil(l.Memory, s.Memory)))
		}
	}
	kept := 0
	sorted := slices.Sorted(slices.Values(s.PerHost))
	for i := range min(tolerate, len(sorted)) {
		kept += sorted[len(sorted)-1-i]
	}
	s.Unreserved = max(0, s.Total-kept-s.Used)
	return s
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
