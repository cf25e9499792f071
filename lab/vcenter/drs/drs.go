// Package drs decides what DRS does with a cluster: where a machine starts, which machines move so that rules are kept and
// hosts can be maintained, and what stands in the way. It decides; carrying out and recommending are others' work.
//
// Source: VMware vSphere Resource Management, "Creating a DRS Cluster" and "Using DRS Clusters to Manage Resources"; vSphere
// Web Services API reference, ClusterRuleInfo.mandatory. Load is not balanced: only rules and maintenance move machines.
package drs

import (
	"cmp"
	"slices"

	"vsphere-ha/lab/vcenter/placement"
)

// Level is how far DRS acts on its own.
type Level string

// The automation levels; Disabled is a machine that DRS leaves alone.
const (
	Disabled  Level = "disabled"
	Manual    Level = "manual"
	Partially Level = "partiallyAutomated"
	Fully     Level = "fullyAutomated"
)

// Reason is why a machine should move, in the words of the API (RecommendationReasonCode).
type Reason string

// The reasons that this package has.
const (
	Maintenance Reason = "hostMaint"
	Together    Reason = "jointAffin"
	Apart       Reason = "antiAffin"
	HardHosts   Reason = "vmHostHardAffinity"
	SoftHosts   Reason = "vmHostSoftAffinity"
)

// Machine is a machine of the cluster that runs.
type Machine struct {
	placement.VM
	Host     string
	MemoryMB int64 // configured, what load is reckoned by
	Level    Level
}

// Host is a member of the cluster. CPU and Memory of the placement are what no machine reserves.
type Host struct {
	placement.Host
	MemoryMB int64 // its size
	Used     int64 // configured memory of the machines that run here
	Machines int
	// Open hosts take machines; Leaving ones are about to enter maintenance mode.
	Open, Leaving bool
}

// Cluster is what DRS looks at.
type Cluster struct {
	Hosts    []Host
	Machines []Machine
	Rules    []placement.Rule
	// Where holds every machine that runs, those that are not DRS's to move too.
	Where map[string]string
}

// Move takes a machine from one host to another.
type Move struct {
	Machine  Machine
	From, To string
	Reason   Reason
}

// Stuck is a machine that should move and cannot, with what each host lacks.
type Stuck struct {
	Machine Machine
	Reason  Reason
	Why     map[string]placement.Verdict
}

func (c *Cluster) site() *placement.Site {
	return &placement.Site{Where: c.Where, Rules: placement.NewRules(c.Rules...)}
}

// Candidate is a host that may take a machine, the better ones first.
type Candidate struct {
	Host    *Host
	Verdict placement.Verdict
}

// Candidates lists the open hosts that fit, best first: fewest broken rules, smallest share of memory configured, fewest
// machines. Why tells of the others what they lack.
func (c *Cluster) Candidates(m Machine) (list []Candidate, why map[string]placement.Verdict) {
	return c.candidates(c.site(), m)
}

func (c *Cluster) candidates(site *placement.Site, m Machine) (list []Candidate, why map[string]placement.Verdict) {
	why = map[string]placement.Verdict{}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if !h.Open || h.Leaving {
			continue
		}
		v := site.Judge(m.VM, h.Host)
		if v.Fits() {
			list = append(list, Candidate{h, v})
		} else {
			why[h.ID] = v
		}
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		return cmp.Or(
			cmp.Compare(len(a.Verdict.Broken), len(b.Verdict.Broken)), cmp.Compare(a.Host.share(m), b.Host.share(m)),
			cmp.Compare(a.Host.Machines, b.Host.Machines), cmp.Compare(len(a.Host.ID), len(b.Host.ID)), cmp.Compare(a.Host.ID, b.Host.ID))
	})
	return list, why
}

// share is how much of a host's memory would be configured with the machine on it.
func (h *Host) share(m Machine) float64 {
	return float64(h.Used+m.MemoryMB) / float64(max(h.MemoryMB, 1))
}

// host finds a member by identifier.
func (c *Cluster) host(id string) *Host {
	for i := range c.Hosts {
		if c.Hosts[i].ID == id {
			return &c.Hosts[i]
		}
	}
	return nil
}

// take moves a machine in what is looked at, so that the next decision knows.
func (c *Cluster) take(m Machine, to *Host) {
	if from := c.host(c.Where[m.ID]); from != nil {
		from.CPU, from.Memory, from.Used, from.Machines = from.CPU+m.CPU, from.Memory+m.Memory, from.Used-m.MemoryMB, from.Machines-1
	}
	to.CPU, to.Memory, to.Used, to.Machines = to.CPU-m.CPU, to.Memory-m.Memory, to.Used+m.MemoryMB, to.Machines+1
	c.Where[m.ID] = to.ID
}
