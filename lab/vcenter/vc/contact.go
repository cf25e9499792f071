package vc

import (
	"time"

	"vsphere-ha/lab/vcenter/hardware"
)

const (
	// notRespondingAfter is how long vCenter misses a host's heartbeats before it calls it not responding, where no HA
	// master tells it earlier (VMware KB 1005757).
	notRespondingAfter = 60 * time.Second
	// reconnectAfter is from vCenter reaching a host's ESXi to its managing the host again (an assumption).
	reconnectAfter = 10 * time.Second
)

// contact tells since when vCenter cannot reach a server, or reaches it again. A server without one was always reached.
type contact struct {
	lost  bool
	since time.Time
}

// reaches tells whether vCenter and a server's ESXi can talk.
func (s *Sim) reaches(server *hardware.Server) bool {
	up, _ := server.Up()
	return up && s.network.Where(server).VCenter
}

// serverDown stops what ran on a server the moment it loses power. vCenter does not know yet.
func (s *Sim) serverDown(server *hardware.Server, cause string) {
	s.fleet.HostDown(server.Name, cause)
	if c := s.console(server); c != nil {
		c.PowerLost()
	}
	s.watchContact(server)
}

// serverUp lets vCenter reconnect a host whose ESXi has booted.
func (s *Sim) serverUp(server *hardware.Server) {
	s.noteLost(server)
	s.watchContact(server)
}

// networkChanged follows a server's connection to the management network.
func (s *Sim) networkChanged(server *hardware.Server, m hardware.Management) {
	s.fleet.SetNetwork(server.Name, m.Switched(), "network of the host")
	s.watchContact(server)
	s.clock.AfterFunc(0, func() { // whoever changed it need not wait
		s.showAdapters(server)
		s.storageChanged(server)
	})
}

// watchContact looks whether vCenter has lost a server or found it again, and acts when that has lasted.
func (s *Sim) watchContact(server *hardware.Server) {
	s.watching.Lock()
	defer s.watching.Unlock()
	lost, now := !s.reaches(server), time.Now()
	if c := s.console(server); c != nil {
		c.Reachable(!lost) // administrators sit where vCenter is
	}
	s.mu.Lock()
	if s.contacts[server].lost == lost {
		s.mu.Unlock()
		return
	}
	s.contacts[server] = contact{lost, now}
	s.mu.Unlock()
	delay := reconnectAfter
	if lost {
		delay = notRespondingAfter
	}
	s.clock.AfterFunc(delay, func() {
		s.mu.Lock()
		current := s.contacts[server]
		s.mu.Unlock()
		h, ok := s.hostOf(server)
		switch {
		case !ok || !current.since.Equal(now): // it changed again meanwhile
		case lost:
			s.hostLost(s.context(), h.ref)
		case !h.disconnected:
			s.reconnect(s.context(), h.ref, server)
		}
	})
}
