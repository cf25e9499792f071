// Package perf is the arithmetic of performance statistics: who gets how much of a host, samples, roll-ups and counters.
// It knows no inventory.
package perf

import (
	"cmp"
	"slices"
)

// Want is what a machine asks of a host's processors, in MHz.
type Want struct {
	Demand      float64
	Reservation float64
	// Limit is the most that it may get; negative for none.
	Limit float64
	// Shares weigh it against others when there is not enough.
	Shares float64
}

// Share distributes a host's capacity: first what is reserved, then the rest in proportion to shares, never more than a
// machine demands (vSphere Resource Management, "Resource Allocation Reservation", "Limit", "Shares"). The result has the
// order of the wants.
func Share(capacity float64, wants []Want) []float64 {
	given, need := make([]float64, len(wants)), make([]float64, len(wants))
	order := make([]int, len(wants))
	shares := 0.0
	for i, w := range wants {
		order[i] = i
		top := w.Demand
		if w.Limit >= 0 {
			top = min(top, w.Limit)
		}
		given[i] = max(min(top, w.Reservation, capacity), 0)
		capacity -= given[i]
		need[i] = top - given[i]
		shares += weight(w)
	}
	// Those that need least for their weight are satisfied first; what they leave goes to the others.
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(need[a]/weight(wants[a]), need[b]/weight(wants[b])) })
	for _, i := range order {
		part := max(min(need[i], capacity*weight(wants[i])/shares), 0)
		given[i] += part
		capacity -= part
		shares -= weight(wants[i])
	}
	return given
}

func weight(w Want) float64 { return max(w.Shares, 1) }
