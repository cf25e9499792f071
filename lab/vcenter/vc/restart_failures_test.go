package vc_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// runs is how many instances of a guest the lab has at the end of its log, and the most that it ever had.
func (s *site) runs(name string) (now, most int) {
	s.T.Helper()
	for _, e := range s.Truth() {
		switch {
		case e.Name == name && e.Event == "up":
			now++
		case e.Name == name && e.Event == "down":
			now--
		}
		most = max(most, now)
	}
	return now, most
}

// cut takes the power from hosts at one instant, before HA can do anything about one of them.
func (s *site) cut(hosts ...int) {
	for _, host := range hosts {
		s.Sim.Server(s.Config.Hosts[host].Name).PowerOff("test")
	}
}

func (s *site) completed() bool {
	s.T.Helper()
	return len(s.Events("com.vmware.vc.HA.ClusterFailoverActionCompletedEvent")) > 0
}

// dedicate keeps a host free, so that a test knows where machines restart.
func (s *site) dedicate(host int) {
	s.T.Helper()
	s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlEnabled: types.NewBool(true), AdmissionControlPolicy: &types.ClusterFailoverHostAdmissionControlPolicy{
		FailoverHosts: []types.ManagedObjectReference{s.hosts[host].Reference()},
	}})
}

func TestRestartInterruptedByTheFailureOfAnotherHostIsDoneElsewhere(t *testing.T) {
	s := newSite(t, 10, 3, withoutAdmission, withoutDRS)
	vm := s.ubuntu("a")
	s.Protected(vm)
	master := s.Settled(s.hosts)
	victim := s.gather(vm)
	second := 3 - master - victim
	s.dedicate(second)
	s.declaredDead(victim, s.lose(victim))
	s.cut(second) // before the power-on there is done
	s.Until("the machine runs on the host that is left", func() bool { return s.HostOf(vm) == s.hosts[master].Reference() })
	failed := s.Events("VmFailoverFailed")
	if len(failed) != 1 {
		t.Fatalf("%d failed restarts", len(failed))
	}
	if _, ok := failed[0].(*types.VmFailoverFailed).Reason.Fault.(*types.HostNotReachable); !ok {
		t.Errorf("%+v", failed[0].(*types.VmFailoverFailed).Reason)
	}
	if got := s.restarted(); len(got) != 1 {
		t.Errorf("restarts %v", got)
	}
}

func TestMachineThatWasRestartedIsRestartedAgainWhenItsNewHostFails(t *testing.T) {
	s := newSite(t, 60, 3, withoutAdmission, withoutDRS)
	vm := s.ubuntu("a")
	s.Protected(vm)
	first := s.gather(vm)
	s.lose(first)
	s.Until("it runs elsewhere", func() bool { return len(s.restarted()) == 1 && s.HostOf(vm) != s.hosts[first].Reference() })
	second := labtest.IndexOf(s.hosts, s.HostOf(vm))
	s.lose(second)
	s.Until("it runs on the last host", func() bool { return s.HostOf(vm) == s.hosts[3-first-second].Reference() })
	s.Up(vm)
	if now, most := s.runs("a"); now != 1 || most != 1 {
		t.Errorf("the guest runs %d times, and ran %d times at once", now, most)
	}
}

func TestNewMasterCompletesTheFailoverOfTheOldOne(t *testing.T) {
	s := newSite(t, 20, 3, withoutAdmission, withoutDRS)
	a := s.ubuntu("a")
	s.Protected(a)
	master := s.Settled(s.hosts)
	victim := s.gather(a)
	s.Fault(map[string]any{"kind": "restartFails", "vm": "a"})
	s.lose(victim)
	s.Until("the first attempt fails", func() bool { return len(s.Events("VmFailoverFailed")) == 1 })
	at := s.lose(master)
	s.Until("the new master tries anew", func() bool { return len(s.Events("VmFailoverFailed")) == 2 })
	// Elected after 25 s, it reads the list for 10 s and places for up to 5 s; the second attempt of the old one would have
	// come two minutes after its first.
	if got := s.labSeconds(at, labtest.Happened(s.Events("VmFailoverFailed")[1])); got < 33 || got > 60 {
		t.Errorf("it tried %.1f lab seconds after the old master had died", got)
	}
}

