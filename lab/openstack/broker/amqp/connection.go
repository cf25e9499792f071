package amqp

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"io"
	"net"
	"sync"
	"time"
)

const (
	product           = "vsphere-ha lab broker"
	channelMax        = 2047
	heartbeatOffer    = 60 * time.Second
	handshakeDeadline = 10 * time.Second
)

var capabilities = []string{
	"publisher_confirms", "basic.nack", "consumer_cancel_notify", "authentication_failure_close",
}

type connection struct {
	broker   *Broker
	socket   net.Conn
	in       *bufio.Reader
	out      *outbox
	frameMax int
	// channels is changed by the connection's own goroutine only, under the broker's lock.
	channels     map[uint16]*channel
	cancelNotify bool
	idle         time.Duration // nothing heard for so long: the client is gone; 0 = never
	done         chan struct{}
}

func newConnection(b *Broker, socket net.Conn) *connection {
	return &connection{
		broker: b, socket: socket, in: bufio.NewReader(socket), out: newOutbox(socket), frameMax: frameMax,
		channels: map[uint16]*channel{}, done: make(chan struct{}),
	}
}

func (c *connection) serve() {
	go c.out.run()
	defer c.out.close()
	defer close(c.done)
	_ = c.socket.SetDeadline(time.Now().Add(handshakeDeadline))
	if !c.handshake() {
		return
	}
	_ = c.socket.SetDeadline(time.Time{})
	defer c.broker.forget(c)
	for {
		if c.idle > 0 {
			_ = c.socket.SetReadDeadline(time.Now().Add(c.idle))
		}
		f, err := readFrame(c.in)
		if err != nil {
			return
		}
		if !c.handle(f) {
			return
		}
	}
}

func (c *connection) send(channel uint16, w *writer) {
	c.out.push(frame{frameMethod, channel, w.b}.encode())
}

// sendContent puts a method and its message on the wire as one piece: frames of a content must not be mixed.
func (c *connection) sendContent(channel uint16, w *writer, m *message) {
	b := frame{frameMethod, channel, w.b}.encode()
	head := new(writer).short(60).short(0).longlong(uint64(len(m.body)))
	head.b = append(head.b, m.properties...)
	b = append(b, frame{frameHeader, channel, head.b}.encode()...)
	for rest := m.body; len(rest) > 0; {
		n := min(len(rest), c.frameMax-frameOverhead)
		b = append(b, frame{frameBody, channel, rest[:n]}.encode()...)
		rest = rest[n:]
	}
	c.out.push(b)
}

func (c *connection) notifyCancel(x *consumer) {
	if c.cancelNotify {
		c.send(x.channel.id, method(basicCancel).shortstr(x.tag).bit(true))
	}
}

// handshake takes the connection from the protocol header to an open virtual host.
func (c *connection) handshake() bool {
	header := make([]byte, 8)
	if _, err := io.ReadFull(c.in, header); err != nil {
		return false
	}
	if !bytes.Equal(header, []byte("AMQP\x00\x00\x09\x01")) {
		c.out.push([]byte("AMQP\x00\x00\x09\x01"))
		return false
	}
	c.send(0, method(connectionStart).octet(0).octet(9).serverProperties(product, capabilities).
		longstr([]byte("AMQPLAIN PLAIN")).longstr([]byte("en_US")))
	r, ok := c.expect(connectionStartOk)
	if !ok {
		return false
	}
	properties := r.table()
	mechanism, response := r.shortstr(), r.longstr()
	if clientCapabilities, isTable := properties["capabilities"].(table); isTable {
		c.cancelNotify, _ = clientCapabilities["consumer_cancel_notify"].(bool)
	}
	if r.err != nil || !c.authenticated(mechanism, response) {
		c.close(hard(connectionStartOk, replyAccessRefused, "ACCESS_REFUSED - login was refused"))
		return false
	}
	c.send(0, method(connectionTune).short(channelMax).long(frameMax).short(uint16(heartbeatOffer/time.Second)))
	if r, ok = c.expect(connectionTuneOk); !ok {
		return false
	}
	r.short()
	if size := int(r.long()); size > 0 {
		c.frameMax = min(size, frameMax)
	}
	if heartbeat := time.Duration(r.short()) * time.Second; heartbeat > 0 {
		c.idle = 2 * heartbeat
		go c.beat(heartbeat / 2)
	}
	if _, ok = c.expect(connectionOpen); !ok {
		return false
	}
	c.send(0, method(connectionOpenOk).shortstr(""))
	return true
}

