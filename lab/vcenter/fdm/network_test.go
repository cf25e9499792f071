package fdm_test

import (
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

func (t *timeline) expect(tt *testing.T, from time.Duration, wanted map[string]time.Duration) {
	tt.Helper()
	for what, want := range wanted {
		if got := t.after(tt, from, what); !within(got, want) {
			tt.Errorf("%s after %s, not %s", what, got, want)
		}
	}
}

func (t *timeline) never(tt *testing.T, events ...string) {
	tt.Helper()
	for _, e := range events {
		if at, ok := t.log[e]; ok {
			tt.Errorf("%s at %s", e, at)
		}
	}
}

func (t *timeline) states(tt *testing.T, wanted map[string]fdm.State) {
	tt.Helper()
	for h, want := range wanted {
		if got := t.state(h); got != want {
			tt.Errorf("%s is %s, not %s", h, got, want)
		}
	}
}

func TestIsolatedSecondaryDeclaresItselfIsolatedAfter30SecondsAndIsNotDeadWhileItReachesAHeartbeatDatastore(t *testing.T) {
	x := settled("a", "b", "c")
	from := x.now
	x.isolate("a")
	x.run(2 * time.Minute)
	x.expect(t, from, map[string]time.Duration{
		"a fdmUnreachable": 10 * time.Second, "a networkPartitionedFromMaster": 18 * time.Second,
		"a isolated": 30 * time.Second, "a networkIsolated": 30 * time.Second,
	})
	x.never(t, "a dead", "a hostDown")
	if x.c.Master() != "c" {
		t.Errorf("master %q", x.c.Master())
	}
}

func TestIsolatedMasterDeclaresItselfIsolatedAfter5SecondsAndIsReplaced(t *testing.T) {
	x := settled("a", "b", "c")
	from := x.now
	x.isolate("c")
	x.run(2 * time.Minute)
	x.expect(t, from, map[string]time.Duration{"c isolated": 5 * time.Second, "b master": 25 * time.Second, "c networkIsolated": 35 * time.Second})
	x.never(t, "c dead", "c hostDown")
}

func TestIsolatedHostWithoutHeartbeatDatastoreIsDeclaredDead(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*timeline)
		dead    time.Duration
	}{
		"the cluster has none":        {func(x *timeline) { x.hb = false }, 15 * time.Second},
		"the host loses its own, too": {func(x *timeline) { x.noStorage["a"] = true }, 18 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			x := settled("a", "b", "c")
			c.prepare(x)
			from := x.now
			x.isolate("a")
			x.run(time.Minute)
			x.expect(t, from, map[string]time.Duration{"a dead": c.dead, "a hostDown": c.dead, "a isolated": 30 * time.Second})
		})
	}
}

func TestIsolatedHostThatLosesItsStorageLaterIsDeclaredDeadThen(t *testing.T) {
	x := settled("a", "b", "c")
	x.isolate("a")
	x.run(5 * time.Minute)
	x.never(t, "a dead")
	x.noStorage["a"] = true
	from := x.now
	x.run(time.Minute)
	x.expect(t, from, map[string]time.Duration{"a dead": 15 * time.Second})
	x.mark()
	x.reconnect("a")
	delete(x.noStorage, "a")
	x.run(time.Minute)
	x.states(t, map[string]fdm.State{"a": fdm.Connected, "c": fdm.Master})
	x.mark()
	from = x.now
	x.alive["a"] = false
	x.run(time.Minute)
	x.expect(t, from, map[string]time.Duration{"a dead": 18 * time.Second})
}

func TestHostThatStillReachesAnIsolationAddressIsPartitionedNotIsolated(t *testing.T) {
	x := settled("a", "b", "c")
	x.segment["a"], x.noVCenter["a"] = "other", true
	x.run(5 * time.Minute)
	x.never(t, "a isolated", "a networkIsolated", "a dead")
	x.states(t, map[string]fdm.State{"a": fdm.Partitioned, "b": fdm.Connected, "c": fdm.Master})
	x.noGateway["a"] = true
	from := x.now
	x.run(time.Minute)
	x.expect(t, from, map[string]time.Duration{"a isolated": 5 * time.Second, "a networkIsolated": 5 * time.Second})
}

func TestLastHostWithoutAnIsolationAddressThatAnswersIsolatesItself(t *testing.T) {
	x := settled("a", "b", "c")
	x.alive["a"], x.alive["b"] = false, false
	x.run(time.Minute)
	x.never(t, "c isolated")
	x.noGateway["c"] = true
	x.run(time.Minute)
	if _, ok := x.c.IsolatedSince("c"); !ok {
		t.Error("it is not isolated")
	}
}

func TestHostThatIsNoLongerIsolatedJoinsItsMasterAtOnce(t *testing.T) {
	x := settled("a", "b", "c")
	x.isolate("a")
	x.run(2 * time.Minute)
	x.mark()
	x.reconnect("a")
	from := x.now
	x.run(time.Minute)
	x.expect(t, from, map[string]time.Duration{"a connectedToMaster": 0})
	x.never(t, "b master", "a master", "c election")
	x.states(t, map[string]fdm.State{"a": fdm.Connected, "b": fdm.Connected, "c": fdm.Master})
}

func TestHostIsolatedForLessThan30SecondsDoesNotDeclareItselfIsolated(t *testing.T) {
	x := settled("a", "b", "c")
	x.isolate("a")
	x.run(28 * time.Second)
	x.reconnect("a")
	x.run(time.Minute)
	x.never(t, "a isolated", "a networkIsolated", "a dead", "a master")
	x.states(t, map[string]fdm.State{"a": fdm.Connected, "b": fdm.Connected, "c": fdm.Master})
}

