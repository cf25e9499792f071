package amqp_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/rabbitmq/amqp091-go"

	"vsphere-ha/lab/openstack/broker/amqp"
)

const patience = 5 * time.Second

// start runs a broker and returns its address.
func start(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go amqp.NewBroker("nova", "right").Serve(listener)
	return listener.Addr().String()
}

func connect(t *testing.T, address string) *client.Connection {
	t.Helper()
	c, err := client.Dial("amqp://nova:right@" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func channel(t *testing.T, c *client.Connection) *client.Channel {
	t.Helper()
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func publish(t *testing.T, ch *client.Channel, exchange, key, body string) {
	t.Helper()
	ok(t, ch.Publish(exchange, key, false, false, client.Publishing{Body: []byte(body), CorrelationId: "id-" + body}))
}

func receive(t *testing.T, deliveries <-chan client.Delivery) client.Delivery {
	t.Helper()
	select {
	case d := <-deliveries:
		return d
	case <-time.After(patience):
		t.Fatal("no message came")
		return client.Delivery{}
	}
}

func queue(t *testing.T, ch *client.Channel, name string, arguments client.Table) {
	t.Helper()
	must[client.Queue](t)(ch.QueueDeclare(name, false, false, false, false, arguments))
}

func consume(t *testing.T, ch *client.Channel, name string) <-chan client.Delivery {
	t.Helper()
	return must[<-chan client.Delivery](t)(ch.Consume(name, "", false, false, false, false, nil))
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	address := start(t)
	for _, login := range []string{"nova:wrong", "other:right"} {
		c, err := client.Dial("amqp://" + login + "@" + address + "/")
		if err == nil {
			c.Close()
			t.Errorf("%s was let in", login)
		} else if !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v, want code 403", login, err)
		}
	}
}

func TestAMQPLAINIsUnderstood(t *testing.T) {
	config := client.Config{SASL: []client.Authentication{&client.AMQPlainAuth{Username: "nova", Password: "right"}}}
	c, err := client.DialConfig("amqp://"+start(t)+"/", config)
	ok(t, err)
	c.Close()
}

func TestAMessageKeepsItsBodyAndProperties(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", nil)
	long := strings.Repeat("x", 1<<20) // many frames
	sent := client.Publishing{
		Headers: client.Table{"answer": int32(42), "nested": client.Table{"list": []any{"a", true}}},
		Body:    []byte(long), ContentType: "application/json", CorrelationId: "c", ReplyTo: "r", MessageId: "m", Expiration: "60000",
	}
	ok(t, ch.Publish("", "q", false, false, sent))
	got := receive(t, consume(t, ch, "q"))
	if string(got.Body) != long || got.ContentType != sent.ContentType || got.CorrelationId != "c" || got.ReplyTo != "r" ||
		got.Headers["answer"] != int32(42) || got.Expiration != "60000" {
		t.Errorf("got %d octets, %+v", len(got.Body), got.Headers)
	}
}

func TestAnEmptyMessageArrives(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", nil)
	publish(t, ch, "", "q", "")
	if got := receive(t, consume(t, ch, "q")); len(got.Body) != 0 {
		t.Errorf("got %q", got.Body)
	}
}

func TestATopicExchangeRoutesByPattern(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	ok(t, ch.ExchangeDeclare("nova", "topic", false, false, false, false, nil))
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"compute.c1", "compute.c1", true},
		{"compute.c1", "compute.c2", false},
		{"compute.*", "compute.c1", true},
		{"compute.*", "compute", false},
		{"compute.*", "compute.c1.x", false},
		{"compute.#", "compute", true},
		{"compute.#", "compute.c1.x", true},
		{"#", "anything.at.all", true},
		{"#.end", "a.b.end", true},
		{"#.end", "a.b", false},
		{"*.*", "a.b", true},
	} {
		t.Run(c.pattern+" for "+c.key, func(t *testing.T) {
			name := c.pattern + "<" + c.key
			queue(t, ch, name, nil)
			ok(t, ch.QueueBind(name, c.pattern, "nova", false, nil))
			publish(t, ch, "nova", c.key, "x")
			_, got, err := ch.Get(name, true)
			ok(t, err)
			if got != c.want {
				t.Errorf("routed: %v", got)
			}
			must[int](t)(ch.QueueDelete(name, false, false, false))
		})
	}
}

func TestAFanoutExchangeReachesEveryQueueOnce(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	ok(t, ch.ExchangeDeclare("all", "fanout", false, true, false, false, nil))
	for _, name := range []string{"a", "b"} {
		queue(t, ch, name, nil)
		ok(t, ch.QueueBind(name, "", "all", false, nil))
		ok(t, ch.QueueBind(name, "again", "all", false, nil))
	}
	publish(t, ch, "all", "whatever", "x")
	for _, name := range []string{"a", "b"} {
		if q := must[client.Queue](t)(ch.QueueDeclarePassive(name, false, false, false, false, nil)); q.Messages != 1 {
			t.Errorf("%s holds %d messages", name, q.Messages)
		}
	}
}

