// Package hardware holds the physical servers of the lab: power, boot, and what runs once they have booted.
package hardware

import (
	"sync"
	"time"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/config"
	"vsphere-ha/lab/vcenter/truth"
)

const (
	// BootTime is from power-on until ESXi runs its services (an assumption: real servers take minutes, mostly firmware).
	BootTime = 120 * time.Second
	// ShutdownTime is what an orderly shutdown of ESXi takes (an assumption).
	ShutdownTime = 30 * time.Second
)

// Server is a physical machine that runs ESXi when it has booted.
type Server struct {
	config.Host
	clock *clock.Clock
	truth *truth.Log
	// OnDown and OnUp are called outside the lock at loss of power and when ESXi has booted.
	OnDown func(s *Server, cause string)
	OnUp   func(s *Server)
	// OnNetwork is called outside the lock when its connection to the management network changed.
	OnNetwork func(s *Server, m Management)
	// OnStorage is called outside the lock when its connection to storage changed.
	OnStorage func(s *Server)

	mu         sync.Mutex
	powered    bool
	up         bool
	agent      bool // its HA agent may run
	changed    time.Time
	pending    *time.Timer
	management Management
	storage    Storage
}

// NewServer is a server that has been running since now.
func NewServer(h config.Host, c *clock.Clock, t *truth.Log) *Server {
	return &Server{
		Host: h, clock: c, truth: t, powered: true, up: true, agent: true, changed: time.Now(),
		management: installed(),
		OnDown:     func(*Server, string) {}, OnUp: func(*Server) {}, OnNetwork: func(*Server, Management) {},
		OnStorage: func(*Server) {},
	}
}

// Powered tells whether the server has power.
func (s *Server) Powered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.powered
}

// Up tells whether ESXi runs, and since when it does or does not.
func (s *Server) Up() (bool, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up, s.changed
}

// Agent tells whether the server's HA agent can run.
func (s *Server) Agent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up && s.agent
}

// SetAgent stops the HA agent, or lets it run again.
func (s *Server) SetAgent(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agent = on
}

// PowerOff cuts the power at once.
func (s *Server) PowerOff(cause string) {
	s.mu.Lock()
	if !s.powered {
		s.mu.Unlock()
		return
	}
	s.stopPending()
	s.powered, s.up, s.changed = false, false, time.Now()
	s.mu.Unlock()
	s.OnDown(s, cause)
	s.note("powerOff", cause)
}

// PowerOn starts the server; ESXi runs after BootTime.
func (s *Server) PowerOn(cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.powered {
		return
	}
	s.powered = true
	s.note("powerOn", cause)
	s.stopPending()
	s.pending = s.clock.AfterFunc(BootTime, s.booted)
}

func (s *Server) booted() {
	s.mu.Lock()
	if !s.powered || s.up {
		s.mu.Unlock()
		return
	}
	s.up, s.changed = true, time.Now()
	s.mu.Unlock()
	s.note("booted", "")
	// The state of an adapter is no configuration: it does not outlive a boot.
	s.SetManagement("booted", (*Management).plug)
	s.SetStorage("booted", func(x *Storage) { // nor is what is injected
		x.Inject = false
		for i := range x.Paths {
			x.Paths[i].Error = 0
		}
	})
	s.OnUp(s)
}

// Shutdown asks ESXi to stop; the power goes off after ShutdownTime.
func (s *Server) Shutdown(cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.powered {
		return
	}
	s.stopPending()
	s.pending = s.clock.AfterFunc(ShutdownTime, func() { s.PowerOff(cause) })
}

// Restart cuts the power and starts the server again.
func (s *Server) Restart(cause string) {
	s.PowerOff(cause)
	s.PowerOn(cause)
}

func (s *Server) stopPending() {
	if s.pending != nil {
		s.pending.Stop()
	}
}

func (s *Server) note(event, cause string) {
	s.truth.Write(time.Now(), truth.Entry{Host: s.Name, Event: event, Cause: cause})
}

// Close stops every pending change of state.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopPending()
}