// partition puts a and b apart from c and d, whose master is d.
func partitioned(t *testing.T, vcenter ...string) *timeline {
	x := settled("a", "b", "c", "d")
	if x.c.Master() != "d" {
		t.Fatalf("master %q", x.c.Master())
	}
	for _, h := range []string{"a", "b", "c", "d"} {
		x.noVCenter[h] = true
	}
	for _, h := range vcenter {
		delete(x.noVCenter, h)
	}
	x.segment["a"], x.segment["b"] = "other", "other"
	return x
}

func TestPartitionHasAMasterInEachSegmentAndVCenterReportsTheOthersAsPartitioned(t *testing.T) {
	x := partitioned(t, "c", "d")
	from := x.now
	x.run(2 * time.Minute)
	x.expect(t, from, map[string]time.Duration{"a networkPartitionedFromMaster": 18 * time.Second, "b networkPartitionedFromMaster": 18 * time.Second})
	x.never(t, "a dead", "b dead", "c dead", "d dead", "a isolated", "b isolated")
	x.states(t, map[string]fdm.State{"a": fdm.Partitioned, "b": fdm.Partitioned, "c": fdm.Connected, "d": fdm.Master})

	// What the other segment thinks shows when vCenter hears it instead.
	x = partitioned(t, "a", "b")
	from = x.now
	x.run(2 * time.Minute)
	x.expect(t, from, map[string]time.Duration{"a election": 10 * time.Second, "b master": 25 * time.Second, "a connectedToMaster": 25 * time.Second, "c networkPartitionedFromMaster": 50 * time.Second, "d networkPartitionedFromMaster": 50 * time.Second})
	x.states(t, map[string]fdm.State{"a": fdm.Connected, "b": fdm.Master, "c": fdm.Partitioned, "d": fdm.Partitioned})
}

func TestVCenterThatHearsBothSegmentsListensToTheMasterThatHoldsTheLocks(t *testing.T) {
	x := partitioned(t, "a", "b", "c", "d")
	x.run(2 * time.Minute)
	x.states(t, map[string]fdm.State{"a": fdm.Partitioned, "b": fdm.Partitioned, "c": fdm.Connected, "d": fdm.Master})
	if x.c.Responsible() != "d" {
		t.Errorf("%q is responsible", x.c.Responsible())
	}
	for h, want := range map[string]bool{"a": false, "b": false, "c": true, "d": true} {
		if x.c.Obeys(h) != want {
			t.Errorf("%s obeys: %t", h, !want)
		}
	}
}

func TestPartitionedHostThatDiesIsDeclaredDeadByTheResponsibleMasterOnly(t *testing.T) {
	x := partitioned(t, "c", "d")
	x.run(2 * time.Minute)
	x.mark()
	from := x.now
	x.alive["a"] = false
	x.run(2 * time.Minute)
	x.expect(t, from, map[string]time.Duration{"a dead": 15 * time.Second})
	x.never(t, "a dead again")
}

func TestWhenAPartitionEndsOneMasterStays(t *testing.T) {
	x := partitioned(t, "c", "d")
	x.run(2 * time.Minute)
	delete(x.segment, "a")
	delete(x.segment, "b")
	delete(x.noVCenter, "a")
	delete(x.noVCenter, "b")
	x.mark()
	x.run(time.Minute)
	x.states(t, map[string]fdm.State{"a": fdm.Connected, "b": fdm.Connected, "c": fdm.Connected, "d": fdm.Master})
	x.never(t, "a master", "b master", "c election")
}

func TestAgentFailureIsReportedAsUnreachableAndTheHostIsNotDead(t *testing.T) {
	for name, agent := range map[string]string{"secondary": "a", "master": "c"} {
		t.Run(name, func(t *testing.T) {
			x := settled("a", "b", "c")
			x.agentDown[agent] = true
			x.run(5 * time.Minute)
			x.never(t, agent+" dead", agent+" hostDown", agent+" isolated")
			x.states(t, map[string]fdm.State{agent: fdm.Unreachable, "b": map[string]fdm.State{"a": fdm.Connected, "c": fdm.Master}[agent]})
			delete(x.agentDown, agent)
			x.run(time.Minute)
			if got := x.state(agent); got != fdm.Connected {
				t.Errorf("after its return it is %s", got)
			}
		})
	}
}

func TestAllAgentsUnreachableIsSaidByVCenterItself(t *testing.T) {
	x := settled("a", "b", "c")
	from := x.now
	for _, h := range []string{"a", "b", "c"} {
		x.alive[h] = false
	}
	x.run(time.Minute)
	x.expect(t, from, map[string]time.Duration{"a fdmUnreachable": 10 * time.Second, "c fdmUnreachable": 10 * time.Second})
	if r, _ := x.c.Report("a"); r.Reporter != "" {
		t.Errorf("reported by %q", r.Reporter)
	}
	x.never(t, "a dead", "b dead", "c dead")
}

func TestNewMasterDoesNotDeclareAHostDeadAgain(t *testing.T) {
	x := settled("a", "b", "c", "d")
	x.alive["a"] = false
	x.run(time.Minute)
	x.after(t, 0, "a dead")
	x.mark()
	x.alive["d"] = false
	x.run(3 * time.Minute)
	x.never(t, "a dead")
	x.after(t, 0, "d dead")
	x.states(t, map[string]fdm.State{"a": fdm.HostDown, "d": fdm.HostDown, "b": fdm.Connected, "c": fdm.Master})
}
