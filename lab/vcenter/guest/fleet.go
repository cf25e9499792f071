// Package guest runs the guests of the lab: each is a listening socket while its virtual machine runs and has booted.
package guest

import (
	"log"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/truth"
)

// Machine is a virtual machine as its host runs it.
type Machine struct {
	ID      string // instance UUID
	Name    string
	GuestID string
	Host    string
}

// Fleet is every running virtual machine of the lab.
type Fleet struct {
	clock *clock.Clock
	truth *truth.Log
	// OnBooted is called when a guest's service and Tools have started. Set it before the first PowerOn.
	OnBooted func(id string)

	mu        sync.Mutex
	addresses *addresses
	running   map[string]*instance
}

type instance struct {
	Machine
	timer   *time.Timer
	booted  bool
	blocked bool // its service was stopped by a fault
	socket  *socket
	since   time.Time
}

// NewFleet starts with no machine; guests take their addresses from the network.
func NewFleet(c *clock.Clock, t *truth.Log, network netip.Prefix) *Fleet {
	return &Fleet{clock: c, truth: t, addresses: newAddresses(network), running: map[string]*instance{}, OnBooted: func(string) {}}
}

// PowerOn starts a machine on its host; one that runs already is left alone and false is returned.
func (f *Fleet) PowerOn(m Machine) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[m.ID] != nil {
		return false
	}
	i := &instance{Machine: m, since: time.Now()}
	f.running[m.ID] = i
	f.boot(i)
	return true
}

func (f *Fleet) boot(i *instance) {
	jitter := 1 + BootJitter*(2*rand.Float64()-1)
	d := time.Duration(float64(ProfileOf(i.GuestID).Boot) * jitter)
	i.timer = f.clock.AfterFunc(d, func() { f.finishBoot(i) })
}

func (f *Fleet) finishBoot(i *instance) {
	f.mu.Lock()
	if f.running[i.ID] != i {
		f.mu.Unlock()
		return
	}
	i.booted = true
	f.open(i, "booted")
	f.mu.Unlock()
	f.OnBooted(i.ID)
}

func (f *Fleet) open(i *instance, cause string) {
	p := ProfileOf(i.GuestID)
	if p.Port == 0 || i.blocked || i.socket != nil {
		return
	}
	address, ok := f.addresses.of(i.ID)
	if !ok {
		log.Printf("guest %s: the guest network has no free address", i.Name)
		return
	}
	s, err := listen(netip.AddrPortFrom(address, uint16(p.Port)).String(), p.Banner)
	if err != nil {
		log.Printf("guest %s: %v", i.Name, err)
		return
	}
	i.socket = s
	f.note(i, "up", cause)
}

func (f *Fleet) close(i *instance, cause string) {
	if i.socket == nil {
		return
	}
	i.socket.close()
	i.socket = nil
	f.note(i, "down", cause)
}

func (f *Fleet) note(i *instance, event, cause string) {
	f.truth.Write(time.Now(), truth.Entry{VM: i.ID, Name: i.Name, Host: i.Host, Event: event, Cause: cause})
}

// PowerOff ends a machine at once, whatever it was doing; false when it did not run.
func (f *Fleet) PowerOff(id, cause string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return false
	}
	f.kill(i, cause)
	return true
}

func (f *Fleet) kill(i *instance, cause string) {
	i.timer.Stop()
	f.close(i, cause)
	delete(f.running, i.ID)
}

// HostDown ends every machine of a host at once and returns their identifiers.
func (f *Fleet) HostDown(host, cause string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for id, i := range f.running {
		if i.Host == host {
			f.kill(i, cause)
			ids = append(ids, id)
		}
	}
	return ids
}

// Restart boots a running guest again: its service closes until it is up.
func (f *Fleet) Restart(id, cause string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return
	}
	i.timer.Stop()
	f.close(i, cause)
	i.booted, i.since = false, time.Now()
	f.boot(i)
}

// Move tells on which host a machine runs from now on; its service stays up (vMotion).
func (f *Fleet) Move(id, host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.running[id]; i != nil {
		i.Host = host
	}
}

// Rename follows a machine's name, which the truth log carries.
func (f *Fleet) Rename(id, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.running[id]; i != nil {
		i.Name = name
	}
}

// SetService stops or starts the service of a guest that goes on running.
func (f *Fleet) SetService(id string, on bool, cause string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return false
	}
	i.blocked = !on
	if !on {
		f.close(i, cause)
	} else if i.booted {
		f.open(i, cause)
	}
	return true
}

// Status is what a host can tell of a running machine.
type Status struct {
	Host    string
	Booted  bool
	Since   time.Time // power-on or the last restart
	Address string    // empty until the guest has booted
}

// Status reports a running machine; false when it does not run.
func (f *Fleet) Status(id string) (Status, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return Status{}, false
	}
	s := Status{Host: i.Host, Booted: i.booted, Since: i.since}
	if a, ok := f.addresses.byID[id]; ok && i.booted {
		s.Address = a.String()
	}
	return s, true
}

// Forget frees the address of a machine that was deleted.
func (f *Fleet) Forget(id string) {
	f.PowerOff(id, "deleted")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.addresses.release(id)
}

// Address is "ip:port" of a machine's service, for a machine that has one.
func (f *Fleet) Address(id string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, a := f.running[id], f.addresses.byID[id]
	if i == nil || i.socket == nil {
		return "", false
	}
	return netip.AddrPortFrom(a, 0).Addr().String() + ":" + strconv.Itoa(ProfileOf(i.GuestID).Port), true
}

// Close ends every machine.
func (f *Fleet) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.running {
		f.kill(i, "lab stopped")
	}
}
