package esxi

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Exit codes of the shell (POSIX, "Exit Status for Commands").
const (
	exitUsage    = 2
	exitNotFound = 127
	exitKilled   = 137
)

// process is a running shell: it ends when its host loses power, not when the session that started it does.
type process struct {
	alive context.Context
	host  *Host
	out   io.Writer
	err   io.Writer
	// held counts what runs in the background with the session's output open: sshd keeps the session for it.
	held *sync.WaitGroup
}

// script runs a script and returns its exit code.
func (p process) script(text string) int {
	l, err := parse(text)
	if err != nil {
		fmt.Fprintf(p.err, "sh: %v\n", err)
		return exitUsage
	}
	return p.list(l)
}

func (p process) list(l list) (status int) {
	for _, e := range l {
		if e.background {
			p.start(e)
			status = 0
			continue
		}
		if status = p.chain(e.chain); p.alive.Err() != nil {
			return exitKilled
		}
	}
	return status
}

func (p process) start(e entry) {
	detached := true
	for _, c := range e.chain {
		detached = detached && c.detached
	}
	if detached {
		p.held = &sync.WaitGroup{}
	}
	p.held.Add(1)
	go func() {
		defer p.held.Done()
		p.chain(e.chain)
	}()
}

func (p process) chain(chain []link) (status int) {
	for _, c := range chain {
		if c.joint == "&&" && status != 0 || c.joint == "||" && status == 0 {
			continue
		}
		own := p
		if c.detached {
			own.out, own.err = io.Discard, io.Discard
		}
		if c.grouped {
			status = own.list(c.group)
		} else {
			status = own.run(c.words)
		}
	}
	return status
}

// run executes the few programs that injectors need.
func (p process) run(words []string) int {
	if p.alive.Err() != nil {
		return exitKilled
	}
	defer p.host.register(words)()
	name, args := words[0], words[1:]
	switch name[strings.LastIndex(name, "/")+1:] {
	case "true", ":":
		return 0
	case "false":
		return 1
	case "echo":
		fmt.Fprintln(p.out, strings.Join(args, " "))
		return 0
	case "sleep":
		return p.sleep(args)
	case "nohup", "setsid":
		if len(args) == 0 {
			fmt.Fprintf(p.err, "BusyBox: usage: %s PROG ARGS\n", name)
			return 1
		}
		return p.run(args)
	case "ps":
		if len(args) != 1 || args[0] != "-c" {
			fmt.Fprintln(p.err, "ps: only ps -c is known here")
			return 1
		}
		fmt.Fprint(p.out, p.host.processes())
		return 0
	case "sh":
		if len(args) < 2 || args[0] != "-c" {
			fmt.Fprintln(p.err, "sh: only sh -c COMMAND is known here")
			return exitUsage
		}
		return p.script(args[1])
	case "esxcli":
		return p.host.esxcli(args, p.out)
	case "vsish":
		text, err := p.host.vsish(args)
		if err != nil {
			fmt.Fprintln(p.err, err)
			return 1
		}
		fmt.Fprint(p.out, text)
		return 0
	}
	fmt.Fprintf(p.err, "sh: %s: not found\n", name)
	return exitNotFound
}

// sleep waits for lab time.
func (p process) sleep(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(p.err, "BusyBox: usage: sleep N")
		return 1
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(args[0], "s"), 64)
	if err != nil || seconds < 0 {
		fmt.Fprintf(p.err, "sleep: invalid number '%s'\n", args[0])
		return 1
	}
	if !p.host.clock.Sleep(p.alive, time.Duration(seconds*float64(time.Second))) {
		return exitKilled
	}
	return 0
}
