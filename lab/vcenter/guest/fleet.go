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
	// CPUs is the number of virtual CPUs, MemoryMB what the machine is configured with.
	CPUs, MemoryMB int
}

// Fleet is every running virtual machine of the lab.
type Fleet struct {
	clock *clock.Clock
	truth *truth.Log
	// OnChange is called, outside the lock, when a guest has booted and whenever what its Tools report may have changed.
	// Set it before the first PowerOn.
	OnChange func(id string)

	mu        sync.Mutex
	addresses *addresses
	running   map[string]*instance
	watched   map[string]*instance // see Vitals
	copies    map[string][]*instance
	cut       map[string]bool // hosts whose guests have no network
}

type instance struct {
	Machine
	blocked bool // its service was stopped
	socket  *socket

	// Since power-on or the last restart:
	session
	// What it used since it was last sampled:
	used               Use
	current            Use
	accounted, sampled time.Time
}

// session is what a restart of the guest resets.
type session struct {
	timer  *time.Timer
	since  time.Time
	booted bool
	// dead: its kernel crashed or hangs; frozen: its processes are stopped.
	dead, crashed, frozen    bool
	toolsMuted, toolsStopped bool
	beaten                   bool // a heartbeat arrived
	silent                   bool // its socket is open, but does not answer
	lastBeat, lastIO         time.Time
	processes                []*Process
	lastPID                  int64
	app                      app
}

// end stops everything that a session still waits for.
func (s *session) end() {
	s.timer.Stop()
	s.app.stop()
	for _, p := range s.processes {
		if p.timer != nil {
			p.timer.Stop()
		}
	}
}

// NewFleet starts with no machine; guests take their addresses from the network.
func NewFleet(c *clock.Clock, t *truth.Log, network netip.Prefix) *Fleet {
	return &Fleet{
		clock: c, truth: t, addresses: newAddresses(network), running: map[string]*instance{}, watched: map[string]*instance{},
		copies: map[string][]*instance{}, cut: map[string]bool{}, OnChange: func(string) {},
	}
}

// PowerOn starts a machine on its host; one that runs already is left alone and false is returned.
func (f *Fleet) PowerOn(m Machine) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[m.ID] != nil {
		return false
	}
	now := time.Now()
	i := &instance{Machine: m, accounted: now, sampled: now}
	f.running[m.ID] = i
	f.boot(i)
	return true
}

func (f *Fleet) boot(i *instance) {
	i.session = session{since: time.Now(), lastPID: firstPID}
	jitter := 1 + BootJitter*(2*rand.Float64()-1)
	d := time.Duration(float64(ProfileOf(i.GuestID).Boot) * jitter)
	since := i.since
	i.timer = f.clock.AfterFunc(d, func() { f.finishBoot(i, since) })
	i.account(i.since)
	f.watch(i)
}

func (f *Fleet) finishBoot(i *instance, since time.Time) {
	f.mu.Lock()
	if f.running[i.ID] != i || i.since != since || i.dead {
		f.mu.Unlock()
		return
	}
	i.booted = true
	i.beaten = i.beats()
	f.open(i, "booted")
	i.account(time.Now())
	f.mu.Unlock()
	f.OnChange(i.ID)
}

func (f *Fleet) open(i *instance, cause string) {
	p := ProfileOf(i.GuestID)
	if p.Port == 0 || i.blocked || i.socket != nil || f.cut[i.Host] {
		return
	}
	f.yieldAddress(i.ID)
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
	if !i.silent {
		f.note(i, "down", cause)
	}
	i.silent = false
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
	i.end()
	f.close(i, cause)
	delete(f.running, i.ID)
	delete(f.watched, i.ID)
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
	for _, id := range f.copiesOn(host) {
		f.endCopies(id, host, cause)
	}
	return ids
}

// Restart boots a running guest again: its service closes until it is up. False when it does not run.
func (f *Fleet) Restart(id, cause string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[id]
	if i == nil {
		return false
	}
	i.end()
	f.close(i, cause)
	f.boot(i)
	return true
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
	f.setService(i, on, cause)
	return true
}

func (f *Fleet) setService(i *instance, on bool, cause string) {
	i.blocked = !on
	switch {
	case !on:
		f.close(i, cause)
	case i.booted && !i.dead && !i.frozen:
		f.open(i, cause)
	}
}

// Forget frees the address of a machine that was deleted.
func (f *Fleet) Forget(id string) {
	f.PowerOff(id, "deleted")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endCopies(id, "", "deleted")
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
	for id := range f.copies {
		f.endCopies(id, "", "lab stopped")
	}
}
