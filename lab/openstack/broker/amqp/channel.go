package amqp

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"
)

// channel is one conversation on a connection. Guarded by the broker's lock.
type channel struct {
	id         uint16
	connection *connection
	broker     *Broker
	failed     bool // closed by the broker, the client's close-ok outstanding
	prefetch   int
	consumers  map[string]*consumer
	unacked    map[uint64]delivery
	deliveries uint64
	confirms   bool
	published  uint64
	incoming   *publication
}

type delivery struct {
	queue    *queue
	message  *message
	consumer *consumer // nil for a message that was fetched
}

// publication is a message whose header and body frames are still to come.
type publication struct {
	message   *message
	mandatory bool
	remaining int // octets of the body, -1 before the header
}

func newChannel(c *connection, id uint16) *channel {
	return &channel{
		id: id, connection: c, broker: c.broker, consumers: map[string]*consumer{}, unacked: map[uint64]delivery{},
	}
}

func (ch *channel) send(w *writer) { ch.connection.send(ch.id, w) }

// reply answers a method unless the client asked for no answer.
func (ch *channel) reply(noWait bool, w *writer) *protocolError {
	if !noWait {
		ch.send(w)
	}
	return nil
}

func (ch *channel) fail(e *protocolError) {
	ch.release()
	ch.failed = true
	ch.send(method(channelClose).short(e.code).shortstr(e.text).short(e.on.class).short(e.on.method))
}

// release ends the channel's consumers and gives back what was not acknowledged.
func (ch *channel) release() {
	for _, c := range slices.Collect(maps.Values(ch.consumers)) {
		ch.broker.removeConsumer(c)
	}
	ch.giveBack(slices.Sorted(maps.Keys(ch.unacked)))
	ch.incoming = nil
}

// giveBack requeues deliveries, oldest first in each queue.
func (ch *channel) giveBack(tags []uint64) {
	queues := map[*queue][]*message{}
	for _, tag := range tags {
		d := ch.settle(tag)
		queues[d.queue] = append(queues[d.queue], d.message)
	}
	for q, messages := range queues {
		q.requeue(messages)
	}
}

func (ch *channel) settle(tag uint64) delivery {
	d := ch.unacked[tag]
	delete(ch.unacked, tag)
	if d.consumer != nil {
		d.consumer.pending--
	}
	return d
}

func (ch *channel) deliver(c *consumer, m *message) {
	ch.deliveries++
	if !c.noAck {
		c.pending++
		ch.unacked[ch.deliveries] = delivery{c.queue, m, c}
	}
	ch.connection.sendContent(ch.id, method(basicDeliver).shortstr(c.tag).longlong(ch.deliveries).
		bit(m.redelivered).shortstr(m.exchange).shortstr(m.key), m)
}

func (ch *channel) method(id methodID, r *reader) *protocolError {
	if ch.incoming != nil {
		return hard(id, replyUnexpectedFrame, "%s amid the frames of a message", id)
	}
	switch id {
	case exchangeDeclare:
		return ch.exchangeDeclare(r)
	case exchangeDelete:
		return ch.exchangeDelete(r)
	case queueDeclare:
		return ch.queueDeclare(r)
	case queueBind:
		return ch.queueBind(r)
	case queueUnbind:
		return ch.queueUnbind(r)
	case queuePurge:
		return ch.queuePurge(r)
	case queueDelete:
		return ch.queueDelete(r)
	case basicQos:
		r.long()
		ch.prefetch = int(r.short())
		return ch.reply(false, method(basicQosOk))
	case basicConsume:
		return ch.consume(r)
	case basicCancel:
		return ch.cancel(r)
	case basicPublish:
		r.short()
		m := &message{exchange: r.shortstr(), key: r.shortstr()}
		ch.incoming = &publication{message: m, mandatory: r.octet()&1 != 0, remaining: -1}
		return nil
	case basicGet:
		return ch.get(r)
	case basicAck:
		return ch.acknowledge(id, r.longlong(), r.octet()&1 != 0, false)
	case basicReject:
		return ch.acknowledge(id, r.longlong(), false, r.octet()&1 != 0)
	case basicNack:
		tag, flags := r.longlong(), r.octet()
		return ch.acknowledge(id, tag, flags&1 != 0, flags&2 != 0)
	case confirmSelect:
		ch.confirms = true
		return ch.reply(r.octet()&1 != 0, method(confirmSelectOk))
	case channelFlow:
		return ch.reply(false, method(channelFlowOk).bit(true))
	default:
		return hard(id, replyNotImplemented, "%s is not implemented", id)
	}
}

