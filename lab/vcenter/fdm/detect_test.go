package fdm_test

import (
	"strings"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

const tick = 200 * time.Millisecond

// timeline steps a cluster and keeps what is decided.
type timeline struct {
	c     *fdm.Cluster
	now   time.Duration
	alive map[string]bool
	ds    map[string]int
	log   map[string]time.Duration // "host state" → first instant since the last mark
	hb    bool
	// What is not set is healthy: one network, which reaches vCenter and an isolation address, every agent running and
	// every heartbeat datastore reached.
	agentDown, noStorage, noGateway, noVCenter map[string]bool
	segment                                    map[string]string
}

func newTimeline(hosts ...string) *timeline {
	t := &timeline{
		c: fdm.NewCluster(), alive: map[string]bool{}, ds: map[string]int{}, hb: true, agentDown: map[string]bool{},
		noStorage: map[string]bool{}, noGateway: map[string]bool{}, noVCenter: map[string]bool{}, segment: map[string]string{},
	}
	for _, h := range hosts {
		t.alive[h] = true
	}
	t.mark()
	return t
}

func (t *timeline) mark() { t.log = map[string]time.Duration{} }

func (t *timeline) run(d time.Duration) {
	for end := t.now + d; t.now < end; t.now += tick {
		var seen []fdm.Observation
		for h, alive := range t.alive {
			o := fdm.Observation{
				ID: h, Up: alive, Agent: alive && !t.agentDown[h], Datastores: t.ds[h], Segment: t.segment[h],
				Gateway: !t.noGateway[h], VCenter: !t.noVCenter[h],
			}
			if t.hb && !t.noStorage[h] {
				o.Heartbeats = []string{"ds-1", "ds-2"}
			}
			seen = append(seen, o)
		}
		out := t.c.Step(t.now, seen, t.hb)
		for _, c := range out.Changes {
			t.note(c.Host + " " + string(c.State))
		}
		for _, h := range out.Dead {
			t.note(h + " dead")
		}
		for h := range t.alive {
			if _, ok := t.c.IsolatedSince(h); ok {
				t.note(h + " isolated")
			}
		}
	}
}

func (t *timeline) note(what string) {
	if _, again := t.log[what]; again && strings.HasSuffix(what, " dead") {
		what += " again"
	}
	if _, ok := t.log[what]; !ok {
		t.log[what] = t.now
	}
}

// isolate cuts a host's management network.
func (t *timeline) isolate(h string) {
	t.segment[h], t.noGateway[h], t.noVCenter[h] = "only "+h, true, true
}

// reconnect puts it back.
func (t *timeline) reconnect(h string) {
	delete(t.segment, h)
	delete(t.noGateway, h)
	delete(t.noVCenter, h)
}

func (t *timeline) state(h string) fdm.State { s, _ := t.c.State(h); return s }

// after is how long after an instant something was decided.
func (t *timeline) after(tt *testing.T, from time.Duration, what string) time.Duration {
	tt.Helper()
	at, ok := t.log[what]
	if !ok {
		tt.Fatalf("%q was never decided: %v", what, t.log)
	}
	return at - from
}

func within(got, want time.Duration) bool { return got >= want-tick && got <= want+time.Second }

func settled(hosts ...string) *timeline {
	t := newTimeline(hosts...)
	t.run(time.Minute)
	t.mark()
	return t
}

func TestClusterSettlesWithOneMasterAndAllOthersConnected(t *testing.T) {
	c := newTimeline("a", "b", "c")
	c.ds["b"] = 1
	c.run(time.Minute)
	if c.c.Master() != "b" || c.state("a") != fdm.Connected || c.state("b") != fdm.Master || c.state("c") != fdm.Connected {
		t.Errorf("master %q, states %s %s %s", c.c.Master(), c.state("a"), c.state("b"), c.state("c"))
	}
}

func TestMasterOfEqualsIsTheOneWhoseIdentifierSortsLast(t *testing.T) {
	if c := settled("host-9", "host-10", "host-11"); c.c.Master() != "host-9" {
		t.Errorf("master %q", c.c.Master())
	}
}

func TestSecondaryTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		datastores bool
		dead       time.Duration
	}{"with heartbeat datastores": {true, 18 * time.Second}, "without": {false, 15 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			x := settled("a", "b", "c")
			x.hb = c.datastores
			from := x.now
			x.alive["a"] = false
			x.run(time.Minute)
			if got := x.after(t, from, "a fdmUnreachable"); !within(got, 10*time.Second) {
				t.Errorf("unreachable after %s", got)
			}
			if got := x.after(t, from, "a dead"); !within(got, c.dead) {
				t.Errorf("dead after %s", got)
			}
			if x.c.Master() != "c" {
				t.Errorf("master %q", x.c.Master())
			}
		})
	}
}

func TestMasterTimeline(t *testing.T) {
	x := settled("a", "b", "c")
	from := x.now
	x.alive["c"] = false
	x.run(time.Minute)
	for what, want := range map[string]time.Duration{"a election": 10 * time.Second, "b master": 25 * time.Second, "a connectedToMaster": 25 * time.Second, "c dead": 50 * time.Second} {
		if got := x.after(t, from, what); !within(got, want) {
			t.Errorf("%s after %s, not %s", what, got, want)
		}
	}
}

func TestSecondaryThatDiesWithTheMasterIsJudgedByTheNewOne(t *testing.T) {
	x := settled("a", "b", "c", "d")
	from := x.now
	x.alive["d"], x.alive["a"] = false, false
	x.run(time.Minute)
	for _, h := range []string{"a dead", "d dead"} {
		if got := x.after(t, from, h); !within(got, 50*time.Second) {
			t.Errorf("%s after %s", h, got)
		}
	}
}

func TestHostIsDeclaredDeadOnceAndReturns(t *testing.T) {
	x := settled("a", "b", "c")
	x.alive["a"] = false
	x.run(time.Minute)
	x.mark()
	x.run(time.Minute)
	if len(x.log) != 0 {
		t.Errorf("decided again: %v", x.log)
	}
	x.alive["a"] = true
	x.run(time.Minute)
	if x.state("a") != fdm.Connected || x.c.Master() != "c" {
		t.Errorf("state %s, master %q", x.state("a"), x.c.Master())
	}
	x.mark()
	from := x.now
	x.alive["a"] = false
	x.run(time.Minute)
	if got := x.after(t, from, "a dead"); !within(got, 18*time.Second) {
		t.Errorf("dead the second time after %s", got)
	}
}

func TestMasterThatLeavesIsReplacedWithoutAnybodyDying(t *testing.T) {
	x := settled("a", "b", "c")
	delete(x.alive, "c")
	x.run(time.Minute)
	if x.c.Master() != "b" {
		t.Errorf("master %q", x.c.Master())
	}
	if _, ok := x.c.State("c"); ok {
		t.Error("the host that left has a state")
	}
	if _, ok := x.log["c dead"]; ok {
		t.Error("the host that left was declared dead")
	}
}

func TestWhenAllHostsDieTheFirstBackDeclaresTheOthersDead(t *testing.T) {
	x := settled("a", "b", "c")
	x.alive["a"], x.alive["b"], x.alive["c"] = false, false, false
	x.run(2 * time.Minute)
	if _, ok := x.log["a dead"]; ok {
		t.Error("nobody was left to declare a host dead")
	}
	x.alive["a"] = true
	x.run(2 * time.Minute)
	if x.c.Master() != "a" || x.state("b") != fdm.HostDown || x.state("c") != fdm.HostDown {
		t.Errorf("master %q, states %s %s", x.c.Master(), x.state("b"), x.state("c"))
	}
}
