package amqp

import (
	"slices"
	"time"
)

// message is what was published: the properties and the body pass through the broker unread.
type message struct {
	exchange, key string
	properties    []byte // property flags and list, as received
	body          []byte
	redelivered   bool
}

// queue holds messages until a consumer takes them. Guarded by the broker's lock.
type queue struct {
	name       string
	durable    bool
	autoDelete bool
	owner      *connection   // set on an exclusive queue
	expires    time.Duration // deleted when unused for so long; 0 = never
	messages   []*message
	consumers  []*consumer
	turn       int // round robin
	unused     *time.Timer
}

type consumer struct {
	tag     string
	channel *channel
	queue   *queue
	noAck   bool
	limit   int // unacknowledged deliveries at a time, 0 = any number
	pending int
}

func (c *consumer) free() bool { return c.noAck || c.limit == 0 || c.pending < c.limit }

// next is the consumer whose turn it is, or nil when none takes messages.
func (q *queue) next() *consumer {
	for range q.consumers {
		q.turn = (q.turn + 1) % len(q.consumers)
		if c := q.consumers[q.turn]; c.free() {
			return c
		}
	}
	return nil
}

// push appends a message and hands over what consumers can take.
func (q *queue) push(m *message) {
	q.messages = append(q.messages, m)
	q.drain()
}

// requeue puts messages that were delivered but not acknowledged back in front, oldest first.
func (q *queue) requeue(messages []*message) {
	for _, m := range messages {
		m.redelivered = true
	}
	q.messages = slices.Concat(messages, q.messages)
	q.drain()
}

func (q *queue) pop() *message {
	if len(q.messages) == 0 {
		return nil
	}
	m := q.messages[0]
	q.messages[0] = nil
	q.messages = q.messages[1:]
	return m
}

func (q *queue) drain() {
	for len(q.messages) > 0 {
		c := q.next()
		if c == nil {
			return
		}
		c.channel.deliver(c, q.pop())
	}
}
