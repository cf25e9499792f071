package fdm

import "time"

// Response is what an isolated host does to a machine (vSphere API reference, ClusterDasVmSettingsIsolationResponse).
type Response string

// The responses; a cluster's default is no override.
const (
	LeaveOn  Response = "none"
	PowerOff Response = "powerOff"
	Shutdown Response = "shutdown"
)

const (
	// IsolationDelay is from a host declaring itself isolated to its response, and the least that
	// fdm.isolationPolicyDelaySec can make of it (vSphere Availability, "vSphere HA Advanced Options").
	IsolationDelay = 30 * time.Second
	// ShutdownTimeout is how long a guest may take to shut down before it is powered off (das.isolationshutdowntimeout).
	ShutdownTimeout = 300 * time.Second
)

// IsolatedVM is a machine that runs on an isolated host.
type IsolatedVM struct {
	ID       string
	Response Response
	// Wanted means that a master is responsible for restarting it, or that the host cannot tell. Otherwise the machine
	// is left alone: nobody would start it again.
	Wanted bool
}

// IsolationStep is something that an isolated host does to a machine; Forced follows a shutdown that took too long.
type IsolationStep struct {
	VM     string
	Do     Response
	Forced bool
}

// Isolation follows the response of one host. Delay and Timeout may be set before its first step.
type Isolation struct {
	Delay, Timeout time.Duration
	asked          map[string]time.Duration // guests that were asked to shut down, and when
}

// NewIsolation has the default delays.
func NewIsolation() *Isolation {
	return &Isolation{Delay: IsolationDelay, Timeout: ShutdownTimeout, asked: map[string]time.Duration{}}
}

// Step says what to do now to what runs on a host that is isolated since an instant. It names a machine once for each
// thing to do, for as long as the machine runs.
func (i *Isolation) Step(now, since time.Duration, running []IsolatedVM) []IsolationStep {
	if now-since < i.Delay {
		return nil
	}
	var steps []IsolationStep
	for _, vm := range running {
		asked, waiting := i.asked[vm.ID]
		switch {
		case waiting && now-asked >= i.Timeout:
			delete(i.asked, vm.ID)
			steps = append(steps, IsolationStep{vm.ID, PowerOff, true})
		case waiting || !vm.Wanted:
		case vm.Response == PowerOff:
			steps = append(steps, IsolationStep{vm.ID, PowerOff, false})
		case vm.Response == Shutdown:
			i.asked[vm.ID] = now
			steps = append(steps, IsolationStep{vm.ID, Shutdown, false})
		}
	}
	return steps
}
