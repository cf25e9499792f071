// Package amqp is a broker for AMQP 0-9-1 in memory: the part of the protocol that oslo.messaging uses, with
// RabbitMQ's extensions that it relies on (publisher confirms, consumer cancel notification, queue expiry).
//
// Nothing outlives the process: clients declare what they use again when they reconnect.
package amqp

import (
	"net"
	"slices"
	"sync"
	"time"
)

// Broker holds exchanges and queues; one lock guards them and everything that hangs on them.
type Broker struct {
	user, password string

	mu        sync.Mutex
	exchanges map[string]*exchange
	queues    map[string]*queue
}

// NewBroker makes a broker with one user.
func NewBroker(user, password string) *Broker {
	b := &Broker{user: user, password: password, exchanges: map[string]*exchange{}, queues: map[string]*queue{}}
	for _, kind := range []string{"direct", "fanout", "topic"} {
		b.exchanges["amq."+kind] = &exchange{name: "amq." + kind, kind: kind, durable: true}
	}
	return b
}

// Serve accepts connections until the listener is closed.
func (b *Broker) Serve(listener net.Listener) {
	for {
		socket, err := listener.Accept()
		if err != nil {
			return
		}
		go newConnection(b, socket).serve()
	}
}

// publish routes a message and says whether any queue took it.
func (b *Broker) publish(m *message) (routed bool, err *protocolError) {
	var queues []*queue
	if m.exchange == "" {
		if q := b.queues[m.key]; q != nil {
			queues = []*queue{q}
		}
	} else {
		e := b.exchanges[m.exchange]
		if e == nil {
			return false, soft(basicPublish, replyNotFound, "no exchange '%s'", m.exchange)
		}
		queues = e.route(m.key)
	}
	for _, q := range queues {
		copied := *m
		q.push(&copied)
	}
	return len(queues) > 0, nil
}

func (b *Broker) deleteQueue(q *queue) {
	if b.queues[q.name] != q {
		return
	}
	delete(b.queues, q.name)
	if q.unused != nil {
		q.unused.Stop()
	}
	for _, e := range b.exchanges {
		b.unbind(e, func(x binding) bool { return x.queue == q })
	}
	for _, c := range q.consumers {
		delete(c.channel.consumers, c.tag)
		c.channel.connection.notifyCancel(c)
	}
	q.consumers = nil
}

func (b *Broker) unbind(e *exchange, match func(binding) bool) {
	if e.unbind(match) {
		delete(b.exchanges, e.name)
	}
}

// removeConsumer ends a consumer; its queue goes too when it was the last of an auto-delete queue.
func (b *Broker) removeConsumer(c *consumer) {
	delete(c.channel.consumers, c.tag)
	c.queue.consumers = slices.DeleteFunc(c.queue.consumers, func(x *consumer) bool { return x == c })
	if len(c.queue.consumers) > 0 {
		return
	}
	if c.queue.autoDelete {
		b.deleteQueue(c.queue)
		return
	}
	b.startExpiry(c.queue)
}

// startExpiry begins the time after which a queue without consumers is deleted; each use begins it anew.
func (b *Broker) startExpiry(q *queue) {
	if q.expires == 0 || len(q.consumers) > 0 {
		return
	}
	if q.unused != nil {
		q.unused.Stop()
	}
	q.unused = time.AfterFunc(q.expires, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(q.consumers) == 0 {
			b.deleteQueue(q)
		}
	})
}

// forget removes what belongs to a connection that ended.
func (b *Broker) forget(c *connection) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range c.channels {
		ch.release()
	}
	for _, q := range b.queues {
		if q.owner == c {
			b.deleteQueue(q)
		}
	}
}
