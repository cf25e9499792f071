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
