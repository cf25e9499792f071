package guest

import "net/netip"

// addresses hands out the addresses of a network; a machine keeps its own until it is forgotten.
type addresses struct {
	network netip.Prefix
	byID    map[string]netip.Addr
	taken   map[netip.Addr]bool
}

func newAddresses(network netip.Prefix) *addresses {
	return &addresses{network: network.Masked(), byID: map[string]netip.Addr{}, taken: map[netip.Addr]bool{}}
}

// of returns the machine's address; false when the network is full.
func (a *addresses) of(id string) (netip.Addr, bool) {
	if known, ok := a.byID[id]; ok {
		return known, true
	}
	// The first address names the network and the last is its broadcast address: both stay free.
	for next := a.network.Addr().Next(); a.network.Contains(next.Next()); next = next.Next() {
		if !a.taken[next] {
			a.byID[id], a.taken[next] = next, true
			return next, true
		}
	}
	return netip.Addr{}, false
}

func (a *addresses) release(id string) {
	delete(a.taken, a.byID[id])
	delete(a.byID, id)
}
