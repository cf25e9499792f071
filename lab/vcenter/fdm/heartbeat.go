package fdm

import (
	"cmp"
	"slices"
)

// HeartbeatsPerHost is how many heartbeat datastores a host gets, and MaxHeartbeatsPerHost how many at most (vSphere
// Availability, das.heartbeatDsPerHost: 2 to 5).
const (
	HeartbeatsPerHost    = 2
	MaxHeartbeatsPerHost = 5
)

// HeartbeatCandidate is a datastore that may carry heartbeats.
type HeartbeatCandidate struct {
	ID        string
	Preferred bool
	Hosts     []string
}

// ChooseHeartbeats gives every host its number of heartbeat datastores as far as candidates suffice: preferred ones
// first, then those that most hosts reach (vSphere Availability, "Datastore Heartbeating"). One that a single host
// reaches tells nobody anything.
func ChooseHeartbeats(candidates []HeartbeatCandidate, perHost int) []HeartbeatCandidate {
	sorted := slices.DeleteFunc(slices.Clone(candidates), func(c HeartbeatCandidate) bool { return len(c.Hosts) < 2 })
	slices.SortStableFunc(sorted, func(a, b HeartbeatCandidate) int {
		if a.Preferred != b.Preferred {
			if a.Preferred {
				return -1
			}
			return 1
		}
		return cmp.Compare(len(b.Hosts), len(a.Hosts))
	})
	count := map[string]int{}
	var chosen []HeartbeatCandidate
	for _, c := range sorted {
		if !slices.ContainsFunc(c.Hosts, func(h string) bool { return count[h] < perHost }) {
			continue
		}
		chosen = append(chosen, c)
		for _, h := range c.Hosts {
			count[h]++
		}
	}
	return chosen
}
