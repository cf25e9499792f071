package esxi

import (
	"io"
	"sync"
)

// pipe stands between a process and its session: the process goes on while the network carries nothing.
type pipe struct {
	to     io.Writer
	mu     sync.Mutex
	change sync.Cond
	queue  []byte
	closed bool
	done   chan struct{}
}

func newPipe(to io.Writer) *pipe {
	p := &pipe{to: to, done: make(chan struct{})}
	p.change.L = &p.mu
	go p.carry()
	return p
}

// Write takes what a process says; a session that is gone loses it.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, b...)
	p.change.Signal()
	return len(b), nil
}

func (p *pipe) carry() {
	defer close(p.done)
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && !p.closed {
			p.change.Wait()
		}
		next := p.queue
		p.queue = nil
		p.mu.Unlock()
		if len(next) == 0 {
			return
		}
		_, _ = p.to.Write(next)
	}
}

// flush waits until all has been carried and ends the pipe.
func (p *pipe) flush() {
	p.mu.Lock()
	p.closed = true
	p.change.Signal()
	p.mu.Unlock()
	<-p.done
}
