package fdm_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

// protected are the documented defaults of an APD that restarts machines.
func protected(apd fdm.StorageResponse) fdm.Protection {
	return fdm.Protection{APD: apd, PDL: fdm.RestartIfUnknown, Delay: 180 * time.Second}
}

// play runs a loss of one machine from a second to another, in steps of a second, until the end, and returns what was done
// and when.
func play(p fdm.Protection, pdl bool, from, to, end int, capacity func(second int) fdm.Capacity) []string {
	return playWith(140, p, pdl, from, to, end, capacity)
}

// playWith is play on a host with another time-out of APD, in seconds.
func playWith(timeout int, p fdm.Protection, pdl bool, from, to, end int, capacity func(second int) fdm.Capacity) []string {
	g := fdm.NewGuard()
	var log []string
	terminated := false
	for s := range end {
		now := time.Duration(s) * time.Second
		var losses []fdm.Loss
		if s >= from && s < to && !terminated {
			losses = []fdm.Loss{{VM: "a", PDL: pdl, Since: time.Duration(from) * time.Second, Timeout: time.Duration(timeout) * time.Second}}
		}
		for _, step := range g.Step(now, losses, func(string) fdm.Protection { return p }, func(string) fdm.Capacity { return capacity(s) }) {
			log = append(log, fmt.Sprintf("%d %s", s-from, step.Measure))
			terminated = terminated || step.Measure == fdm.Terminate
		}
	}
	return log
}

func always(c fdm.Capacity) func(int) fdm.Capacity { return func(int) fdm.Capacity { return c } }

func took(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		t.Errorf("%v, expected %v", got, want)
	}
}

const forever = 1 << 30

func TestAPDIsReportedAfter140SecondsAndTerminatesAfterTheDelay(t *testing.T) {
	for _, r := range []fdm.StorageResponse{fdm.RestartIfPossible, fdm.RestartIfUnknown} {
		took(t, play(protected(r), false, 5, forever, 1000, always(fdm.Enough)), "140 report", "320 terminate")
	}
	p := protected(fdm.RestartIfPossible)
	p.Delay = 0
	took(t, play(p, false, 5, forever, 1000, always(fdm.Enough)), "140 report", "140 terminate")
}

func TestAPDCountsFromTheTimeoutOfTheHost(t *testing.T) {
	took(t, playWith(60, protected(fdm.RestartIfPossible), false, 5, forever, 1000, always(fdm.Enough)), "60 report", "240 terminate")
	took(t, playWith(60, protected(fdm.RestartIfPossible), true, 5, forever, 1000, always(fdm.Enough)), "0 report", "0 terminate")
}

func TestAPDWithWarningOrDisabledTerminatesNothing(t *testing.T) {
	took(t, play(protected(fdm.WarnOfLoss), false, 5, forever, 1000, always(fdm.Enough)), "140 report", "320 leave")
	took(t, play(protected(fdm.IgnoreLoss), false, 5, forever, 1000, always(fdm.Enough)))
}

func TestConservativeNeedsKnownRoomAndAggressiveOnlyNoKnownLackOfIt(t *testing.T) {
	took(t, play(protected(fdm.RestartIfPossible), false, 5, forever, 1000, always(fdm.Unknown)), "140 report", "320 put off")
	took(t, play(protected(fdm.RestartIfUnknown), false, 5, forever, 1000, always(fdm.Unknown)), "140 report", "320 terminate")
	for _, r := range []fdm.StorageResponse{fdm.RestartIfPossible, fdm.RestartIfUnknown} {
		took(t, play(protected(r), false, 5, forever, 1000, always(fdm.NotEnough)), "140 report", "320 put off")
	}
}

func TestMachineThatWasPutOffIsTerminatedOnceThereIsRoom(t *testing.T) {
	room := func(s int) fdm.Capacity {
		if s < 505 {
			return fdm.NotEnough
		}
		return fdm.Enough
	}
	took(t, play(protected(fdm.RestartIfPossible), false, 5, forever, 1000, room), "140 report", "320 put off", "500 terminate")
}

func TestAPDThatClearsBeforeTheTimeoutIsNoMatter(t *testing.T) {
	p := protected(fdm.RestartIfPossible)
	p.ResetOnClear = true
	took(t, play(p, false, 5, 5+139, 1000, always(fdm.Enough)))
}

func TestAPDThatClearsWithinTheDelayResetsWhereAskedFor(t *testing.T) {
	p := protected(fdm.RestartIfPossible)
	took(t, play(p, false, 5, 5+200, 1000, always(fdm.Enough)), "140 report", "200 clear")
	p.ResetOnClear = true
	took(t, play(p, false, 5, 5+200, 1000, always(fdm.Enough)), "140 report", "200 clear", "200 reset")
	p.APD = fdm.WarnOfLoss
	took(t, play(p, false, 5, 5+200, 1000, always(fdm.Enough)), "140 report", "200 clear")
}

func TestTerminatedMachineIsNeitherClearedNorReset(t *testing.T) {
	p := protected(fdm.RestartIfPossible)
	p.ResetOnClear = true
	took(t, play(p, false, 5, 5+400, 1000, always(fdm.Enough)), "140 report", "320 terminate")
}

func TestPDLTerminatesAtOnceWhateverTheRoom(t *testing.T) {
	for _, c := range []fdm.Capacity{fdm.Enough, fdm.NotEnough, fdm.Unknown} {
		took(t, play(protected(fdm.IgnoreLoss), true, 5, forever, 1000, always(c)), "0 report", "0 terminate")
	}
	p := protected(fdm.RestartIfUnknown)
	p.PDL = fdm.WarnOfLoss
	took(t, play(p, true, 5, forever, 1000, always(fdm.Enough)), "0 report", "0 leave")
	p.PDL = fdm.IgnoreLoss
	took(t, play(p, true, 5, forever, 1000, always(fdm.Enough)))
}

func TestSecondAPDCountsFromItsOwnBeginning(t *testing.T) {
	g := fdm.NewGuard()
	step := func(now, since int) []fdm.Step {
		losses := []fdm.Loss{{VM: "a", Since: time.Duration(since) * time.Second, Timeout: 140 * time.Second}}
		return g.Step(time.Duration(now)*time.Second, losses, func(string) fdm.Protection { return protected(fdm.RestartIfPossible) }, func(string) fdm.Capacity { return fdm.Enough })
	}
	if s := step(319, 0); len(s) != 1 || s[0].Measure != fdm.ReportLoss {
		t.Errorf("%+v", s)
	}
	if s := step(400, 350); len(s) != 0 { // it cleared and came back between two looks
		t.Errorf("%+v", s)
	}
	if s := step(350+320, 350); len(s) != 2 || s[1].Measure != fdm.Terminate {
		t.Errorf("%+v", s)
	}
}
