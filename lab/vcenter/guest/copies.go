package guest

// A host that has lost its storage and the network does not learn that its machines are restarted elsewhere: for a while
// they run twice. The copy that it keeps is no longer the machine; nobody but that host reaches it.

// Forsake leaves a running machine to its host as a copy, so that it can be started elsewhere.
func (f *Fleet) Forsake(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return
	}
	delete(f.running, id)
	delete(f.watched, id)
	f.copies[id] = append(f.copies[id], i)
}

// On lists what runs on a host, copies included.
func (f *Fleet) On(host string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for id, i := range f.running {
		if i.Host == host {
			ids = append(ids, id)
		}
	}
	return append(ids, f.copiesOn(host)...)
}

// CopiesOn lists the machines that a host runs although they were restarted elsewhere.
func (f *Fleet) CopiesOn(host string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.copiesOn(host)
}

func (f *Fleet) copiesOn(host string) []string {
	var ids []string
	for id, list := range f.copies {
		for _, i := range list {
			if i.Host == host {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Stop ends what a host runs of a machine, be it the machine or a copy; false when it runs nothing of it.
func (f *Fleet) Stop(id, host, cause string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.running[id]; i != nil && i.Host == host {
		f.kill(i, cause)
		return true
	}
	return f.endCopies(id, host, cause)
}

// endCopies ends the copies of a machine on a host, or on all where none is named. The caller holds the lock.
func (f *Fleet) endCopies(id, host, cause string) (found bool) {
	var left []*instance
	for _, i := range f.copies[id] {
		if host != "" && i.Host != host {
			left = append(left, i)
			continue
		}
		found = true
		i.end()
		f.close(i, cause)
	}
	if f.copies[id] = left; left == nil {
		delete(f.copies, id)
	}
	return found
}

// yieldAddress lets copies give up the machine's address: the network believes who announced it last.
func (f *Fleet) yieldAddress(id string) {
	for _, i := range f.copies[id] {
		f.close(i, "the restarted machine has its address")
	}
}