func TestAllHostsFailAndTheirMachinesRestartWhenHostsReturn(t *testing.T) {
	s := newSite(t, 60, 3, withoutAdmission, withoutDRS)
	s.Settled(s.hosts)
	vms := []*object.VirtualMachine{s.ubuntu("a"), s.ubuntu("b"), s.ubuntu("never")}
	s.override(vms[2], "disabled")
	for i, vm := range vms {
		s.Up(vm)
		s.on(i, vm)
	}
	s.Protected(vms[:2]...)
	s.cut(0, 1, 2)
	for _, vm := range vms {
		s.Until("the machines are shown as disconnected", func() bool {
			return s.VM(vm).Runtime.ConnectionState == types.VirtualMachineConnectionStateDisconnected
		})
	}
	if len(s.restarted()) > 0 {
		t.Fatal("something was restarted without a host")
	}
	s.Reset(0, "On") // hosts 1 and 2 stay without power
	for i, vm := range vms[:2] {
		name := []string{"a", "b"}[i]
		s.Until(name+" runs on the host that is back", func() bool {
			p := s.VM(vm).Runtime
			return *p.Host == s.hosts[0].Reference() && p.PowerState == "poweredOn" && p.ConnectionState == "connected"
		})
		s.Up(vm)
		if now, most := s.runs(name); now != 1 || most != 1 {
			t.Errorf("%s runs %d times, and ran %d times at once", name, now, most)
		}
	}
	s.Until("the failover is over", s.completed)
	for i := 1; i < 3; i++ {
		s.Reset(i, "On")
	}
	s.Settled(s.hosts)
	s.Until("the machine that is not to be restarted is shown as off", func() bool {
		p := s.VM(vms[2]).Runtime
		return p.PowerState == "poweredOff" && p.ConnectionState == "connected" && !p.DasVmProtection.DasProtected
	})
	if got := s.restarted(); len(got) != 2 {
		t.Errorf("restarted %v", got)
	}
	s.Protected(vms[:2]...)
}

func TestMachinesThatWaitForRoomRestartOnAHostThatReturns(t *testing.T) {
	s := newSite(t, 60, 2, withoutAdmission, withoutDRS)
	a, b := s.ubuntu("a"), s.ubuntu("b")
	for i, vm := range []*object.VirtualMachine{a, b} {
		s.on(i, vm)
		s.Run(vm.Reconfigure(s.Ctx(), reserve(0, 24000)))
	}
	s.Settled(s.hosts)
	s.Protected(a, b)
	s.lose(0)
	s.Until("the lack of room is reported", func() bool { return len(s.Events("NotEnoughResourcesToStartVmEvent")) == 1 })
	s.Reset(0, "On")
	s.Until("it restarts where it was", func() bool { return len(s.restarted()) == 1 })
	s.Up(a)
	if now, most := s.runs("a"); now != 1 || most != 1 || s.HostOf(a) != s.hosts[0].Reference() {
		t.Errorf("it runs %d times on %s, and ran %d times at once", now, s.HostOf(a).Value, most)
	}
}

func TestRestartIsGivenUpAfterTheConfiguredNumberOfAttempts(t *testing.T) {
	s := newSite(t, 60, 2, withoutAdmission, withoutDRS)
	s.option("das.maxvmrestartcount", "2")
	vm := s.ubuntu("a")
	s.Settled(s.hosts)
	s.Protected(vm)
	victim := s.gather(vm)
	s.Fault(map[string]any{"kind": "restartFails", "vm": "a"})
	s.lose(victim)
	s.Until("it is given up", func() bool { return len(s.Events("VmMaxRestartCountReached")) == 1 && s.completed() })
	failed := s.Events("VmFailoverFailed")
	if len(failed) != 2 {
		t.Fatalf("%d attempts", len(failed))
	}
	if got := s.labSeconds(labtest.Happened(failed[0]), labtest.Happened(failed[1])); got < 120 || got > 180 {
		t.Errorf("%.0f lab seconds between the attempts, of which two minutes are waited", got)
	}
	if *s.VM(vm).Runtime.VmFailoverInProgress {
		t.Error("its failover is still shown as in progress")
	}
	s.Reset(victim, "On")
	s.Until("it is shown as off when its host is back", func() bool { return s.VM(vm).Runtime.PowerState == "poweredOff" })
	time.Sleep(s.wall(60 * time.Second)) // HA must not start it after all, which nothing announces
	if s.VM(vm).Runtime.PowerState != "poweredOff" {
		t.Error("it was restarted after all")
	}
}

// wall is what a time of the lab takes.
func (s *site) wall(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.Config.TimeScale)
}
