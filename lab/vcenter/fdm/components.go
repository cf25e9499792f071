package fdm

import "time"

// StorageResponse is what component protection does about lost storage (vSphere API reference,
// ClusterVmComponentProtectionSettingsStorageVmReaction).
type StorageResponse int

// The responses, from none to the strongest.
const (
	IgnoreLoss StorageResponse = iota
	WarnOfLoss
	// RestartIfPossible terminates a machine that another host is known to have room for.
	RestartIfPossible
	// RestartIfUnknown also terminates one when that cannot be told; not one that no host has room for.
	RestartIfUnknown
)

// Protection is how one machine is protected from the loss of its storage.
type Protection struct {
	APD, PDL StorageResponse
	// Delay is waited after the time-out of APD.
	Delay time.Duration
	// ResetOnClear resets a machine whose storage came back after that time-out and before it was terminated.
	ResetOnClear bool
}

// Loss is a running machine's lost storage: on all paths, or for good.
type Loss struct {
	VM    string
	PDL   bool
	Since time.Duration
	// Timeout is for how long its host retries on all paths before it lets I/O fail (vSphere Storage, "Storage Failover: All
	// Paths Down", Misc.APDTimeout); of permanent loss it has no meaning.
	Timeout time.Duration
}

// Capacity is what is known of room for a machine on other hosts.
type Capacity int

// A host that hears no master knows nothing.
const (
	Unknown Capacity = iota
	Enough
	NotEnough
)

// Measure is what component protection does.
type Measure string

// The measures: it reports a loss, terminates the machine so that it can restart elsewhere, puts that off because there is
// no room, leaves it because that is all it was told to, reports that the loss is over, or resets the machine then.
const (
	ReportLoss  Measure = "report"
	Terminate   Measure = "terminate"
	PutOff      Measure = "put off"
	LeaveIt     Measure = "leave"
	ReportClear Measure = "clear"
	ResetGuest  Measure = "reset"
)

// Step is one measure for one machine.
type Step struct {
	VM      string
	Measure Measure
	Loss    Loss
}

// Guard follows lost storage and decides about the machines on it.
type Guard struct {
	cases map[string]*lossCase
}

type lossCase struct {
	Loss
	// acted tells of the measures taken, so that each is taken once.
	reported, putOff, left, ended bool
	resets                        bool
}

// NewGuard knows of no loss.
func NewGuard() *Guard { return &Guard{cases: map[string]*lossCase{}} }

// Step takes the losses of an instant, one a machine, and returns what is to be done now. The order of machines that lost
// their storage is that of the losses.
func (g *Guard) Step(now time.Duration, losses []Loss, protection func(vm string) Protection, capacity func(vm string) Capacity) []Step {
	var steps []Step
	present := map[string]bool{}
	for _, l := range losses {
		present[l.VM] = true
		c := g.cases[l.VM]
		if c == nil || c.PDL != l.PDL || c.Since != l.Since {
			c = &lossCase{Loss: l}
			g.cases[l.VM] = c
		}
		for _, m := range c.step(now, protection(l.VM), capacity) {
			steps = append(steps, Step{l.VM, m, c.Loss})
		}
	}
	for vm, c := range g.cases {
		if present[vm] {
			continue
		}
		delete(g.cases, vm)
		if c.reported && !c.ended {
			steps = append(steps, Step{vm, ReportClear, c.Loss})
		}
		if c.resets && !c.ended {
			steps = append(steps, Step{vm, ResetGuest, c.Loss})
		}
	}
	return steps
}

func (c *lossCase) step(now time.Duration, p Protection, capacity func(string) Capacity) (measures []Measure) {
	response, seen, due := p.PDL, c.Since, c.Since
	if !c.PDL {
		response, seen = p.APD, c.Since+c.Timeout
		due = seen + p.Delay
	}
	c.resets = !c.PDL && now >= seen && response >= RestartIfPossible && p.ResetOnClear
	if response == IgnoreLoss || now < seen || c.ended {
		return nil
	}
	if !c.reported {
		c.reported = true
		measures = append(measures, ReportLoss)
	}
	switch {
	case now < due:
	case response == WarnOfLoss:
		if !c.left {
			c.left = true
			measures = append(measures, LeaveIt)
		}
	case c.mayTerminate(response, capacity):
		c.ended = true
		measures = append(measures, Terminate)
	case !c.putOff:
		c.putOff = true
		measures = append(measures, PutOff)
	}
	return measures
}

// mayTerminate tells whether to terminate now. What is lost for good is no use where it is: such a machine is terminated
// whether or not there is room (vSphere Availability, "VM Component Protection").
func (c *lossCase) mayTerminate(response StorageResponse, capacity func(string) Capacity) bool {
	if c.PDL {
		return true
	}
	room := capacity(c.VM)
	return room == Enough || room == Unknown && response == RestartIfUnknown
}
