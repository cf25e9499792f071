package fdm_test

import (
	"testing"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
)

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
