package guest

import (
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// socket is the listening service of a running guest, with every connection that it accepted.
type socket struct {
	listener *net.TCPListener
	banner   string
	served   chan struct{} // closed when no connection is accepted any more
	mu       sync.Mutex
	closed   bool
	frozen   bool
	conns    map[net.Conn]struct{}
}

func listen(address, banner string) (*socket, error) {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, err
	}
	s := &socket{listener: l.(*net.TCPListener), banner: banner, served: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	go s.serve()
	return s, nil
}

func (s *socket) serve() {
	defer close(s.served)
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if !s.keep(c) {
			_ = c.Close()
			return
		}
		go s.hold(c)
	}
}

// hold keeps a connection until the client leaves or the guest dies.
func (s *socket) hold(c net.Conn) {
	if !s.isFrozen() {
		_, _ = io.WriteString(c, s.banner)
	}
	_, _ = io.Copy(io.Discard, c)
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	_ = c.Close()
}

func (s *socket) isFrozen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frozen
}

// freeze stops the service as a stopped process does: the kernel still completes handshakes, but nobody says a word.
func (s *socket) freeze() {
	s.mu.Lock()
	s.frozen = true
	s.mu.Unlock()
	_ = s.listener.SetDeadline(time.Unix(1, 0))
	<-s.served
}

// mute lets nothing answer any more, not even a refusal: the guest's kernel is dead. A listener whose queue is full drops
// connection requests (listen(2), tcp(7)), so that clients run into their own time-outs, as they do on a real network.
func (s *socket) mute() {
	s.freeze()
	raw, err := s.listener.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) })
	// One connection fills the queue; where it is full already, this one waits in vain.
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		if c, err := net.DialTimeout("tcp4", s.listener.Addr().String(), fillTimeout); err == nil && !s.keep(c) {
			_ = c.Close()
		}
	}()
	select {
	case <-filled:
	case <-time.After(fillPatience):
	}
}

// Wall time: a connection over loopback takes a fraction of a millisecond, on a busy machine more.
const fillPatience, fillTimeout = 200 * time.Millisecond, 10 * time.Second

// keep adds a connection; false when the service has ended.
func (s *socket) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[c] = struct{}{}
	}
	return !s.closed
}

// close ends the service and resets every connection at once: a dead machine says no goodbye.
func (s *socket) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
}
