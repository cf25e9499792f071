package guest

import "time"

// ShutdownTime is what a guest takes to shut down when Tools ask it to (an assumption).
const ShutdownTime = 20 * time.Second

// Shutdown asks the guest of a machine on a host to shut down; its power goes off when it has. A guest whose Tools do
// not run, or that hangs, does nothing, and false is returned.
func (f *Fleet) Shutdown(id, host, cause string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.instanceOn(id, host)
	if i == nil || !i.beats() {
		return false
	}
	f.clock.AfterFunc(ShutdownTime, func() {
		f.mu.Lock()
		able := f.instanceOn(id, host) == i && i.beats()
		f.mu.Unlock()
		if able {
			f.Stop(id, host, cause)
		}
	})
	return true
}

// instanceOn is the machine or the copy of it that a host runs. The caller holds the lock.
func (f *Fleet) instanceOn(id, host string) *instance {
	if i := f.running[id]; i != nil && i.Host == host {
		return i
	}
	for _, i := range f.copies[id] {
		if i.Host == host {
			return i
		}
	}
	return nil
}
