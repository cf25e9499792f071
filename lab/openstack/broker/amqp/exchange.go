package amqp

import (
	"slices"
	"strings"
)

// exchange routes messages to the queues bound to it.
type exchange struct {
	name, kind string
	durable    bool
	autoDelete bool
	bindings   []binding
}

type binding struct {
	queue *queue
	key   string
}

// route returns the queues that a message with this routing key goes to, each once.
func (e *exchange) route(key string) []*queue {
	var queues []*queue
	for _, b := range e.bindings {
		if e.matches(b.key, key) && !slices.Contains(queues, b.queue) {
			queues = append(queues, b.queue)
		}
	}
	return queues
}

func (e *exchange) matches(pattern, key string) bool {
	switch e.kind {
	case "fanout":
		return true
	case "topic":
		return matchTopic(strings.Split(pattern, "."), strings.Split(key, "."))
	default:
		return pattern == key
	}
}

// matchTopic: `*` stands for one word, `#` for any number of words.
func matchTopic(pattern, words []string) bool {
	if len(pattern) == 0 {
		return len(words) == 0
	}
	if pattern[0] == "#" {
		return matchTopic(pattern[1:], words) || len(words) > 0 && matchTopic(pattern, words[1:])
	}
	return len(words) > 0 && (pattern[0] == "*" || pattern[0] == words[0]) && matchTopic(pattern[1:], words[1:])
}

func (e *exchange) bind(q *queue, key string) {
	if b := (binding{q, key}); !slices.Contains(e.bindings, b) {
		e.bindings = append(e.bindings, b)
	}
}

// unbind takes away the bindings that match and says whether the exchange is to be deleted with its last one.
func (e *exchange) unbind(match func(binding) bool) (last bool) {
	before := len(e.bindings)
	e.bindings = slices.DeleteFunc(e.bindings, match)
	return e.autoDelete && before > 0 && len(e.bindings) == 0
}
