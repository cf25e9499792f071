package guest

import (
	"io"
	"net"
	"sync"
)

// socket is the listening service of a running guest, with every connection that it accepted.
type socket struct {
	listener net.Listener
	mu       sync.Mutex
	closed   bool
	conns    map[net.Conn]struct{}
}

func listen(address, banner string) (*socket, error) {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, err
	}
	s := &socket{listener: l, conns: map[net.Conn]struct{}{}}
	go s.serve(banner)
	return s, nil
}

func (s *socket) serve(banner string) {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		go s.hold(c, banner)
	}
}

// hold keeps a connection until the client leaves or the guest dies.
func (s *socket) hold(c net.Conn, banner string) {
	_, _ = io.WriteString(c, banner)
	_, _ = io.Copy(io.Discard, c)
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	_ = c.Close()
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
