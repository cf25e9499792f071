package fdm_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/placement"
)

func hosts(ids ...string) []fdm.Host {
	var list []fdm.Host
	for _, id := range ids {
		list = append(list, fdm.Host{Host: placement.Host{ID: id, CPU: 10000, Memory: 10000}})
	}
	return list
}

func vm(id string, p fdm.Priority) fdm.VM {
	return fdm.VM{VM: placement.VM{ID: id, CPU: 100, Memory: 100}, Name: id, Priority: p, Condition: fdm.WhenPlaced}
}

// crew restarts machines on hosts that a test can change, with the test's own clock.
type crew struct {
	*fdm.Restarter
	hosts    []fdm.Host
	where    map[string]string
	rules    []placement.Rule
	progress map[string]fdm.Progress
	notReady map[string]bool // of machines that are not being restarted
	looked   int
}

func newCrew(ids ...string) *crew {
	return &crew{
		Restarter: fdm.NewRestarter(), hosts: hosts(ids...), where: map[string]string{},
		progress: map[string]fdm.Progress{}, notReady: map[string]bool{},
	}
}

func (c *crew) step(at time.Duration) []fdm.Action {
	look := func() fdm.View {
		c.looked++
		return fdm.View{Hosts: slices.Clone(c.hosts), Site: &placement.Site{Where: c.where, Rules: placement.NewRules(c.rules...)}}
	}
	return c.Step(at, look, func(id string) fdm.Progress { return c.progress[id] }, func(id string) bool { return !c.notReady[id] })
}

// start is step, reduced to the machines that start.
func (c *crew) start(at time.Duration) []string { return startedIDs(c.step(at)) }

