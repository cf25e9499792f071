package guest

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// keepExited is how long Tools remember a program that has ended (vSphere API reference, GuestProcessInfo.endTime).
const keepExited = 5 * time.Minute

// firstPID is the first process identifier that a started program may get (an assumption).
const firstPID = 1200

// Process is a program in a guest.
type Process struct {
	PID     int64
	Name    string
	Owner   string
	Command string
	Start   time.Time
	// End is zero while it runs.
	End  time.Time
	Exit int32

	load  load
	timer *time.Timer
}

func (p *Process) running() bool { return p.End.IsZero() }

// Errors of guest operations. Other code maps them to the API's faults.
var (
	ErrNotRunning = errors.New("the machine does not run")
	ErrNoTools    = errors.New("VMware Tools do not answer")
	ErrNoFile     = errNoProgram
	ErrNoProcess  = errors.New("no such process")
)

// ready finds a guest whose Tools can carry out an operation. The caller holds the lock.
func (f *Fleet) ready(id string) (*instance, error) {
	i := f.running[id]
	switch {
	case i == nil:
		return nil, ErrNotRunning
	case !i.beats():
		return nil, ErrNoTools
	}
	return i, nil
}

// User is the account that a guest knows, once its Tools answer.
func (f *Fleet) User(id string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.ready(id)
	if err != nil {
		return "", err
	}
	return ProfileOf(i.GuestID).User, nil
}

// Run starts a program in a guest, with what it does to it, and returns its process identifier.
func (f *Fleet) Run(id, file, arguments string) (int64, error) {
	f.mu.Lock()
	i, err := f.ready(id)
	if err != nil {
		f.mu.Unlock()
		return 0, err
	}
	profile := ProfileOf(i.GuestID)
	program, err := parseProgram(profile.Family, file, arguments, i.MemoryMB)
	if err != nil {
		f.mu.Unlock()
		return 0, err
	}
	i.lastPID++
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	p := &Process{
		PID: i.lastPID, Name: name, Owner: profile.User, Command: strings.TrimSpace(file + " " + arguments),
		Start: time.Now(), load: program.load, Exit: program.exit,
	}
	i.processes = append(i.processes, p)
	if program.runs > 0 {
		p.timer = f.clock.AfterFunc(program.runs, func() { f.finish(i, p, 0) })
	} else {
		p.End = p.Start
	}
	i.account(p.Start)
	f.forgetExited(i)
	f.mu.Unlock()
	f.act(id, program.effect)
	return p.PID, nil
}

// finish ends a program, unless it or its guest ended before.
func (f *Fleet) finish(i *instance, p *Process, exit int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !p.running() || !slices.Contains(i.processes, p) || i.dead || i.frozen {
		return
	}
	p.timer.Stop()
	p.End, p.Exit = time.Now(), exit
	i.account(p.End)
}

func (f *Fleet) forgetExited(i *instance) {
	i.processes = slices.DeleteFunc(i.processes, func(p *Process) bool {
		return !p.running() && f.clock.Since(p.End) > keepExited
	})
}

// Processes lists the programs of a guest, the operating system's own first.
func (f *Fleet) Processes(id string) ([]Process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.ready(id)
	if err != nil {
		return nil, err
	}
	f.forgetExited(i)
	var list []Process
	for n, name := range ProfileOf(i.GuestID).Processes {
		list = append(list, Process{PID: int64(1 + 4*n), Name: name, Owner: ProfileOf(i.GuestID).User, Command: name, Start: i.since})
	}
	for _, p := range i.processes {
		list = append(list, *p)
	}
	return list, nil
}

// Kill ends a program of a guest.
func (f *Fleet) Kill(id string, pid int64) error {
	f.mu.Lock()
	i, err := f.ready(id)
	if err != nil {
		f.mu.Unlock()
		return err
	}
	at := slices.IndexFunc(i.processes, func(p *Process) bool { return p.PID == pid && p.running() })
	var p *Process
	if at >= 0 {
		p = i.processes[at]
	}
	f.mu.Unlock()
	if p == nil {
		return ErrNoProcess
	}
	f.finish(i, p, killed)
	return nil
}

// killed is the exit code of a program that Tools ended (128 + SIGTERM, as shells count).
const killed = 143
