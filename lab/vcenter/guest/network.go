package guest

// SetNetwork cuts the guests of a host off from their network, or brings it back; they run on meanwhile.
func (f *Fleet) SetNetwork(host string, on bool, cause string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cut[host] == !on {
		return
	}
	f.cut[host] = !on
	for _, i := range f.running {
		switch {
		case i.Host != host:
		case !on:
			f.close(i, cause)
		case i.booted && !i.dead && !i.frozen:
			f.open(i, cause)
		}
	}
	for _, list := range f.copies {
		for _, i := range list {
			if i.Host == host && !on {
				f.close(i, cause)
			}
		}
	}
}
