package fdm_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"testing"
	"testing/quick"
	"time"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/placement"
)

// failover is a random one: machines of any priority, with rules and dependences, on hosts with any room.
type failover struct {
	Hosts     []fdm.Host
	VMs       []fdm.VM
	Apart     []string
	Condition fdm.Condition
	Seed      int64
}

func (failover) Generate(r *rand.Rand, _ int) reflect.Value {
	f := failover{Condition: []fdm.Condition{fdm.WhenPlaced, fdm.WhenPoweredOn}[r.Intn(2)], Seed: r.Int63()}
	for i := range 1 + r.Intn(4) {
		f.Hosts = append(f.Hosts, fdm.Host{Host: placement.Host{ID: fmt.Sprint("h", i), CPU: 1000 + r.Int63n(3000), Memory: 1000 + r.Int63n(3000)}})
	}
	for i := range r.Intn(80) {
		vm := fdm.VM{
			VM: placement.VM{ID: fmt.Sprint("vm", i), CPU: r.Int63n(300), Memory: r.Int63n(300)}, Name: fmt.Sprint(r.Intn(1000)),
			Priority: fdm.Priority(1 + r.Intn(5)), Condition: f.Condition, Timeout: 100 * time.Hour,
		}
		if r.Intn(6) == 0 && i > 0 {
			if on := f.VMs[r.Intn(i)]; on.Priority >= vm.Priority { // no circles, and on none of lower priority
				vm.DependsOn = []string{on.ID}
			}
		}
		if r.Intn(20) == 0 {
			f.Apart = append(f.Apart, vm.ID)
		}
		f.VMs = append(f.VMs, vm)
	}
	return reflect.ValueOf(f)
}

// run carries restarts out, one in ten of which fails, and returns what went wrong.
func (f failover) run() (problem string) {
	r := rand.New(rand.NewSource(f.Seed))
	restarter := fdm.NewRestarter()
	byID := map[string]fdm.VM{}
	for _, vm := range f.VMs {
		restarter.Add(vm, 0)
		byID[vm.ID] = vm
	}
	where, placed, running, gone := map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	due := map[string]time.Duration{}
	free := func(id string) (cpu, memory int64, starting int) {
		for _, h := range f.Hosts {
			if h.ID == id {
				cpu, memory = h.CPU, h.Memory
			}
		}
		for vm, host := range where {
			if host == id {
				cpu, memory = cpu-byID[vm].CPU, memory-byID[vm].Memory
				if _, ok := due[vm]; ok {
					starting++
				}
			}
		}
		return cpu, memory, starting
	}
	for now := time.Duration(0); now < time.Hour && restarter.Pending(); now += 10 * time.Second {
		for vm, at := range due {
			if now < at {
				continue
			}
			delete(due, vm)
			if r.Intn(10) == 0 {
				delete(where, vm)
				restarter.Failed(vm, now)
			} else {
				running[vm] = true
				restarter.Started(vm)
			}
		}
		look := func() fdm.View {
			view := fdm.View{Site: &placement.Site{Where: map[string]string{}, Rules: placement.NewRules(placement.Rule{Name: "apart", Kind: placement.Apart, VMs: f.Apart, Required: true})}}
			for vm, host := range where {
				view.Site.Where[vm] = host
			}
			for _, h := range f.Hosts {
				h.CPU, h.Memory, h.Starting = free(h.ID)
				view.Hosts = append(view.Hosts, h)
			}
			return view
		}
		progress := func(id string) fdm.Progress { return fdm.Progress{Running: running[id]} }
		for _, a := range restarter.Step(now, look, progress, func(string) bool { return true }) {
			switch {
			case a.GiveUp:
				gone[a.VM.ID] = true
			case a.Host != "":
				where[a.VM.ID], due[a.VM.ID] = a.Host, now+fdm.PowerOnTime
				if cpu, memory, starting := free(a.Host); cpu < 0 || memory < 0 || starting > fdm.MaxPowerOns {
					return fmt.Sprintf("%s is left with %d MHz, %d MB and %d restarts", a.Host, cpu, memory, starting)
				}
				if slices.Contains(f.Apart, a.VM.ID) {
					for _, other := range f.Apart {
						if other != a.VM.ID && where[other] == a.Host {
							return "machines are together that must be apart"
						}
					}
				}
				placed[a.VM.ID] = true
				for _, on := range a.VM.DependsOn {
					if !placed[on] || f.Condition == fdm.WhenPoweredOn && !running[on] {
						return a.VM.ID + " started before " + on + ", which it depends on"
					}
				}
				for _, other := range f.VMs {
					if f.Condition == fdm.WhenPoweredOn && other.Priority > a.VM.Priority && !running[other.ID] && !gone[other.ID] {
						return fmt.Sprintf("%s started before %s of higher priority was on", a.VM.ID, other.ID)
					}
				}
			}
		}
	}
	if restarter.Pending() {
		// Only what has no room, or waits for what has none, may be left.
		for _, vm := range f.VMs {
			if where[vm.ID] != "" || gone[vm.ID] || len(vm.DependsOn) > 0 || slices.Contains(f.Apart, vm.ID) || f.Condition != fdm.WhenPlaced {
				continue
			}
			for _, h := range f.Hosts {
				if cpu, memory, _ := free(h.ID); cpu >= vm.CPU && memory >= vm.Memory {
					return vm.ID + " waits, although " + h.ID + " has room"
				}
			}
		}
	}
	return ""
}

func TestNoRestartBreaksAConstraintAndNobodyWaitsInVainInAnyFailover(t *testing.T) {
	started := 0
	err := quick.Check(func(f failover) bool {
		started += len(f.VMs)
		problem := f.run()
		if problem != "" {
			t.Log(problem)
		}
		return problem == ""
	}, &quick.Config{MaxCount: 150})
	if err != nil {
		t.Error(err)
	}
	if started < 3000 {
		t.Errorf("only %d machines were to be restarted", started)
	}
}
