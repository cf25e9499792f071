package esxi

import (
	"net"
	"sync"
)

// gate stops packets while a host is cut off.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while packets pass
	on   bool
}

func newGate() *gate {
	g := &gate{open: make(chan struct{}), on: true}
	close(g.open)
	return g
}

func (g *gate) set(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case on == g.on:
		return
	case on:
		close(g.open)
	default:
		g.open = make(chan struct{})
	}
	g.on = on
}

// pass waits until packets pass; false when the connection ends first.
func (g *gate) pass(done <-chan struct{}) bool {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return true
	case <-done:
		return false
	}
}

// conn is a connection that stands still while its host is cut off: neither side is told, as on a real network.
type conn struct {
	net.Conn
	gate *gate
	once sync.Once
	done chan struct{}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.gate.pass(c.done) {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if !c.gate.pass(c.done) {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

// reset ends the connection without a goodbye.
func (c *conn) reset() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}