func (c *crew) runs(id string, p fdm.Progress) {
	c.Started(id)
	c.progress[id] = p
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

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func TestNothingStartsBeforePlacementIsDone(t *testing.T) {
	c := newCrew("h")
	c.Add(vm("a", fdm.Medium), time.Minute)
	expect(t, "before", c.start(time.Minute+fdm.PlacementTime-time.Millisecond))
	expect(t, "after", c.start(time.Minute+fdm.PlacementTime), "a")
}

func TestHigherPrioritiesStartFirst(t *testing.T) {
	c := newCrew("h")
	for id, p := range map[string]fdm.Priority{"a": fdm.Lowest, "b": fdm.Highest, "c": fdm.Medium, "d": fdm.High, "e": fdm.Low} {
		c.Add(vm(id, p), 0)
	}
	expect(t, "order", c.start(fdm.PlacementTime), "b", "d", "c", "e", "a")
}

func TestNextPriorityWaitsForTheConditionAndTheDelay(t *testing.T) {
	for condition, ready := range map[fdm.Condition]fdm.Progress{
		fdm.WhenPoweredOn: {Running: true},
		fdm.WhenHeartbeat: {Running: true, Heartbeat: true},
		fdm.WhenApp:       {Running: true, Heartbeat: true, App: true},
	} {
		t.Run(string(condition), func(t *testing.T) {
			c := newCrew("h")
			first := vm("first", fdm.Highest)
			first.Condition, first.Delay, first.Timeout = condition, 30*time.Second, 10*time.Minute
			c.Add(first, 0)
			c.Add(vm("second", fdm.Medium), 0)
			expect(t, "at once", c.start(10*time.Second), "first")
			expect(t, "before the condition", c.start(20*time.Second))
			less := map[fdm.Condition]fdm.Progress{fdm.WhenHeartbeat: {Running: true}, fdm.WhenApp: {Running: true, Heartbeat: true}}
			if p, ok := less[condition]; ok {
				c.runs("first", p)
				expect(t, "half way to the condition", c.start(30*time.Second))
			}
			c.runs("first", ready)
			expect(t, "when it is met", c.start(40*time.Second))
			expect(t, "before the delay is over", c.start(69*time.Second))
			expect(t, "after condition and delay", c.start(70*time.Second), "second")
		})
	}
}

func TestDelayIsWaitedAfterPlacementToo(t *testing.T) {
	c := newCrew("h")
	first := vm("first", fdm.Highest)
	first.Delay = 30 * time.Second
	c.Add(first, 0)
	c.Add(vm("second", fdm.Medium), 0)
	expect(t, "at once", c.start(10*time.Second), "first")
	expect(t, "before the delay is over", c.start(39*time.Second))
	expect(t, "after it", c.start(40*time.Second), "second")
}

func TestNextPriorityStartsAfterTheTimeout(t *testing.T) {
	c := newCrew("h")
	first := vm("first", fdm.Highest)
	first.Condition, first.Timeout = fdm.WhenHeartbeat, 10*time.Minute
	c.Add(first, 0)
	c.Add(vm("second", fdm.Medium), 0)
	expect(t, "at once", c.start(10*time.Second), "first")
	expect(t, "before the timeout", c.start(9*time.Minute))
	expect(t, "after the timeout", c.start(10*time.Minute+10*time.Second), "second")
}

func TestTimeoutCountsFromTheTurnOfEachMachine(t *testing.T) {
	c := newCrew("h")
	stuck := vm("stuck", fdm.Highest)
	stuck.Memory = 20000
	c.Add(stuck, 0)
	c.step(10 * time.Second)
	late := vm("late", fdm.Highest)
	late.Condition, late.Timeout = fdm.WhenPoweredOn, time.Minute
	c.Add(late, time.Hour)
	c.Add(vm("low", fdm.Low), time.Hour)
	expect(t, "an hour later", c.start(time.Hour+10*time.Second), "late")
	expect(t, "before its own timeout", c.start(time.Hour+time.Minute))
	expect(t, "after it", c.start(time.Hour+70*time.Second), "low")
}

func TestMachineThatNoHostCanTakeHoldsNobodyUpWithoutACondition(t *testing.T) {
	c := newCrew("h")
	big := vm("big", fdm.Highest)
	big.Memory = 20000
	c.Add(big, 0)
	c.Add(vm("small", fdm.Low), 0)
	expect(t, "at once", c.start(10*time.Second), "small")
}

func TestHigherPriorityTakesTheRoomThatIsThere(t *testing.T) {
	c := newCrew("h")
	c.hosts[0].Memory = 150
	c.Add(vm("a", fdm.Low), 0)
	c.Add(vm("b", fdm.High), 0)
	expect(t, "at once", c.start(10*time.Second), "b")
}

func TestRestartsSpreadOverHosts(t *testing.T) {
	c := newCrew("a", "b", "c")
	for i := range 9 {
		c.Add(vm(fmt.Sprint(i), fdm.Medium), 0)
	}
	count := map[string]int{}
	for _, a := range c.step(fdm.PlacementTime) {
		count[a.Host]++
	}
	if count["a"] != 3 || count["b"] != 3 || count["c"] != 3 {
		t.Errorf("%v", count)
	}
}

func TestAtMost32StartAtOnceOnAHost(t *testing.T) {
	c := newCrew("h")
	for i := range 40 {
		c.Add(vm(fmt.Sprint(i), fdm.Medium), 0)
	}
	got := c.step(fdm.PlacementTime)
	if len(got) != 32 || len(startedIDs(got)) != 32 {
		t.Errorf("%d start, and %d are reported", len(startedIDs(got)), len(got)-len(startedIDs(got)))
	}
	c.hosts[0].Starting = 30
	if got := len(c.start(fdm.PlacementTime)); got != 2 {
		t.Errorf("%d more start", got)
	}
}

func TestMachineWithoutRoomIsReportedOnceAndStartsWhenThereIsRoom(t *testing.T) {
	c := newCrew("h")
	big := vm("big", fdm.Medium)
	big.Memory = 20000
	c.Add(big, 0)
	if got := c.step(10 * time.Second); len(got) != 1 || !got[0].NoRoom {
		t.Fatalf("%v", got)
	}
	if got := c.step(20 * time.Second); len(got) != 0 {
		t.Errorf("reported again: %v", got)
	}
	for at := time.Minute; at < 24*time.Hour; at += time.Hour { // waiting for room spends no attempts
		c.step(at)
	}
	c.hosts[0].Memory = 30000
	expect(t, "a day later", c.start(24*time.Hour), "big")
}

func TestAntiAffinityKeepsMachinesOfAFailoverApart(t *testing.T) {
	c := newCrew("h1", "h2")
	c.rules = []placement.Rule{{Name: "apart", Kind: placement.Apart, VMs: []string{"a", "b", "c"}, Required: true}}
	for _, id := range []string{"a", "b", "c"} {
		c.Add(vm(id, fdm.Medium), 0)
	}
	got := c.step(10 * time.Second)
	if len(startedIDs(got)) != 2 || got[0].Host == got[1].Host || !got[2].NoRoom {
		t.Errorf("%+v", got)
	}
}

func TestRulesThatNeedNotBeKeptGiveWayToTheRestart(t *testing.T) {
	c := newCrew("h1", "h2")
	c.hosts[0].Starting = 5
	c.rules = []placement.Rule{{Name: "should", Kind: placement.On, VMs: []string{"a", "b"}, Hosts: placement.SetOf("h1")}}
	c.Add(vm("a", fdm.Medium), 0)
	if got := c.step(10 * time.Second); got[0].Host != "h1" {
		t.Errorf("the group's host comes first, although it is busier: %+v", got)
	}
	c.hosts = hosts("h2")
	c.Add(vm("b", fdm.Medium), 10*time.Second)
	expect(t, "without a host of the group", c.start(20*time.Second), "b")
}

func TestDedicatedHostsComeFirstAndOthersWhereTheyDoNotSuffice(t *testing.T) {
	c := newCrew("a", "spare")
	c.hosts[1].Dedicated, c.hosts[1].Memory, c.hosts[1].Starting = true, 250, 3
	for _, id := range []string{"1", "2", "3"} {
		c.Add(vm(id, fdm.Medium), 0)
	}
	var where []string
	for _, a := range c.step(fdm.PlacementTime) {
		where = append(where, a.Host)
	}
	expect(t, "hosts", where, "spare", "spare", "a")
}

// The Deep Dive's example: an attempt that takes 8 s to fail puts the next one off by as much.
func TestFailedRestartIsTriedFiveTimesEachSomeTimeAfterTheLastHasFailed(t *testing.T) {
	for _, took := range []time.Duration{0, 8 * time.Second} {
		c := newCrew("h")
		c.Add(vm("a", fdm.Medium), 0)
		var at []time.Duration
		var gaveUp time.Duration
		fails := time.Duration(-1)
		for now := fdm.PlacementTime; now < time.Hour && gaveUp == 0; now += time.Second {
			if now == fails {
				c.Failed("a", now)
			}
			for _, a := range c.step(now) {
				if a.GiveUp {
					gaveUp = now
					continue
				}
				at = append(at, now-fdm.PlacementTime)
				if fails = now + took; took == 0 {
					c.Failed("a", now)
				}
			}
		}
		want := []time.Duration{0, 2*time.Minute + took, 6*time.Minute + 2*took, 14*time.Minute + 3*took, 30*time.Minute + 4*took}
		if !slices.Equal(at, want) || gaveUp == 0 || c.Pending() {
			t.Errorf("attempts %v, not %v; gave up at %s", at, want, gaveUp)
		}
	}
}

func TestNumberOfAttemptsCanBeChanged(t *testing.T) {
	for _, limit := range []int{1, 3, 8} {
		c := newCrew("h")
		c.Attempts = limit
		c.Add(vm("a", fdm.Medium), 0)
		attempts := 0
		for now := time.Duration(0); now < 3*time.Hour && c.Pending(); now += time.Second {
			for range c.start(now) {
				attempts++
				c.Failed("a", now)
			}
		}
		if attempts != limit || c.Pending() {
			t.Errorf("%d attempts, not %d", attempts, limit)
		}
	}
}

func TestRestartsOnAHostThatDiesGoElsewhereAtOnce(t *testing.T) {
	c := newCrew("h1")
	c.Add(vm("a", fdm.Medium), 0)
	c.Add(vm("b", fdm.Medium), 0)
	expect(t, "first", c.start(10*time.Second), "a", "b")
	c.Started("a")
	c.hosts = hosts("h2")
	expect(t, "taken back", c.HostDied("h1", 30*time.Second), "b")
	expect(t, "before placement", c.start(34*time.Second))
	expect(t, "after it", c.start(35*time.Second), "b")
	c.Failed("b", 40*time.Second)
	expect(t, "it has four attempts left", c.start(40*time.Second+2*time.Minute), "b")
}

func TestMachineThatIsLostAgainRestartsAgain(t *testing.T) {
	c := newCrew("h1", "h2")
	c.Add(vm("a", fdm.Medium), 0)
	c.Add(vm("b", fdm.Medium), time.Hour)
	c.start(10 * time.Second)
	c.Started("a")
	c.Add(vm("a", fdm.Medium), time.Minute)
	expect(t, "again", c.start(time.Minute+fdm.PlacementTime), "a")
	c.Add(vm("a", fdm.Medium), time.Minute)
	expect(t, "while it starts", c.start(2*time.Minute))
}

func TestMachineWaitsForThoseItDependsOn(t *testing.T) {
	c := newCrew("h")
	db, app := vm("db", fdm.Medium), vm("app", fdm.Medium)
	db.Condition, db.Timeout, db.Delay = fdm.WhenHeartbeat, time.Minute, 10*time.Second
	app.DependsOn = []string{"db"}
	c.Add(app, 0)
	c.Add(db, 0)
	c.Add(vm("low", fdm.Low), 0)
	expect(t, "first", c.start(10*time.Second), "db")
	expect(t, "the time-out is not for dependants", c.start(5*time.Minute), "low")
	c.runs("db", fdm.Progress{Running: true, Heartbeat: true})
	expect(t, "when it is ready", c.start(6*time.Minute))
	expect(t, "and its delay is over", c.start(6*time.Minute+10*time.Second), "app")
}

func TestMachineWaitsForOneThatIsNotBeingRestarted(t *testing.T) {
	c := newCrew("h")
	app := vm("app", fdm.Medium)
	app.DependsOn = []string{"db"}
	c.notReady["db"] = true
	c.Add(app, 0)
	expect(t, "while it boots", c.start(10*time.Second))
	c.notReady["db"] = false
	expect(t, "when it is ready", c.start(20*time.Second), "app")
}

func TestMachineWhoseDependencyIsGivenUpIsGivenUpToo(t *testing.T) {
	c := newCrew("h")
	c.Attempts = 1
	db, app := vm("db", fdm.Medium), vm("app", fdm.Medium)
	db.Condition = fdm.WhenPoweredOn
	app.DependsOn = []string{"db"}
	c.Add(app, 0)
	c.Add(db, 0)
	c.start(10 * time.Second)
	c.Failed("db", 20*time.Second)
	var gone []string
	for now := 20 * time.Second; now < 5*time.Minute; now += time.Second {
		for _, a := range c.step(now) {
			if a.GiveUp {
				gone = append(gone, a.VM.ID)
			}
		}
	}
	expect(t, "given up", gone, "db", "app")
	if c.Pending() {
		t.Error("something is still pending")
	}
}

func TestHostsAreLookedAtOnlyWhenAMachineMayStart(t *testing.T) {
	c := newCrew("h")
	c.Add(vm("a", fdm.Medium), 0)
	c.step(time.Second)
	c.step(fdm.PlacementTime)
	c.step(20 * time.Second)
	if c.looked != 1 {
		t.Errorf("%d times", c.looked)
	}
}

func TestNewMasterCountsAttemptsAnewAndLeavesLivingHostsToTheirOrders(t *testing.T) {
	c := newCrew("h1", "h2")
	c.hosts[0].Starting = 1
	c.Attempts = 2
	c.Add(vm("tried", fdm.Medium), 0)
	c.start(10 * time.Second)
	c.Failed("tried", 10*time.Second)
	c.Add(vm("dies", fdm.Medium), 0)
	c.hosts = hosts("h1")
	expect(t, "on the host that dies with the master", c.start(20*time.Second), "dies")
	c.hosts = hosts("h2")
	c.Add(vm("lives", fdm.Medium), 20*time.Second)
	expect(t, "on the host that lives", c.start(30*time.Second), "lives")
	c.TakeOver(time.Minute, func(host string) bool { return host == "h2" })
	expect(t, "before the list is read", c.start(59*time.Second))
	expect(t, "after it", c.start(time.Minute), "dies", "tried")
	c.Failed("tried", time.Minute)
	expect(t, "the last attempt of two", c.start(3*time.Minute), "tried")
}
