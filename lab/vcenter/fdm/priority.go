package fdm

import "slices"

// Priority orders restarts; the higher go first. Disabled machines do not restart.
type Priority int

// The restart priorities of the API, from "disabled" to "highest".
const (
	Disabled Priority = iota
	Lowest
	Low
	Medium
	High
	Highest
)

// ParsePriority reads the API's word; false for one that it does not know.
func ParsePriority(word string) (Priority, bool) {
	i := slices.Index([]string{"disabled", "lowest", "low", "medium", "high", "highest"}, word)
	return Priority(i), i >= 0
}

// Condition is what a machine must reach before machines of the next priority, or machines that depend on it, start.
type Condition string

// The restart conditions of the API (ClusterVmReadinessReadyCondition). With none, placement alone goes by priority.
const (
	WhenPlaced    Condition = "none"
	WhenPoweredOn Condition = "poweredOn"
	WhenHeartbeat Condition = "guestHbStatusGreen"
	WhenApp       Condition = "appHbStatusGreen"
)

// Progress is what can be seen of a machine: it runs, its Tools send heartbeats, its application does.
type Progress struct{ Running, Heartbeat, App bool }

// Met tells whether a running machine has come as far as the condition asks.
func (c Condition) Met(p Progress) bool {
	switch c {
	case WhenHeartbeat:
		return p.Running && p.Heartbeat
	case WhenApp:
		return p.Running && p.App
	}
	return p.Running
}
