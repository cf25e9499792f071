package esxi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// firstWorld is the identifier of the first process. The VMkernel counts up; the number says nothing.
const firstWorld = 2100000

// table holds the processes that run on a host, as ps lists them.
type table struct {
	mu      sync.Mutex
	started int
	running map[int]string // command lines
}

// register lists a process until the function that it returns is called.
func (h *Host) register(words []string) func() {
	t := &h.table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == nil {
		t.running = map[int]string{}
	}
	id := firstWorld + t.started
	t.started++
	t.running[id] = strings.Join(words, " ")
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.running, id)
	}
}

// processes is what "ps -c" prints: every process with its whole command line (ESXi's ps, option -c). The widths of the
// columns are not the real ones.
func (h *Host) processes() string {
	t := &h.table
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	const row = "%-8v  %-8v  %-16s  %s\n"
	fmt.Fprintf(&b, row, "WID", "CID", "WorldName", "Cmd")
	for _, id := range slices.Sorted(maps.Keys(t.running)) {
		command := t.running[id]
		name, _, _ := strings.Cut(command, " ")
		fmt.Fprintf(&b, row, id, id, name, command)
	}
	return b.String()
}
