package guest

import "net/netip"

// addresses hands out the addresses of a network; a machine keeps its own until it is forgotten.
type addresses struct {
	network netip.Prefix
	byID    map[string]netip.Addr
	taken   map[netip.Addr]bool
	lowest  netip.Addr // none below is free
}

func newAddresses(network netip.Prefix) *addresses {
	return &addresses{network: network.Masked(), byID: map[string]netip.Addr{}, taken: map[netip.Addr]bool{}, lowest: network.Masked().Addr().Next()}
}

// of returns the machine's address; false when the network is full.
func (a *addresses) of(id string) (netip.Addr, bool) {
	if known, ok := a.byID[id]; ok {
		return known, true
	}
	// The first address names the network and the last is its broadcast address: both stay free.
	for next := a.lowest; a.network.Contains(next.Next()); next = next.Next() {
		if !a.taken[next] {
			a.byID[id], a.taken[next], a.lowest = next, true, next.Next()
			return next, true
		}
	}
	return netip.Addr{}, false
}

func (a *addresses) release(id string) {
	if freed, ok := a.byID[id]; ok && freed.Less(a.lowest) {
		a.lowest = freed
	}
	delete(a.taken, a.byID[id])
	delete(a.byID, id)
}