func (ch *channel) exchangeDeclare(r *reader) *protocolError {
	r.short()
	name, kind, flags := r.shortstr(), r.shortstr(), r.octet()
	passive, durable, autoDelete, noWait := flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&16 != 0
	r.table()
	if r.err != nil {
		return nil
	}
	e := ch.broker.exchanges[name]
	switch {
	case e == nil && passive:
		return soft(exchangeDeclare, replyNotFound, "no exchange '%s'", name)
	case e == nil && !slices.Contains([]string{"direct", "fanout", "topic"}, kind):
		return hard(exchangeDeclare, replyNotImplemented, "exchange type '%s' is not implemented", kind)
	case e == nil:
		ch.broker.exchanges[name] = &exchange{name: name, kind: kind, durable: durable, autoDelete: autoDelete}
	case !passive && (e.kind != kind || e.durable != durable || e.autoDelete != autoDelete):
		return soft(exchangeDeclare, replyPreconditionFailed, "exchange '%s' exists with other properties", name)
	}
	return ch.reply(noWait, method(exchangeDeclareOk))
}

func (ch *channel) exchangeDelete(r *reader) *protocolError {
	r.short()
	name, flags := r.shortstr(), r.octet()
	if e := ch.broker.exchanges[name]; e != nil && flags&1 != 0 && len(e.bindings) > 0 {
		return soft(exchangeDelete, replyPreconditionFailed, "exchange '%s' is in use", name)
	}
	delete(ch.broker.exchanges, name)
	return ch.reply(flags&2 != 0, method(exchangeDeleteOk))
}

// find returns a queue that this connection may use.
func (ch *channel) find(on methodID, name string) (*queue, *protocolError) {
	q := ch.broker.queues[name]
	if q == nil {
		return nil, soft(on, replyNotFound, "no queue '%s'", name)
	}
	if q.owner != nil && q.owner != ch.connection {
		return nil, soft(on, replyResourceLocked, "queue '%s' belongs to another connection", name)
	}
	return q, nil
}

func (ch *channel) queueDeclare(r *reader) *protocolError {
	r.short()
	name, flags := r.shortstr(), r.octet()
	arguments := r.table()
	passive, durable, exclusive, autoDelete, noWait := flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0, flags&16 != 0
	if r.err != nil {
		return nil
	}
	if name == "" {
		name = "amq.gen-" + rand.Text()
	}
	if passive || ch.broker.queues[name] != nil {
		q, err := ch.find(queueDeclare, name)
		if err != nil {
			return err
		}
		if !passive && (q.durable != durable || q.autoDelete != autoDelete) {
			return soft(queueDeclare, replyPreconditionFailed, "queue '%s' exists with other properties", name)
		}
	} else {
		q := &queue{name: name, durable: durable, autoDelete: autoDelete}
		if exclusive {
			q.owner = ch.connection
		}
		if ms, ok := arguments["x-expires"].(int64); ok {
			q.expires = time.Duration(ms) * time.Millisecond
		}
		ch.broker.queues[name] = q
	}
	q := ch.broker.queues[name]
	ch.broker.startExpiry(q)
	return ch.reply(noWait, method(queueDeclareOk).shortstr(name).long(uint32(len(q.messages))).long(uint32(len(q.consumers))))
}

func (ch *channel) queueBind(r *reader) *protocolError {
	r.short()
	name, to, key, flags := r.shortstr(), r.shortstr(), r.shortstr(), r.octet()
	q, err := ch.find(queueBind, name)
	if err != nil {
		return err
	}
	e := ch.broker.exchanges[to]
	if e == nil {
		return soft(queueBind, replyNotFound, "no exchange '%s'", to)
	}
	e.bind(q, key)
	return ch.reply(flags&1 != 0, method(queueBindOk))
}

func (ch *channel) queueUnbind(r *reader) *protocolError {
	r.short()
	name, from, key := r.shortstr(), r.shortstr(), r.shortstr()
	if e := ch.broker.exchanges[from]; e != nil {
		ch.broker.unbind(e, func(b binding) bool { return b.queue.name == name && b.key == key })
	}
	return ch.reply(false, method(queueUnbindOk))
}

func (ch *channel) queuePurge(r *reader) *protocolError {
	r.short()
	name, flags := r.shortstr(), r.octet()
	q, err := ch.find(queuePurge, name)
	if err != nil {
		return err
	}
	n := len(q.messages)
	q.messages = nil
	return ch.reply(flags&1 != 0, method(queuePurgeOk).long(uint32(n)))
}

