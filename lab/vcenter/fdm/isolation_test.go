package fdm_test

import (
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

// response steps an isolation response until a time and keeps when each thing was done.
func respond(i *fdm.Isolation, until time.Duration, vms func(now time.Duration, done map[string]time.Duration) []fdm.IsolatedVM) map[string]time.Duration {
	done := map[string]time.Duration{}
	for now := time.Duration(0); now < until; now += tick {
		for _, s := range i.Step(now, 0, vms(now, done)) {
			key := s.VM + " " + string(s.Do)
			if s.Forced {
				key += " forced"
			}
			if _, again := done[key]; again {
				key += " again"
			}
			done[key] = now
		}
	}
	return done
}

func running(vms ...fdm.IsolatedVM) func(time.Duration, map[string]time.Duration) []fdm.IsolatedVM {
	return func(_ time.Duration, done map[string]time.Duration) []fdm.IsolatedVM {
		var list []fdm.IsolatedVM
		for _, vm := range vms {
			_, off := done[vm.ID+" powerOff"]
			_, forced := done[vm.ID+" powerOff forced"]
			if !off && !forced {
				list = append(list, vm)
			}
		}
		return list
	}
}

func TestIsolationResponseComesAfter30SecondsAsEachMachineIsSet(t *testing.T) {
	done := respond(fdm.NewIsolation(), 200*time.Second, running(
		fdm.IsolatedVM{ID: "on", Response: fdm.LeaveOn, Wanted: true},
		fdm.IsolatedVM{ID: "off", Response: fdm.PowerOff, Wanted: true},
		fdm.IsolatedVM{ID: "down", Response: fdm.Shutdown, Wanted: true},
	))
	if len(done) != 2 || !within(done["off powerOff"], 30*time.Second) || !within(done["down shutdown"], 30*time.Second) {
		t.Errorf("%v", done)
	}
}

func TestGuestThatDoesNotShutDownIsPoweredOffAfter300Seconds(t *testing.T) {
	done := respond(fdm.NewIsolation(), 1000*time.Second, running(fdm.IsolatedVM{ID: "a", Response: fdm.Shutdown, Wanted: true}))
	if len(done) != 2 || !within(done["a powerOff forced"], 330*time.Second) {
		t.Errorf("%v", done)
	}
}

func TestMachineThatNobodyWouldRestartIsLeftAloneUntilSomebodyWould(t *testing.T) {
	done := respond(fdm.NewIsolation(), 200*time.Second, func(now time.Duration, done map[string]time.Duration) []fdm.IsolatedVM {
		return running(fdm.IsolatedVM{ID: "a", Response: fdm.PowerOff, Wanted: now >= 100*time.Second})(now, done)
	})
	if len(done) != 1 || !within(done["a powerOff"], 100*time.Second) {
		t.Errorf("%v", done)
	}
}

func TestIsolationDelayAndTimeoutCanBeSet(t *testing.T) {
	i := fdm.NewIsolation()
	i.Delay, i.Timeout = 60*time.Second, 100*time.Second
	done := respond(i, 1000*time.Second, running(fdm.IsolatedVM{ID: "a", Response: fdm.Shutdown, Wanted: true}))
	if !within(done["a shutdown"], 60*time.Second) || !within(done["a powerOff forced"], 160*time.Second) {
		t.Errorf("%v", done)
	}
}
