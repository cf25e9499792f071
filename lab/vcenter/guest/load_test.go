package guest_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/guest"
)

// using waits until the mean use of a short time meets the expectation, and fails with the last one.
func using(t *testing.T, f *guest.Fleet, what string, ok func(guest.Use) bool) {
	t.Helper()
	f.Used()
	var last guest.Use
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
		if last = f.Used()["a"]; ok(last) {
			return
		}
	}
	t.Errorf("%s: %+v", what, last)
}

func about(a, b float64) bool { return math.Abs(a-b) < 0.001*max(1, b) }

func TestStressLoadsAGuestToTheLevelAskedFor(t *testing.T) {
	for arguments, want := range map[string]guest.Use{
		"--cpu 0 --cpu-load 50":                {CPUs: 1},
		"--cpu 1 --cpu-load=25 --timeout 20h":  {CPUs: 0.25},
		"-c 8":                                 {CPUs: 2}, // no more than it has
		"--cpu 1 --cpu-load 0":                 {CPUs: 0},
		"--vm 1 --vm-bytes 512M":               {CPUs: 1, ActiveMB: 512},
		"--vm 2 --vm-bytes 25% --cpu-load 100": {CPUs: 2, ActiveMB: 1024},
		"--hdd 1 -t 10h":                       {DiskKBps: 40960},
	} {
		for name, m := range map[string]guest.Machine{"/usr/bin/stress-ng": ubuntu("a"), `C:\stress-ng\stress-ng.exe`: {
			ID: "a", Name: "a", GuestID: "winXPProGuest", Host: "h1", CPUs: 2, MemoryMB: 2048,
		}} {
			t.Run(name+arguments, func(t *testing.T) {
				f, booted := fleet(t, network())
				started(t, f, booted, m)
				run(t, f, "a", name, arguments)
				using(t, f, arguments, func(u guest.Use) bool {
					return about(u.CPUs, want.CPUs) && about(u.ActiveMB, want.ActiveMB+204.8) && about(u.DiskKBps, want.DiskKBps+20) && u.Idle == 1
				})
			})
		}
	}
}

func TestLoadEndsWithItsTimeItsTerminationAndARestart(t *testing.T) {
	f, booted := fleet(t, network())
	started(t, f, booted, ubuntu("a"))
	idle := func(u guest.Use) bool { return u.CPUs == 0 && u.Idle == 1 }
	pid := run(t, f, "a", "/usr/bin/stress-ng", "--cpu 1 --timeout 60s")
	using(t, f, "after its time", idle)
	list, err := f.Processes("a")
	if err != nil || len(list) != 4 || list[3].PID != pid || list[3].End.IsZero() || list[3].Exit != 0 {
		t.Errorf("%v, %+v", err, list)
	}
	pid = run(t, f, "a", "/usr/bin/stress-ng", "--cpu 1")
	using(t, f, "loaded", func(u guest.Use) bool { return u.CPUs == 1 })
	if err := f.Kill("a", pid); err != nil {
		t.Fatal(err)
	}
	using(t, f, "terminated", idle)
	if err := f.Kill("a", pid); !errors.Is(err, guest.ErrNoProcess) {
		t.Errorf("killed twice: %v", err)
	}
	run(t, f, "a", "/usr/bin/stress-ng", "--cpu 1")
	f.Restart("a", "reset")
	await(t, booted)
	using(t, f, "restarted", idle)
}

func TestUnknownProgramsAndWrongOptionsFailAsInARealGuest(t *testing.T) {
	f, booted := fleet(t, network())
	started(t, f, booted, ubuntu("a"))
	if _, err := f.Run("a", "/opt/unknown", ""); !errors.Is(err, guest.ErrNoFile) {
		t.Errorf("unknown program: %v", err)
	}
	if _, err := f.Run("b", "/bin/true", ""); !errors.Is(err, guest.ErrNotRunning) {
		t.Errorf("unknown machine: %v", err)
	}
	for arguments, want := range map[string]int32{
		"-c 'no-such-command'": 127, "-c true": 0, "-c 'stress-ng --cpu many'": 1, "-c 'stress-ng --cpu 1 --cpu-load 101'": 1,
		"-c 'stress-ng --frobnicate 1'": 1, "-c 'stress-ng --cpu'": 1,
	} {
		pid := run(t, f, "a", "/bin/sh", arguments)
		list, _ := f.Processes("a")
		if last := list[len(list)-1]; last.PID != pid || last.Exit != want || last.End.IsZero() {
			t.Errorf("%s: %+v", arguments, last)
		}
	}
}
