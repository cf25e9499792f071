package fdm

import "slices"

// SlotPolicy keeps the slots of the Tolerate largest hosts free (vSphere API reference,
// ClusterFailoverLevelAdmissionControlPolicy). A slot holds any machine, unless its size is Fixed (where not zero) or
// limited by AtMost (where not zero; das.slotcpuinmhz, das.slotmeminmb): then a large machine takes several.
type SlotPolicy struct {
	Tolerate      int
	Fixed, AtMost Size
}

// Slots is the slot policy's arithmetic.
type Slots struct {
	Size    Size
	PerHost []int // of each host, in the order given
	PerLoad []int // that each machine takes, likewise
	// Total and Used count slots; Unreserved are those neither used nor kept free for failures.
	Total, Used, Unreserved int
	// Level is how many hosts, the largest first, may fail and still leave a slot for every one that is used; -1 where even
	// all hosts have too few.
	Level int
}

// Count computes it: a host has as many slots as its scarcer resource allows.
func (p SlotPolicy) Count(hosts []Size, loads []Load) Slots {
	s := Slots{Size: p.size(loads)}
	for _, h := range hosts {
		n := int(min(h.CPU/s.Size.CPU, h.Memory/s.Size.Memory))
		s.PerHost = append(s.PerHost, n)
		s.Total += n
	}
	for _, l := range loads {
		n := int(max(1, ceil(l.CPU, s.Size.CPU), ceil(l.Memory, s.Size.Memory)))
		s.PerLoad = append(s.PerLoad, n)
		s.Used += n
	}
	left, sizes := s.Total, slices.Sorted(slices.Values(s.PerHost))
	s.Level = -1
	for lost := 0; ; lost++ {
		if lost <= p.Tolerate {
			s.Unreserved = max(0, left-s.Used)
		}
		if left >= s.Used {
			s.Level = lost
		}
		if lost == len(sizes) {
			return s
		}
		left -= sizes[len(sizes)-1-lost]
	}
}

func (p SlotPolicy) size(loads []Load) Size {
	size := Size{CPU: MinimumCPU, Memory: 1}
	for _, l := range loads {
		size = Size{max(size.CPU, l.CPU), max(size.Memory, l.Memory)}
	}
	if p.AtMost.CPU > 0 {
		size.CPU = min(size.CPU, p.AtMost.CPU)
	}
	if p.AtMost.Memory > 0 {
		size.Memory = min(size.Memory, p.AtMost.Memory)
	}
	if p.Fixed.CPU > 0 {
		size.CPU = p.Fixed.CPU
	}
	if p.Fixed.Memory > 0 {
		size.Memory = p.Fixed.Memory
	}
	return size
}

// Admits machines as long as the cluster tolerates as many failures as it must.
func (p SlotPolicy) Admits(hosts []Size, loads []Load) bool {
	return len(loads) == 0 || p.Count(hosts, loads).Level >= p.Tolerate
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
