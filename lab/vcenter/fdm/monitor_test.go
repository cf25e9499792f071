package fdm_test

import (
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

// patient is one machine under monitoring, with a clock of its own.
type patient struct {
	monitor  *fdm.Monitor
	settings fdm.Monitoring
	vital    fdm.Vital
	now      time.Duration
	resets   []time.Duration
	reasons  []fdm.ResetReason
	// obeys tells whether a reset has an effect.
	obeys bool
}

// documented are the defaults of the API.
func documented() fdm.Monitoring {
	return fdm.Monitoring{
		Guest: true, FailureInterval: 30 * time.Second, MinUpTime: 120 * time.Second, IOInterval: fdm.IOStatsInterval, MaxResets: 3, Window: -time.Second,
	}
}

// silentSince is a machine that was powered on at zero and has sent nothing, neither heartbeat nor I/O, since then.
func silentSince(at time.Duration, change ...func(*fdm.Monitoring)) *patient {
	p := &patient{monitor: fdm.NewMonitor(), settings: documented(), vital: fdm.Vital{ID: "a", LastBeat: at, LastIO: at}, obeys: true}
	for _, c := range change {
		c(&p.settings)
	}
	return p
}

// until runs the clock in steps of a second. A reset machine is up at once and dies again after ten minutes.
func (p *patient) until(end time.Duration) *patient {
	for ; p.now <= end; p.now += time.Second {
		v := p.vital
		if v.LastBeat > p.now {
			v.LastBeat, v.LastIO = -1, -1
		}
		for _, r := range p.monitor.Step(p.now, []fdm.Vital{v}, func(string) fdm.Monitoring { return p.settings }) {
			p.resets, p.reasons = append(p.resets, p.now), append(p.reasons, r.Reason)
			if p.obeys {
				p.vital.Since, p.vital.LastBeat, p.vital.LastIO = p.now, p.now+10*time.Minute, p.now+10*time.Minute
				p.vital.NeedsReset, p.vital.AppMarked = false, p.now+time.Hour
			}
		}
	}
	return p
}

func resetAt(t *testing.T, p *patient, at ...time.Duration) {
	t.Helper()
	same := len(p.resets) == len(at)
	for i := range at {
		same = same && p.resets[i] == at[i]
	}
	if !same {
		t.Errorf("resets at %v, expected %v", p.resets, at)
	}
}

func TestSilentGuestIsResetAfterTheFailureIntervalAndTwoMinutesWithoutIO(t *testing.T) {
	died := 500 * time.Second
	resetAt(t, silentSince(died).until(700*time.Second), died+120*time.Second)
	resetAt(t, silentSince(died, func(s *fdm.Monitoring) { s.FailureInterval = 200 * time.Second }).until(800*time.Second), died+200*time.Second)
	resetAt(t, silentSince(died, func(s *fdm.Monitoring) { s.IOInterval = 0 }).until(700*time.Second), died+30*time.Second)
	resetAt(t, silentSince(died, func(s *fdm.Monitoring) { s.Guest = false }).until(2000*time.Second))
}

func TestSilentGuestWithIOIsLeftAlone(t *testing.T) {
	p := silentSince(500 * time.Second)
	p.vital.LastIO = -1
	resetAt(t, p.until(2000*time.Second))
	p.vital.LastIO = 2000 * time.Second
	resetAt(t, p.until(2200*time.Second), 2120*time.Second)
}

func TestMonitoringBeginsAfterTheMinimumUptime(t *testing.T) {
	early := func(s *fdm.Monitoring) { s.IOInterval, s.MinUpTime = 0, 400*time.Second }
	resetAt(t, silentSince(10*time.Second, early).until(500*time.Second), 400*time.Second)
	resetAt(t, silentSince(390*time.Second, early).until(500*time.Second), 420*time.Second)
}

func TestNoMoreResetsThanTheMaximumWithoutAWindow(t *testing.T) {
	p := silentSince(500 * time.Second).until(4 * time.Hour)
	if len(p.resets) != 3 {
		t.Errorf("%d resets", len(p.resets))
	}
}

func TestResetsOutsideTheWindowDoNotCount(t *testing.T) {
	p := silentSince(500*time.Second, func(s *fdm.Monitoring) { s.MaxResets, s.Window = 2, time.Hour }).until(5 * time.Hour)
	for i := 2; i < len(p.resets); i++ {
		if p.resets[i]-p.resets[i-2] < time.Hour {
			t.Errorf("three resets within an hour: %v", p.resets[i-2:i+1])
		}
	}
	if len(p.resets) < 8 || len(p.resets) > 10 {
		t.Errorf("%d resets in five hours: %v", len(p.resets), p.resets)
	}
}

func TestResetWithoutEffectIsOrderedAgainAndCounts(t *testing.T) {
	p := silentSince(500 * time.Second)
	p.obeys = false
	died := 500 * time.Second
	resetAt(t, p.until(2000*time.Second), died+120*time.Second, died+150*time.Second, died+180*time.Second)
}

func TestSilentApplicationIsResetOnlyUnderApplicationMonitoring(t *testing.T) {
	app := func() *patient {
		p := silentSince(-1)
		p.vital.App, p.vital.AppMarked = true, 500*time.Second
		return p
	}
	resetAt(t, app().until(2000*time.Second))
	p := app()
	p.settings.App = true
	resetAt(t, p.until(700*time.Second), 530*time.Second)
	if p.reasons[0] != fdm.AppSilent {
		t.Errorf("reason %s", p.reasons[0])
	}
	p = app()
	p.settings.App, p.settings.FailureInterval = true, 10*time.Second // an application says that it is active every 30 s
	resetAt(t, p.until(700*time.Second), 530*time.Second)
}

func TestApplicationThatAsksForAResetGetsItAtOnce(t *testing.T) {
	p := silentSince(-1)
	p.settings.App, p.vital.App, p.vital.NeedsReset, p.vital.AppMarked = true, true, true, time.Hour
	resetAt(t, p.until(60*time.Second), 0)
	if p.reasons[0] != fdm.AppAsksReset {
		t.Errorf("reason %s", p.reasons[0])
	}
}
