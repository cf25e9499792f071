package perf_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/perf"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6*max(1, math.Abs(b)) }

func equal(a, b []float64) bool {
	for i := range a {
		if !near(a[i], b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func want(demand float64) perf.Want { return perf.Want{Demand: demand, Limit: -1, Shares: 1000} }

func TestShareGivesWhatIsDemandedWhileThereIsEnough(t *testing.T) {
	if got := perf.Share(1000, []perf.Want{want(300), want(0), want(600)}); !equal(got, []float64{300, 0, 600}) {
		t.Error(got)
	}
}

func TestShareFollowsSharesReservationsAndLimitsWhenThereIsNotEnough(t *testing.T) {
	for name, c := range map[string]struct {
		wants []perf.Want
		given []float64
	}{
		"equal shares":                  {[]perf.Want{want(1000), want(1000)}, []float64{500, 500}},
		"the small is satisfied":        {[]perf.Want{want(1000), want(100), want(1000)}, []float64{450, 100, 450}},
		"shares":                        {[]perf.Want{{Demand: 1000, Limit: -1, Shares: 2000}, {Demand: 1000, Limit: -1, Shares: 500}}, []float64{800, 200}},
		"reservation":                   {[]perf.Want{{Demand: 1000, Reservation: 900, Limit: -1, Shares: 1000}, want(1000)}, []float64{950, 50}},
		"a reservation nobody uses":     {[]perf.Want{{Demand: 100, Reservation: 900, Limit: -1, Shares: 1000}, want(1000)}, []float64{100, 900}},
		"limit":                         {[]perf.Want{{Demand: 1000, Limit: 200, Shares: 1000}, want(1000)}, []float64{200, 800}},
		"a limit below the reservation": {[]perf.Want{{Demand: 1000, Limit: 200, Reservation: 500, Shares: 1000}, want(100)}, []float64{200, 100}},
	} {
		if got := perf.Share(1000, c.wants); !equal(got, c.given) {
			t.Errorf("%s: %v, expected %v", name, got, c.given)
		}
	}
}

func TestShareWastesNothingAndGivesNobodyMoreThanItMayHave(t *testing.T) {
	for range 2000 {
		var wants []perf.Want
		capacity, total := 1000*rand.Float64(), 0.0
		for range 1 + rand.IntN(12) {
			w := perf.Want{Demand: 400 * rand.Float64(), Limit: -1, Shares: float64(rand.IntN(4000))}
			if rand.IntN(3) == 0 {
				w.Limit = 300 * rand.Float64()
			}
			if rand.IntN(3) == 0 {
				w.Reservation = 50 * rand.Float64()
			}
			top := w.Demand
			if w.Limit >= 0 {
				top = min(top, w.Limit)
			}
			total += top
			wants = append(wants, w)
		}
		sum := 0.0
		for i, g := range perf.Share(capacity, wants) {
			if g < 0 || g > wants[i].Demand+1e-6 || wants[i].Limit >= 0 && g > wants[i].Limit+1e-6 {
				t.Fatalf("%v of %+v", g, wants[i])
			}
			sum += g
		}
		if !near(sum, min(capacity, total)) {
			t.Fatalf("%v given of %v, where %v was wanted: %+v", sum, capacity, total, wants)
		}
	}
}

func sample(mhz float32) perf.Sample { return perf.Sample{perf.UsedMHz: mhz} }

func TestHistoricalPointsAreMeansOfTheirInterval(t *testing.T) {
	var s perf.Series
	for n := 1; n <= 90; n++ { // half an hour
		s.Add(time.Duration(n)*perf.RealTime, sample(float32(n)))
	}
	five := s.Between(5*time.Minute, -1, time.Hour)
	if len(five) != 6 || five[0].At != 5*time.Minute || five[0].Sample[perf.UsedMHz] != 8 || five[5].Sample[perf.UsedMHz] != 83 {
		t.Errorf("%+v", five)
	}
	if half := s.Between(30*time.Minute, -1, time.Hour); len(half) != 1 || half[0].Sample[perf.UsedMHz] != 45.5 {
		t.Errorf("%+v", half)
	}
}

func TestPointOfAnIntervalThatWasLeftIsFinishedByTheNext(t *testing.T) {
	var s perf.Series
	s.Add(100*time.Second, sample(10))
	s.Add(120*time.Second, sample(20))
	s.Add(1000*time.Second, sample(30)) // it was off meanwhile
	if p := s.Between(5*time.Minute, -1, time.Hour); len(p) != 1 || p[0].At != 5*time.Minute || p[0].Sample[perf.UsedMHz] != 15 {
		t.Errorf("%+v", p)
	}
}

func TestSamplesAreBoundedHoweverLongTheLabRuns(t *testing.T) {
	var s perf.Series
	const days = 400
	for n := 1; n <= days*24*180; n++ {
		s.Add(time.Duration(n)*perf.RealTime, sample(float32(n%7)))
	}
	for interval, keep := range map[time.Duration]int{perf.RealTime: 180, 5 * time.Minute: 288, 30 * time.Minute: 336, 2 * time.Hour: 360, 24 * time.Hour: 365} {
		points := s.Between(interval, -1, 1<<62)
		if len(points) != keep || points[keep-1].At != days*24*time.Hour || points[0].At != points[keep-1].At-time.Duration(keep-1)*interval {
			t.Errorf("%s: %d points, from %s to %s", interval, len(points), points[0].At, points[len(points)-1].At)
		}
	}
}

func TestRangeExcludesItsStartAndIncludesItsEnd(t *testing.T) {
	var s perf.Series
	for n := 1; n <= 5; n++ {
		s.Add(time.Duration(n)*perf.RealTime, sample(float32(n)))
	}
	s.Add(5*perf.RealTime, sample(99)) // a time that has passed
	points := s.Between(perf.RealTime, 20*time.Second, 80*time.Second)
	if len(points) != 3 || points[0].At != 40*time.Second || points[2].At != 80*time.Second {
		t.Errorf("%+v", points)
	}
	if last, ok := s.Last(); !ok || last.Sample[perf.UsedMHz] != 5 {
		t.Errorf("last %+v", last)
	}
	if s.Between(7*time.Second, -1, time.Hour) != nil {
		t.Error("an interval that is not kept has points")
	}
}

func TestCountersHaveTheDocumentedUnits(t *testing.T) {
	s := perf.Sample{
		perf.UsedMHz: 650, perf.DemandMHz: 900, perf.CapacityMHz: 2600, perf.Ready: 0.5, perf.ActiveMB: 256, perf.ConsumedMB: 1100,
		perf.OverheadMB: 76, perf.MemoryMB: 1024, perf.LatencyMs: 2,
	}
	for name, want := range map[string]int64{
		"cpu.usage.average": 2500, "cpu.usagemhz.average": 650, "cpu.demand.average": 900, "cpu.ready.summation": 10000,
		"mem.usage.average": 2500, "mem.consumed.average": 1100 * 1024, "mem.active.average": 256 * 1024,
		"mem.granted.average": 1024 * 1024, "disk.maxTotalLatency.latest": 2,
	} {
		if got := perf.Value(name, s, 20, true); got != want {
			t.Errorf("%s is %d, expected %d", name, got, want)
		}
	}
	s[perf.MemoryMB] = 2200
	if got := perf.Value("mem.usage.average", s, 20, false); got != 5000 {
		t.Errorf("a host's mem.usage is %d", got)
	}
	if got := perf.Value("cpu.ready.summation", s, 300, true); got != 150000 {
		t.Errorf("ready of five minutes is %d ms", got)
	}
}
