package fdm_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

func anywhere(string, string) bool { return true }

func nothing(string) fdm.Progress { return fdm.Progress{} }

func rooms(hosts ...string) []fdm.Room {
	var list []fdm.Room
	for _, h := range hosts {
		list = append(list, fdm.Room{Host: h, CPU: 10000, Memory: 10000})
	}
	return list
}

func vm(id string, p fdm.Priority) fdm.VM {
	return fdm.VM{ID: id, Name: id, Priority: p, CPU: 100, Memory: 100, Condition: fdm.WhenPlaced}
}

func startedIDs(actions []fdm.Action) []string {
	var ids []string
	for _, a := range actions {
		if a.Host != "" {
			ids = append(ids, a.VM.ID)
		}
	}
	return ids
}

func TestNothingStartsBeforePlacementIsDone(t *testing.T) {
	r := fdm.NewRestarter()
	r.Add(vm("a", fdm.Medium), time.Minute)
	if got := r.Step(time.Minute+fdm.PlacementTime-time.Millisecond, rooms("h"), anywhere, nothing); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := startedIDs(r.Step(time.Minute+fdm.PlacementTime, rooms("h"), anywhere, nothing)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%v", got)
	}
}

func TestHigherPrioritiesStartFirst(t *testing.T) {
	r := fdm.NewRestarter()
	for id, p := range map[string]fdm.Priority{"a": fdm.Lowest, "b": fdm.Highest, "c": fdm.Medium, "d": fdm.High, "e": fdm.Low} {
		r.Add(vm(id, p), 0)
	}
	if got := startedIDs(r.Step(fdm.PlacementTime, rooms("h"), anywhere, nothing)); !slices.Equal(got, []string{"b", "d", "c", "e", "a"}) {
		t.Errorf("order %v", got)
	}
}

func TestNextPriorityWaitsForTheCondition(t *testing.T) {
	for _, c := range []struct {
		condition fdm.Condition
		ready     func(r *fdm.Restarter, up *bool)
	}{
		{fdm.WhenPoweredOn, func(r *fdm.Restarter, _ *bool) { r.Started("first", 20*time.Second) }},
		{fdm.WhenHeartbeat, func(r *fdm.Restarter, up *bool) { r.Started("first", 20*time.Second); *up = true }},
	} {
		t.Run(string(c.condition), func(t *testing.T) {
			r, up := fdm.NewRestarter(), false
			first := vm("first", fdm.Highest)
			first.Condition, first.Delay, first.Timeout = c.condition, 30*time.Second, 10*time.Minute
			r.Add(first, 0)
			r.Add(vm("second", fdm.Medium), 0)
			progress := func(string) fdm.Progress { return fdm.Progress{Heartbeat: up} }
			step := func(at time.Duration) []string { return startedIDs(r.Step(at, rooms("h"), anywhere, progress)) }
			if got := step(10 * time.Second); !slices.Equal(got, []string{"first"}) {
				t.Fatalf("%v", got)
			}
			if got := step(20 * time.Second); len(got) != 0 {
				t.Errorf("before the condition: %v", got)
			}
			c.ready(r, &up)
			if got := step(40 * time.Second); len(got) != 0 {
				t.Errorf("before the delay: %v", got)
			}
			if got := step(70 * time.Second); !slices.Equal(got, []string{"second"}) {
				t.Errorf("after condition and delay: %v", got)
			}
		})
	}
}

func TestNextPriorityStartsAfterTheTimeout(t *testing.T) {
	r := fdm.NewRestarter()
	first := vm("first", fdm.Highest)
	first.Condition, first.Timeout = fdm.WhenHeartbeat, 10*time.Minute
	r.Add(first, 0)
	r.Add(vm("second", fdm.Medium), 0)
	r.Step(10*time.Second, rooms("h"), anywhere, nothing)
	if got := startedIDs(r.Step(9*time.Minute, rooms("h"), anywhere, nothing)); len(got) != 0 {
		t.Errorf("before the timeout: %v", got)
	}
	if got := startedIDs(r.Step(10*time.Minute+10*time.Second, rooms("h"), anywhere, nothing)); !slices.Equal(got, []string{"second"}) {
		t.Errorf("after the timeout: %v", got)
	}
}

func TestRestartsSpreadOverHosts(t *testing.T) {
	r := fdm.NewRestarter()
	for i := range 9 {
		r.Add(vm(fmt.Sprint(i), fdm.Medium), 0)
	}
	count := map[string]int{}
	for _, a := range r.Step(fdm.PlacementTime, rooms("a", "b", "c"), anywhere, nothing) {
		count[a.Host]++
	}
	if count["a"] != 3 || count["b"] != 3 || count["c"] != 3 {
		t.Errorf("%v", count)
	}
}

func TestAtMost32StartAtOnceOnAHost(t *testing.T) {
	r := fdm.NewRestarter()
	for i := range 40 {
		r.Add(vm(fmt.Sprint(i), fdm.Medium), 0)
	}
	if got := len(startedIDs(r.Step(fdm.PlacementTime, rooms("h"), anywhere, nothing))); got != 32 {
		t.Errorf("%d start", got)
	}
	if got := len(startedIDs(r.Step(fdm.PlacementTime, []fdm.Room{{Host: "h", CPU: 1e6, Memory: 1e6, Starting: 30}}, anywhere, nothing))); got != 2 {
		t.Errorf("%d more start", got)
	}
}

func TestMachineWithoutRoomIsReportedOnceAndStartsWhenThereIsRoom(t *testing.T) {
	r := fdm.NewRestarter()
	big := vm("big", fdm.Medium)
	big.Memory = 20000
	r.Add(big, 0)
	if got := r.Step(10*time.Second, rooms("h"), anywhere, nothing); len(got) != 1 || !got[0].NoResources {
		t.Fatalf("%v", got)
	}
	if got := r.Step(20*time.Second, rooms("h"), anywhere, nothing); len(got) != 0 {
		t.Errorf("reported again: %v", got)
	}
	if got := startedIDs(r.Step(30*time.Second, []fdm.Room{{Host: "h", CPU: 10000, Memory: 30000}}, anywhere, nothing)); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestMachineStartsOnlyWhereItFits(t *testing.T) {
	r := fdm.NewRestarter()
	r.Add(vm("a", fdm.Medium), 0)
	got := r.Step(fdm.PlacementTime, rooms("h1", "h2"), func(_, host string) bool { return host == "h2" }, nothing)
	if len(got) != 1 || got[0].Host != "h2" {
		t.Errorf("%v", got)
	}
}

func TestFailedRestartIsTriedFiveTimes(t *testing.T) {
	r := fdm.NewRestarter()
	r.Add(vm("a", fdm.Medium), 0)
	var at []time.Duration
	var gaveUp time.Duration
	for now := time.Duration(0); now < time.Hour && gaveUp == 0; now += time.Second {
		for _, a := range r.Step(now, rooms("h"), anywhere, nothing) {
			if a.GiveUp {
				gaveUp = now
				continue
			}
			at = append(at, now-fdm.PlacementTime)
			r.Failed("a", now)
		}
	}
	if !slices.Equal(at, fdm.Attempts) || gaveUp == 0 || r.Pending() {
		t.Errorf("attempts %v, gave up at %s", at, gaveUp)
	}
}
