// Package esxi is what an administrator meets on a host over SSH: a shell that knows the esxcli commands which take its
// management network or storage away and bring it back, and as much of a shell as it takes to undo that after a while.
package esxi

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"

	"vsphere-ha/lab/vcenter/clock"
	"vsphere-ha/lab/vcenter/hardware"
)

// Host is the SSH server of one host's ESXi.
type Host struct {
	// LUN is the canonical name of the shared disk.
	LUN      string
	server   *hardware.Server
	clock    *clock.Clock
	config   *ssh.ServerConfig
	listener net.Listener
	gate     *gate

	mu    sync.Mutex
	conns map[*conn]struct{}
	alive context.Context // ends with the power
	kill  context.CancelFunc

	table table
}

// Listen serves a host's SSH at its address, with a host key of its own. It answers while the network carries it.
func Listen(server *hardware.Server, c *clock.Clock, key ssh.Signer, lun, user, password string) (*Host, error) {
	l, err := net.Listen("tcp4", server.SSH)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s for SSH of %s: %w", server.SSH, server.Name, err)
	}
	h := &Host{LUN: lun, server: server, clock: c, listener: l, gate: newGate(), conns: map[*conn]struct{}{}}
	h.alive, h.kill = context.WithCancel(context.Background())
	check := func(name, given string) error {
		if subtle.ConstantTimeCompare([]byte(name), []byte(user)) == 1 && subtle.ConstantTimeCompare([]byte(given), []byte(password)) == 1 {
			return nil
		}
		return errors.New("permission denied")
	}
	h.config = &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			return nil, check(c.User(), string(given))
		},
		// ESXi offers this one, too; many clients try nothing else for passwords.
		KeyboardInteractiveCallback: func(c ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errors.New("permission denied")
			}
			return nil, check(c.User(), answers[0])
		},
	}
	h.config.AddHostKey(key)
	go h.accept()
	return h, nil
}

// Reachable lets packets pass or not. Those that wait pass when the network is back, as TCP repeats them.
func (h *Host) Reachable(on bool) { h.gate.set(on) }

// PowerLost ends every session and process.
func (h *Host) PowerLost() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kill()
	h.alive, h.kill = context.WithCancel(context.Background())
	for c := range h.conns {
		c.reset()
	}
}

// Close stops the server.
func (h *Host) Close() {
	_ = h.listener.Close()
	h.PowerLost()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kill()
}

func (h *Host) accept() {
	for {
		raw, err := h.listener.Accept()
		if err != nil {
			return
		}
		c := &conn{Conn: raw, gate: h.gate, done: make(chan struct{})}
		h.mu.Lock()
		h.conns[c] = struct{}{}
		h.mu.Unlock()
		go h.serve(c)
	}
}

func (h *Host) serve(c *conn) {
	defer func() {
		_ = c.Close()
		h.mu.Lock()
		delete(h.conns, c)
		h.mu.Unlock()
	}()
	_, channels, requests, err := ssh.NewServerConn(c, h.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.Prohibited, "only sessions are served")
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go h.session(channel, asked)
	}
}

// session runs the command that a client asks for.
func (h *Host) session(channel ssh.Channel, asked <-chan *ssh.Request) {
	defer func() { _ = channel.Close() }()
	for r := range asked {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		_ = r.Reply(true, nil)
		go ssh.DiscardRequests(asked)
		out, errs := newPipe(channel), newPipe(channel.Stderr())
		h.mu.Lock()
		p := process{alive: h.alive, host: h, out: out, err: errs, held: &sync.WaitGroup{}}
		h.mu.Unlock()
		status := p.script(command.Text)
		p.held.Wait()
		out.flush()
		errs.flush()
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(status)}))
		return
	}
}