func (ch *channel) queueDelete(r *reader) *protocolError {
	r.short()
	name, flags := r.shortstr(), r.octet()
	n := 0
	if ch.broker.queues[name] != nil { // deleting what is not there succeeds, as in RabbitMQ
		q, err := ch.find(queueDelete, name)
		if err != nil {
			return err
		}
		if flags&1 != 0 && len(q.consumers) > 0 || flags&2 != 0 && len(q.messages) > 0 {
			return soft(queueDelete, replyPreconditionFailed, "queue '%s' is in use", name)
		}
		n = len(q.messages)
		ch.broker.deleteQueue(q)
	}
	return ch.reply(flags&4 != 0, method(queueDeleteOk).long(uint32(n)))
}

func (ch *channel) consume(r *reader) *protocolError {
	r.short()
	name, tag, flags := r.shortstr(), r.shortstr(), r.octet()
	q, err := ch.find(basicConsume, name)
	if err != nil {
		return err
	}
	if tag == "" {
		tag = "amq.ctag-" + rand.Text()
	}
	if ch.consumers[tag] != nil {
		return hard(basicConsume, replyNotAllowed, "consumer tag '%s' is in use", tag)
	}
	c := &consumer{tag: tag, channel: ch, queue: q, noAck: flags&2 != 0, limit: ch.prefetch}
	ch.consumers[tag] = c
	q.consumers = append(q.consumers, c)
	ch.reply(flags&8 != 0, method(basicConsumeOk).shortstr(tag))
	q.drain()
	return nil
}

func (ch *channel) cancel(r *reader) *protocolError {
	tag, flags := r.shortstr(), r.octet()
	if c := ch.consumers[tag]; c != nil {
		ch.broker.removeConsumer(c)
	}
	return ch.reply(flags&1 != 0, method(basicCancelOk).shortstr(tag))
}

func (ch *channel) get(r *reader) *protocolError {
	r.short()
	name, noAck := r.shortstr(), r.octet()&1 != 0
	q, err := ch.find(basicGet, name)
	if err != nil {
		return err
	}
	ch.broker.startExpiry(q)
	m := q.pop()
	if m == nil {
		return ch.reply(false, method(basicGetEmpty).shortstr(""))
	}
	ch.deliveries++
	if !noAck {
		ch.unacked[ch.deliveries] = delivery{queue: q, message: m}
	}
	ch.connection.sendContent(ch.id, method(basicGetOk).longlong(ch.deliveries).bit(m.redelivered).
		shortstr(m.exchange).shortstr(m.key).long(uint32(len(q.messages))), m)
	return nil
}

func (ch *channel) acknowledge(on methodID, tag uint64, multiple, requeue bool) *protocolError {
	tags := []uint64{tag}
	if multiple {
		tags = nil
		for t := range ch.unacked {
			if t <= tag || tag == 0 {
				tags = append(tags, t)
			}
		}
		slices.Sort(tags)
	} else if _, known := ch.unacked[tag]; !known {
		return soft(on, replyPreconditionFailed, "unknown delivery tag %d", tag)
	}
	if requeue {
		ch.giveBack(tags)
		return nil
	}
	queues := map[*queue]bool{}
	for _, t := range tags {
		queues[ch.settle(t).queue] = true
	}
	for q := range queues {
		q.drain()
	}
	return nil
}

// content takes the header and body frames of a message that is being published.
func (ch *channel) content(f frame) *protocolError {
	if ch.failed {
		return nil
	}
	p := ch.incoming
	switch {
	case p == nil, f.kind == frameHeader && p.remaining >= 0, f.kind == frameBody && p.remaining < 0:
		return hard(basicPublish, replyUnexpectedFrame, "frame of type %d where none was expected", f.kind)
	case f.kind == frameHeader:
		r := &reader{b: f.payload}
		r.long()
		size := r.longlong()
		if r.err != nil || size > 1<<30 {
			return hard(basicPublish, replyFrameError, "content header is malformed")
		}
		p.remaining = int(size)
		p.message.properties = r.b
	case f.kind == frameBody:
		p.message.body = append(p.message.body, f.payload...)
		p.remaining -= len(f.payload)
		if p.remaining < 0 {
			return hard(basicPublish, replyFrameError, "body is longer than its header says")
		}
	}
	if p.remaining > 0 {
		return nil
	}
	ch.incoming = nil
	return ch.publish(p)
}

func (ch *channel) publish(p *publication) *protocolError {
	routed, err := ch.broker.publish(p.message)
	if err != nil {
		return err
	}
	if p.mandatory && !routed {
		ch.connection.sendContent(ch.id, method(basicReturn).short(replyNoRoute).shortstr("NO_ROUTE").
			shortstr(p.message.exchange).shortstr(p.message.key), p.message)
	}
	if ch.confirms {
		ch.published++
		ch.send(method(basicAck).longlong(ch.published).bit(false))
	}
	return nil
}
