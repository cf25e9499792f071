package hardware

import (
	"maps"
	"slices"
	"sync"
)

// Place is where a server stands in the management network.
type Place struct {
	// Segment names the part that it is in; servers of one segment reach each other.
	Segment string
	// Gateway and VCenter tell whether the gateway and vCenter are reached from there.
	Gateway, VCenter bool
}

// Split is a fault of the switches: its servers reach each other, and of the rest what is said.
type Split struct {
	Servers          []string
	Gateway, VCenter bool
}

// Network is the management network that joins the servers, vCenter and the gateway.
type Network struct {
	mu     sync.Mutex
	splits map[string]Split
}

// NewNetwork is one whole.
func NewNetwork() *Network { return &Network{splits: map[string]Split{}} }

// Split takes servers apart from the others until Heal is called with the same identifier.
func (n *Network) Split(id string, s Split) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.splits[id] = s
}

// Heal ends a split.
func (n *Network) Heal(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.splits, id)
}

// Where tells a server's place: alone when its own connection is down.
func (n *Network) Where(s *Server) Place {
	if !s.Management().Connected() {
		return Place{Segment: "server " + s.Name}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	place := Place{Gateway: true, VCenter: true}
	for _, id := range slices.Sorted(maps.Keys(n.splits)) {
		if split := n.splits[id]; slices.Contains(split.Servers, s.Name) {
			place = Place{place.Segment + " " + id, place.Gateway && split.Gateway, place.VCenter && split.VCenter}
		}
	}
	return place
}

// Adapters are a server's physical network adapters, as ESXi names them.
var Adapters = [...]string{"vmnic0", "vmnic1", "vmnic2", "vmnic3", "vmnic4", "vmnic5"}

// StorageAdapters are those of the network that leads to NFS servers: a switch of its own, as vSphere Storage, "NFS Networking
// Guidelines", has it.
var StorageAdapters = [...]int{4, 5}

// Management is a server's connection to the management network, as ESXi configures it.
type Management struct {
	Interface bool                // vmk0 is enabled
	Uplink    [len(Adapters)]bool // which of Adapters are uplinks of vSwitch0
	Link      [len(Adapters)]bool // which of Adapters are up
}

// installed is how a server of the lab comes: two adapters carry its management network, so that one may fail (vSphere
// Availability, "Best Practices for Networking"), two its storage network, and two are free.
func installed() Management {
	m := Management{Interface: true}
	m.Uplink[0], m.Uplink[1] = true, true
	m.plug()
	return m
}

// plug brings every link up.
func (m *Management) plug() {
	for i := range m.Link {
		m.Link[i] = true
	}
}

// Uplinks names the uplinks of vSwitch0.
func (m Management) Uplinks() (names []string) {
	for i, on := range m.Uplink {
		if on {
			names = append(names, Adapters[i])
		}
	}
	return names
}

// Connected tells whether frames pass.
func (m Management) Connected() bool { return m.Interface && m.Switched() }

// Switched tells whether vSwitch0, which virtual machines use as well, has a way out.
func (m Management) Switched() bool {
	for i := range Adapters {
		if m.Uplink[i] && m.Link[i] {
			return true
		}
	}
	return false
}

// Storage tells whether the storage network has a way out.
func (m Management) Storage() bool {
	return slices.ContainsFunc(StorageAdapters[:], func(i int) bool { return m.Link[i] })
}

// Management is the state of the server's connection.
func (s *Server) Management() Management {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.management
}

// SetManagement changes the connection and tells OnNetwork when that made a difference.
func (s *Server) SetManagement(cause string, change func(*Management)) {
	s.mu.Lock()
	before := s.management
	change(&s.management)
	after := s.management
	s.mu.Unlock()
	if before == after {
		return
	}
	if before.Connected() != after.Connected() {
		event := "networkDown"
		if after.Connected() {
			event = "networkUp"
		}
		s.note(event, cause)
	}
	s.OnNetwork(s, after)
}
