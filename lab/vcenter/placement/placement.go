// Package placement says which hosts may take a virtual machine: capacity, datastores, networks and rules. HA asks it where
// to restart a machine, DRS where to start or move one. It holds no inventory and changes nothing but what it is told to.
package placement

import "slices"

// Set is a set of identifiers.
type Set map[string]bool

// SetOf makes a set.
func SetOf(ids ...string) Set {
	s := make(Set, len(ids))
	for _, id := range ids {
		s[id] = true
	}
	return s
}

// VM is what a machine needs: CPU in MHz and Memory in MB that must be unreserved, and what its host must be connected to.
type VM struct {
	ID                   string
	CPU, Memory          int64
	Datastores, Networks []string
}

// Host is what a host offers: CPU in MHz and Memory in MB that no machine reserves, and what it is connected to.
type Host struct {
	ID                   string
	CPU, Memory          int64
	Datastores, Networks Set
}

// Kind says what a rule asks for.
type Kind string

// The kinds of rules: machines on different hosts, or on one; machines on hosts of a group, or on none of them.
const (
	Apart    Kind = "apart"
	Together Kind = "together"
	On       Kind = "on"
	Off      Kind = "off"
)

// Rule binds machines to each other or to hosts. One that is not Required is kept where that is possible.
type Rule struct {
	Name     string
	Kind     Kind
	VMs      []string
	Hosts    Set
	Required bool
}

// Rules finds the rules of a machine without looking at all of them.
type Rules struct{ of map[string][]*Rule }

// NewRules indexes rules.
func NewRules(list ...Rule) Rules {
	r := Rules{of: map[string][]*Rule{}}
	for i := range list {
		for _, vm := range list[i].VMs {
			r.of[vm] = append(r.of[vm], &list[i])
		}
	}
	return r
}

// Site is where machines run, or are about to, and the rules that they are under. Hosts and machines go by identifier.
type Site struct {
	Where map[string]string
	Rules Rules
}

// Lack is what stands in the way of a machine on a host.
type Lack string

// What a host can lack. A broken rule has a name beside it.
const (
	LacksCPU       Lack = "cpu"
	LacksMemory    Lack = "memory"
	LacksDatastore Lack = "datastore"
	LacksNetwork   Lack = "network"
	BreaksRule     Lack = "rule"
)

// Obstacle is one reason why a host cannot take a machine: What is the datastore, network or rule.
type Obstacle struct {
	Lack Lack
	What string
}

// Verdict is what speaks against a machine on a host: obstacles rule it out, and rules that need not be kept are to be
// broken only where no host breaks fewer.
type Verdict struct {
	Obstacles []Obstacle
	Broken    []string
}

// Fits tells whether nothing rules the host out.
func (v Verdict) Fits() bool { return len(v.Obstacles) == 0 }

// OnlyCapacity tells whether a host with more room would do: waiting helps.
func (v Verdict) OnlyCapacity() bool {
	return !slices.ContainsFunc(v.Obstacles, func(o Obstacle) bool { return o.Lack != LacksCPU && o.Lack != LacksMemory })
}

// Judge finds everything that speaks against a machine on a host. Where the machine itself runs now does not matter.
func (s *Site) Judge(vm VM, h Host) Verdict {
	var v Verdict
	against := func(lack Lack, what string) { v.Obstacles = append(v.Obstacles, Obstacle{lack, what}) }
	if h.CPU < vm.CPU {
		against(LacksCPU, "")
	}
	if h.Memory < vm.Memory {
		against(LacksMemory, "")
	}
	for _, d := range vm.Datastores {
		if !h.Datastores[d] {
			against(LacksDatastore, d)
		}
	}
	for _, n := range vm.Networks {
		if !h.Networks[n] {
			against(LacksNetwork, n)
		}
	}
	for _, r := range s.Rules.of[vm.ID] {
		switch {
		case !s.breaks(r, vm.ID, h.ID):
		case r.Required:
			against(BreaksRule, r.Name)
		default:
			v.Broken = append(v.Broken, r.Name)
		}
	}
	return v
}

func (s *Site) breaks(r *Rule, vm, host string) bool {
	switch r.Kind {
	case On:
		return !r.Hosts[host]
	case Off:
		return r.Hosts[host]
	}
	return slices.ContainsFunc(r.VMs, func(other string) bool {
		at, runs := s.Where[other]
		return runs && other != vm && (at == host) == (r.Kind == Apart)
	})
}

// Take notes that a machine will run on a host: its room shrinks.
func (s *Site) Take(vm VM, h *Host) {
	h.CPU, h.Memory = h.CPU-vm.CPU, h.Memory-vm.Memory
	s.Where[vm.ID] = h.ID
}