func (c *connection) expect(id methodID) (*reader, bool) {
	for {
		f, err := readFrame(c.in)
		if err != nil {
			return nil, false
		}
		if f.kind == frameHeartbeat {
			continue
		}
		r := &reader{b: f.payload}
		if f.kind != frameMethod || (methodID{r.short(), r.short()}) != id {
			return nil, false
		}
		return r, true
	}
}

func (c *connection) authenticated(mechanism string, response []byte) bool {
	var user, password string
	switch mechanism {
	case "PLAIN":
		if parts := bytes.Split(response, []byte{0}); len(parts) == 3 {
			user, password = string(parts[1]), string(parts[2])
		}
	case "AMQPLAIN": // the response is a table's content without its length
		t := (&reader{b: new(writer).longstr(response).b}).table()
		user, _ = t["LOGIN"].(string)
		password, _ = t["PASSWORD"].(string)
	}
	sameUser := subtle.ConstantTimeCompare([]byte(user), []byte(c.broker.user))
	samePassword := subtle.ConstantTimeCompare([]byte(password), []byte(c.broker.password))
	return sameUser&samePassword == 1
}

func (c *connection) beat(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
			c.out.push(frame{kind: frameHeartbeat}.encode())
		}
	}
}

// close tells the client why the connection ends.
func (c *connection) close(e *protocolError) {
	c.send(0, method(connectionClose).short(e.code).shortstr(e.text).short(e.on.class).short(e.on.method))
}

// handle says whether the connection goes on.
func (c *connection) handle(f frame) bool {
	if f.kind == frameHeartbeat {
		return true
	}
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	if err := c.dispatch(f); err != nil {
		if err.hard || c.channels[f.channel] == nil {
			c.close(err)
			return false
		}
		c.channels[f.channel].fail(err)
		return true
	}
	return !c.out.finished()
}

func (c *connection) dispatch(f frame) *protocolError {
	r := &reader{b: f.payload}
	ch := c.channels[f.channel]
	if f.kind != frameMethod {
		if ch == nil {
			return hard(methodID{}, replyChannelError, "channel %d is not open", f.channel)
		}
		return ch.content(f)
	}
	id := methodID{r.short(), r.short()}
	switch {
	case id == connectionClose:
		c.send(0, method(connectionCloseOk))
		c.out.finish()
		return nil
	case id == connectionCloseOk:
		c.out.finish()
		return nil
	case id == channelOpen:
		if ch != nil {
			return hard(id, replyChannelError, "channel %d is open already", f.channel)
		}
		c.channels[f.channel] = newChannel(c, f.channel)
		c.send(f.channel, method(channelOpenOk).longstr(nil))
		return nil
	case ch == nil:
		return hard(id, replyChannelError, "channel %d is not open", f.channel)
	case id == channelClose:
		c.endChannel(ch)
		c.send(f.channel, method(channelCloseOk))
		return nil
	case id == channelCloseOk:
		c.endChannel(ch)
		return nil
	case ch.failed:
		return nil // the client has not yet seen that the channel is closed
	}
	err := ch.method(id, r)
	if err == nil && r.err != nil {
		return hard(id, replySyntaxError, "%s: %s", id, r.err)
	}
	return err
}

func (c *connection) endChannel(ch *channel) {
	ch.release()
	delete(c.channels, ch.id)
}

// outbox writes to the socket in the background, so that no delivery ever waits for a slow client.
type outbox struct {
	socket net.Conn
	mu     sync.Mutex
	filled *sync.Cond
	chunks net.Buffers
	last   bool
}

func newOutbox(socket net.Conn) *outbox {
	o := &outbox{socket: socket}
	o.filled = sync.NewCond(&o.mu)
	return o
}

func (o *outbox) push(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.last {
		o.chunks = append(o.chunks, b)
		o.filled.Signal()
	}
}

// finish lets what is waiting go out and nothing after it.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = true
	o.filled.Signal()
}

func (o *outbox) finished() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

func (o *outbox) close() { o.finish() }

// run ends, and closes the socket, after the last chunk or the first error.
func (o *outbox) run() {
	defer o.socket.Close()
	for {
		o.mu.Lock()
		for len(o.chunks) == 0 && !o.last {
			o.filled.Wait()
		}
		chunks, last := o.chunks, o.last
		o.chunks = nil
		o.mu.Unlock()
		if _, err := chunks.WriteTo(o.socket); err != nil {
			o.finish()
			return
		}
		if last {
			return
		}
	}
}