// oslo.messaging learns from a returned message that the one who waits for a reply is gone.
func TestAMandatoryMessageWithoutAQueueComesBackAndIsConfirmed(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	ok(t, ch.Confirm(false))
	returned := ch.NotifyReturn(make(chan client.Return, 1))
	confirmation := must[*client.DeferredConfirmation](t)(
		ch.PublishWithDeferredConfirm("", "nobody", true, false, client.Publishing{Body: []byte("x")}))
	select {
	case r := <-returned:
		if r.ReplyCode != 312 || r.RoutingKey != "nobody" || string(r.Body) != "x" {
			t.Errorf("returned %+v", r)
		}
	case <-time.After(patience):
		t.Fatal("the message did not come back")
	}
	if !confirmation.Wait() {
		t.Error("it was not confirmed")
	}
}

func TestAChannelErrorClosesTheChannelOnly(t *testing.T) {
	c := connect(t, start(t))
	for name, provoke := range map[string]struct {
		code int
		call func(ch *client.Channel) error
	}{
		"404 passive declaration": {404, func(ch *client.Channel) error {
			return ch.ExchangeDeclarePassive("none", "topic", false, false, false, false, nil)
		}},
		"404 consuming": {404, func(ch *client.Channel) error {
			_, err := ch.Consume("none", "", false, false, false, false, nil)
			return err
		}},
		"406 other properties": {406, func(ch *client.Channel) error {
			queue(t, ch, "plain", nil)
			_, err := ch.QueueDeclare("plain", true, false, false, false, nil)
			return err
		}},
		"406 unknown delivery": {406, func(ch *client.Channel) error {
			closed := ch.NotifyClose(make(chan *client.Error, 1))
			ok(t, ch.Ack(99, false))
			select {
			case err := <-closed:
				return err
			case <-time.After(patience):
				return nil
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := provoke.call(channel(t, c))
			var reason *client.Error
			if e, isError := err.(*client.Error); isError {
				reason = e
			}
			if reason == nil || reason.Code != provoke.code {
				t.Fatalf("got %v", err)
			}
			channel(t, c).Close() // the connection still serves
		})
	}
}

func TestUnacknowledgedMessagesGoToAnotherWhenTheirConsumerIsGone(t *testing.T) {
	address := start(t)
	first := connect(t, address)
	ch := channel(t, first)
	queue(t, ch, "q", nil)
	deliveries := consume(t, ch, "q")
	for _, body := range []string{"1", "2", "3"} {
		publish(t, ch, "", "q", body)
	}
	ok(t, receive(t, deliveries).Ack(false))
	receive(t, deliveries)
	receive(t, deliveries)
	ok(t, first.Close())
	again := consume(t, channel(t, connect(t, address)), "q")
	for _, want := range []string{"2", "3"} {
		if d := receive(t, again); string(d.Body) != want || !d.Redelivered {
			t.Errorf("got %s (redelivered %v), want %s", d.Body, d.Redelivered, want)
		}
	}
}

func TestPrefetchLimitsWhatAConsumerHolds(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", nil)
	ok(t, ch.Qos(1, 0, false))
	deliveries := consume(t, ch, "q")
	publish(t, ch, "", "q", "1")
	publish(t, ch, "", "q", "2")
	first := receive(t, deliveries)
	if q := must[client.Queue](t)(ch.QueueDeclarePassive("q", false, false, false, false, nil)); q.Messages != 1 {
		t.Errorf("%d messages wait, want 1", q.Messages)
	}
	ok(t, first.Ack(false))
	receive(t, deliveries)
}

func TestConsumersOfAQueueTakeTurns(t *testing.T) {
	c := connect(t, start(t))
	ch := channel(t, c)
	queue(t, ch, "q", nil)
	a, b := consume(t, ch, "q"), consume(t, channel(t, c), "q")
	for i := range 4 {
		publish(t, ch, "", "q", fmt.Sprint(i))
	}
	for range 2 {
		receive(t, a)
		receive(t, b)
	}
}

func TestARejectedMessageIsRequeuedOrDropped(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", nil)
	deliveries := consume(t, ch, "q")
	publish(t, ch, "", "q", "x")
	ok(t, receive(t, deliveries).Reject(true))
	ok(t, receive(t, deliveries).Nack(false, false))
	if q := must[client.Queue](t)(ch.QueueDeclarePassive("q", false, false, false, false, nil)); q.Messages != 0 {
		t.Errorf("%d messages are left", q.Messages)
	}
}

func TestAnUnusedQueueExpires(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", client.Table{"x-expires": int32(50)})
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if publishReturns(t, ch, "q") {
			return
		}
	}
	t.Error("the queue is still there")
}

