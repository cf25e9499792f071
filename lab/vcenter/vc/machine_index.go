package vc

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// machineIndex finds machines without a look at all of them. It is guarded as the machines are, by Sim.mu.
type machineIndex struct {
	byID   map[string]*machine
	onHost map[types.ManagedObjectReference]map[*machine]bool
}

func newMachineIndex() machineIndex {
	return machineIndex{byID: map[string]*machine{}, onHost: map[types.ManagedObjectReference]map[*machine]bool{}}
}

// moved notes that a machine is registered on another host, or has become known.
func (x *machineIndex) moved(m *machine, from types.ManagedObjectReference) {
	if here := x.onHost[m.host]; here != nil && here[m] {
		return
	}
	delete(x.onHost[from], m)
	if x.onHost[m.host] == nil {
		x.onHost[m.host] = map[*machine]bool{}
	}
	x.onHost[m.host][m] = true
}

// named notes a machine's instance UUID.
func (x *machineIndex) named(m *machine, before string) {
	if before != m.id {
		delete(x.byID, before)
	}
	x.byID[m.id] = m
}

func (x *machineIndex) drop(m *machine) {
	delete(x.onHost[m.host], m)
	if x.byID[m.id] == m {
		delete(x.byID, m.id)
	}
}

// machinesOn lists the virtual machines that are registered on a host, by name.
func (s *Sim) machinesOn(host types.ManagedObjectReference) []machine {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]machine, 0, len(s.index.onHost[host]))
	for m := range s.index.onHost[host] {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b machine) int { return strings.Compare(a.name, b.name) })
	return list
}

func (s *Sim) machineByID(id string) (machine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.index.byID[id]; m != nil {
		return *m, true
	}
	return machine{}, false
}
