package guest_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/guest"
)

func ubuntu(id string) guest.Machine {
	return guest.Machine{ID: id, Name: id, GuestID: "ubuntu64Guest", Host: "h1", CPUs: 2, MemoryMB: 2048}
}

// started boots a machine and returns the address of its service.
func started(t *testing.T, f *guest.Fleet, booted chan string, m guest.Machine) string {
	t.Helper()
	f.PowerOn(m)
	await(t, booted)
	address, ok := f.Address(m.ID)
	if !ok {
		t.Fatal("the guest has no service")
	}
	return address
}

func run(t *testing.T, f *guest.Fleet, id, file, arguments string) int64 {
	t.Helper()
	pid, err := f.Run(id, file, arguments)
	if err != nil {
		t.Fatalf("%s %s: %v", file, arguments, err)
	}
	return pid
}

// banner connects and returns what the service says within a short time.
func banner(t *testing.T, address string) (string, error) {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	return bufio.NewReader(c).ReadString('\n')
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestCrashedGuestAnswersNothingAndItsHeartbeatStopsUntilItIsReset(t *testing.T) {
	for name, c := range map[string]struct {
		machine         guest.Machine
		file, arguments string
	}{
		"Ubuntu": {ubuntu("a"), "/bin/sh", `-c 'echo c > /proc/sysrq-trigger'`},
		"XP":     {xp("a"), `C:\Sysinternals\notmyfaultc.exe`, "crash 0x01"},
	} {
		t.Run(name, func(t *testing.T) {
			f, booted := fleet(t, network())
			address := started(t, f, booted, c.machine)
			held, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = held.Close() }()
			if len(f.Vitals()) > 0 {
				t.Error("a healthy guest needs no look")
			}
			run(t, f, "a", c.file, c.arguments)
			if _, err := banner(t, address); !timedOut(err) || strings.Contains(err.Error(), "refused") {
				t.Errorf("connecting: %v", err)
			}
			s, on := f.Status("a")
			if !on || !s.Crashed || s.LastBeat.IsZero() {
				t.Errorf("status %+v, runs %v", s, on)
			}
			v := f.Vitals()
			if len(v) != 1 || v[0].LastBeat.IsZero() || v[0].LastIO.IsZero() {
				t.Errorf("vitals %+v", v)
			}
			if _, err := f.Run("a", c.file, c.arguments); !errors.Is(err, guest.ErrNoTools) {
				t.Errorf("guest operations: %v", err)
			}
			<-booted // the change that the crash was
			if !f.Restart("a", "reset") {
				t.Fatal("it does not run")
			}
			deadline := time.Now().Add(30 * time.Second)
			for s, _ := f.Status("a"); !s.Booted && time.Now().Before(deadline); s, _ = f.Status("a") {
				time.Sleep(time.Millisecond)
			}
			again, _ := f.Address("a")
			if c, err := net.Dial("tcp", again); err != nil || again != address {
				t.Errorf("after the reset at %s: %v", again, err)
			} else {
				_ = c.Close()
			}
			if s, _ := f.Status("a"); s.Crashed || !s.LastBeat.IsZero() || len(f.Vitals()) > 0 {
				t.Errorf("after the reset: %+v", s)
			}
		})
	}
}

func TestFrozenGuestAcceptsConnectionsAndSaysNothing(t *testing.T) {
	f, booted := fleet(t, network())
	address := started(t, f, booted, ubuntu("a"))
	if line, err := banner(t, address); err != nil || !strings.HasPrefix(line, "SSH-2.0") {
		t.Fatalf("%q, %v", line, err)
	}
	run(t, f, "a", "/bin/bash", `-c "kill -STOP -1"`)
	if line, err := banner(t, address); line != "" || !timedOut(err) {
		t.Errorf("%q, %v", line, err)
	}
	if v := f.Vitals(); len(v) != 1 || v[0].LastIO.IsZero() {
		t.Errorf("vitals %+v", v)
	}
}

func TestSilentToolsOfALivingGuestLeaveItsIO(t *testing.T) {
	f, booted := fleet(t, network())
	address := started(t, f, booted, ubuntu("a"))
	run(t, f, "a", "/usr/bin/pkill", "-STOP vmtoolsd")
	if v := f.Vitals(); len(v) != 1 || v[0].LastBeat.IsZero() || !v[0].LastIO.IsZero() {
		t.Errorf("vitals %+v", v)
	}
	if _, err := banner(t, address); err != nil {
		t.Errorf("its service: %v", err)
	}
}

func TestStoppedToolsAreNoLostHeartbeat(t *testing.T) {
	f, booted := fleet(t, network())
	started(t, f, booted, ubuntu("a"))
	run(t, f, "a", "/usr/sbin/service", "open-vm-tools stop")
	if s, _ := f.Status("a"); s.Tools || len(f.Vitals()) > 0 {
		t.Errorf("status %+v, vitals %+v", s, f.Vitals())
	}
}

func TestCrashIsInTheTruthLogOnce(t *testing.T) {
	f, booted := fleet(t, network())
	started(t, f, booted, ubuntu("a"))
	run(t, f, "a", "/bin/sh", `-c "echo c >/proc/sysrq-trigger"`)
	f.Restart("a", "reset")
	f.PowerOff("a", "test")
	raw, err := os.ReadFile(truthFile(t))
	if err != nil {
		t.Fatal(err)
	}
	if downs := strings.Count(string(raw), `"down"`); downs != 1 || !strings.Contains(string(raw), "guest crashed") {
		t.Errorf("%d times down:\n%s", downs, raw)
	}
}

func TestMonitoredApplicationIsWatchedUntilItIsDisabled(t *testing.T) {
	f, booted := fleet(t, network())
	started(t, f, booted, ubuntu("a"))
	monitor := func(words string) { run(t, f, "a", "/usr/sbin/vmware-appmonitor", words) }
	monitor("markActive")
	if s, _ := f.Status("a"); s.App {
		t.Error("marking enables nothing")
	}
	monitor("enable")
	first := f.Vitals()
	monitor("markActive")
	second := f.Vitals()
	if len(first) != 1 || len(second) != 1 || !second[0].AppMarked.After(first[0].AppMarked) {
		t.Errorf("%+v, then %+v", first, second)
	}
	monitor("postAppState appStateNeedReset")
	if v := f.Vitals(); len(v) != 1 || !v[0].NeedsReset {
		t.Errorf("vitals %+v", v)
	}
	monitor("disable")
	if len(f.Vitals()) > 0 {
		t.Error("it is still watched")
	}
}