func TestAQueueInUseDoesNotExpire(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", client.Table{"x-expires": int32(50)})
	deliveries := consume(t, ch, "q")
	queue(t, ch, "other", client.Table{"x-expires": int32(150)})
	for !publishReturns(t, ch, "other") { // outlives three times the limit
	}
	publish(t, ch, "", "q", "x")
	receive(t, deliveries)
}

// publishReturns tells whether a message to a queue comes back for want of it.
func publishReturns(t *testing.T, ch *client.Channel, name string) bool {
	t.Helper()
	ok(t, ch.Confirm(false))
	returned := ch.NotifyReturn(make(chan client.Return, 1))
	confirmation := must[*client.DeferredConfirmation](t)(
		ch.PublishWithDeferredConfirm("", name, true, false, client.Publishing{}))
	confirmation.Wait()
	select {
	case <-returned:
		return true
	default:
		return false
	}
}

func TestQueuesOfAConnectionGoWithIt(t *testing.T) {
	address := start(t)
	first := connect(t, address)
	must[client.Queue](t)(channel(t, first).QueueDeclare("mine", false, false, true, false, nil))
	second := connect(t, address)
	if _, err := channel(t, second).QueueDeclarePassive("mine", false, false, true, false, nil); err == nil {
		t.Error("another connection may use an exclusive queue")
	}
	ok(t, first.Close())
	deadline := time.Now().Add(patience)
	for {
		_, err := channel(t, second).QueueDeclarePassive("mine", false, false, false, false, nil)
		if e, isError := err.(*client.Error); isError && e.Code == 404 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the queue is still there: %v", err)
		}
	}
}

func TestAConsumerIsToldThatItsQueueWasDeleted(t *testing.T) {
	ch := channel(t, connect(t, start(t)))
	queue(t, ch, "q", nil)
	cancelled := ch.NotifyCancel(make(chan string, 1))
	consume(t, ch, "q")
	must[int](t)(ch.QueueDelete("q", false, false, false))
	select {
	case <-cancelled:
	case <-time.After(patience):
		t.Error("it was not told")
	}
}

func TestManyCallersAtOnceGetTheirOwnReplies(t *testing.T) {
	address := start(t)
	server := channel(t, connect(t, address))
	queue(t, server, "calls", nil)
	calls := consume(t, server, "calls")
	go func() {
		for d := range calls {
			_ = server.Publish("", d.ReplyTo, true, false, client.Publishing{Body: d.Body})
			_ = d.Ack(false)
		}
	}()
	var group sync.WaitGroup
	for caller := range 8 {
		c := connect(t, address)
		group.Go(func() {
			ch, err := c.Channel()
			if err != nil {
				t.Error(err)
				return
			}
			reply := fmt.Sprintf("reply-%d", caller)
			if _, err := ch.QueueDeclare(reply, false, false, false, false, nil); err != nil {
				t.Error(err)
				return
			}
			replies, err := ch.Consume(reply, "", true, false, false, false, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range 200 {
				body := fmt.Sprintf("%d/%d", caller, i)
				if err := ch.Publish("", "calls", false, false, client.Publishing{Body: []byte(body), ReplyTo: reply}); err != nil {
					t.Error(err)
					return
				}
				select {
				case d := <-replies:
					if string(d.Body) != body {
						t.Errorf("got %s, want %s", d.Body, body)
						return
					}
				case <-time.After(patience):
					t.Errorf("no reply to %s", body)
					return
				}
			}
		})
	}
	group.Wait()
}

// What is no AMQP, or breaks its rules, ends that connection and nothing else.
func TestGarbageEndsItsConnectionOnly(t *testing.T) {
	address := start(t)
	good := channel(t, connect(t, address))
	queue(t, good, "q", nil)
	for name, bytes := range map[string]string{
		"other protocol":  "GET / HTTP/1.1\r\n\r\n",
		"oversized frame": "AMQP\x00\x00\x09\x01\x01\x00\x00\xff\xff\xff\xff",
		"bad frame end":   "AMQP\x00\x00\x09\x01\x01\x00\x00\x00\x00\x00\x01x!",
		"short arguments": "AMQP\x00\x00\x09\x01\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0b\xce",
	} {
		t.Run(name, func(t *testing.T) {
			socket, err := net.Dial("tcp", address)
			ok(t, err)
			defer socket.Close()
			_, err = socket.Write([]byte(bytes))
			ok(t, err)
			ok(t, socket.SetReadDeadline(time.Now().Add(patience)))
			rest := make([]byte, 4096)
			for err == nil {
				_, err = socket.Read(rest)
			}
			if e, isTimeout := err.(net.Error); isTimeout && e.Timeout() {
				t.Error("the connection stays open")
			}
		})
	}
	publish(t, good, "", "q", "x")
	receive(t, consume(t, good, "q"))
}
