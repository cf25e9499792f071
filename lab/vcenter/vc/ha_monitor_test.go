package vc_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// monitored turns VM monitoring on with a failure interval of 30 s and nothing else to wait for but I/O.
func monitored(kind string) func(*types.ClusterConfigSpecEx) {
	return func(c *types.ClusterConfigSpecEx) {
		c.DasConfig.VmMonitoring = kind
		c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{
			VmMonitoring: kind, FailureInterval: 30, MinUpTime: 60, MaxFailures: 2, MaxFailureWindow: -1,
		}}
	}
}

// watch gives a machine monitoring settings of its own.
func (s *site) watch(vm *object.VirtualMachine, own types.ClusterVmToolsMonitoringSettings) {
	s.T.Helper()
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd},
		Info: &types.ClusterDasVmConfigInfo{Key: vm.Reference(), DasSettings: &types.ClusterDasVmSettings{
			RestartPriority: "clusterRestartPriority", VmToolsMonitoringSettings: &own,
		}},
	}}}, true))
}

func (s *site) resets() []*types.VmDasBeingResetEvent {
	s.T.Helper()
	var list []*types.VmDasBeingResetEvent
	for _, e := range s.Events("VmDasBeingResetEvent") {
		list = append(list, e.(*types.VmDasBeingResetEvent))
	}
	return list
}

func TestCrashedGuestIsResetByHAAndAnswersAgain(t *testing.T) {
	s := newSite(t, 40, 2, monitored("vmMonitoringOnly"))
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	host := s.HostOf(vm)
	s.crash(vm)
	at := s.wentDown("u1")
	s.Until("HA resets the machine", func() bool { return len(s.resets()) > 0 })
	e := s.resets()[0]
	// 120 s without I/O; ticks and a busy machine add to it.
	if after := s.labSeconds(at, e.CreatedTime); after < 120 || after > 180 || e.Reason != "vmtoolsHeartbeatFailure" || e.Vm.Name != "u1" {
		t.Errorf("reset after %.1f s, reason %q, machine %v", after, e.Reason, e.Vm)
	}
	s.Until("the guest answers again", func() bool { return labtest.Answers(address) })
	if p := s.VM(vm); p.Runtime.PowerState != "poweredOn" || *p.Runtime.Host != host {
		t.Errorf("power %s, host %s", p.Runtime.PowerState, p.Runtime.Host)
	}
	if n := len(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")); n > 0 {
		t.Errorf("%d restarts: it should be reset where it is", n)
	}
	for n := 1; n <= 2; n++ { // once more is allowed, and no third time
		s.Up(vm)
		s.Until("its Tools answer", func() bool { return *s.VM(vm).Guest.GuestOperationsReady })
		s.crash(vm)
		if n == 1 {
			s.Until("HA resets it again", func() bool { return len(s.resets()) == 2 })
		}
	}
	silent := s.labNow()
	s.Until("it is silent for much longer than the failure interval", func() bool { return s.labNow()-silent > 240 })
	if n := len(s.resets()); n != 2 {
		t.Errorf("%d resets although 2 are allowed", n)
	}
}

// wentDown is the instant at which a guest's service last went down.
func (s *site) wentDown(name string) time.Time {
	s.T.Helper()
	var at time.Time
	for _, e := range s.Truth() {
		if e.Event == "down" && e.Name == name {
			at = time.UnixMicro(int64(e.T * 1000))
		}
	}
	return at
}

// labNow is a reading of lab time in seconds, for differences.
func (s *site) labNow() float64 { return float64(time.Now().UnixMicro()) / 1e6 * s.Config.TimeScale }

func TestMonitoringFollowsTheClusterAndTheMachinesOverride(t *testing.T) {
	const off, guests, apps = "vmMonitoringDisabled", "vmMonitoringOnly", "vmAndAppMonitoring"
	own := types.ClusterVmToolsMonitoringSettings{ClusterSettings: types.NewBool(false), VmMonitoring: off}
	shared := own
	shared.ClusterSettings = types.NewBool(true)
	more := own
	more.VmMonitoring = apps
	for name, c := range map[string]struct {
		cluster  string
		override *types.ClusterVmToolsMonitoringSettings
		resets   bool
	}{
		"off":                              {off, nil, false},
		"on":                               {guests, nil, true},
		"off by override":                  {guests, &own, false},
		"an override that is not in force": {guests, &shared, true},
		"an override beyond the cluster's": {off, &more, false},
		"with applications":                {apps, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 60, 2, monitored(c.cluster))
			s.Settled(s.hosts)
			vm := s.ubuntu("u1")
			s.Up(vm)
			if c.override != nil {
				s.watch(vm, *c.override)
			}
			s.crash(vm)
			if c.resets {
				s.Until("HA resets the machine", func() bool { return len(s.resets()) == 1 })
				return
			}
			from := s.labNow()
			s.Until("more than the failure interval and the I/O check have passed", func() bool { return s.labNow()-from > 300 })
			if n := len(s.resets()); n > 0 || s.VM(vm).GuestHeartbeatStatus != "red" {
				t.Errorf("%d resets, heartbeat %s", n, s.VM(vm).GuestHeartbeatStatus)
			}
		})
	}
}

func TestGuestWithoutHeartbeatsButWithIOIsNotReset(t *testing.T) {
	s := newSite(t, 60, 2, monitored("vmMonitoringOnly"))
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.InGuest(vm, "/usr/bin/pkill", "-STOP vmtoolsd")
	from := s.labNow()
	s.Until("the heartbeat is red, and stays so for long", func() bool {
		return s.VM(vm).GuestHeartbeatStatus == "red" && s.labNow()-from > 300
	})
	if n := len(s.resets()); n > 0 {
		t.Errorf("%d resets", n)
	}
}

func TestSilentApplicationIsResetAndReported(t *testing.T) {
	s := newSite(t, 30, 2, monitored("vmAndAppMonitoring"))
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.InGuest(vm, "/usr/sbin/vmware-appmonitor", "enable")
	s.Until("HA resets the machine", func() bool { return len(s.resets()) == 1 })
	if e := s.resets()[0]; e.Reason != "appHeartbeatFailure" {
		t.Errorf("reason %s", e.Reason)
	}
	for _, kind := range []string{"com.vmware.vc.vmam.VmDasAppHeartbeatFailedEvent", "com.vmware.vc.vmam.VmAppHealthMonitoringStateChangedEvent"} {
		if len(s.Events(kind)) == 0 {
			t.Errorf("no %s", kind)
		}
	}
	s.Up(vm)
	if status := s.VM(vm).Guest.AppHeartbeatStatus; status != "appStatusGray" {
		t.Errorf("after the reset nothing is monitored: %s", status)
	}
}

func TestResetThatFailsIsReported(t *testing.T) {
	s := newSite(t, 60, 2, monitored("vmMonitoringOnly"))
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.Fault(map[string]any{"kind": "resetFails", "vm": "u1"})
	s.Fault(map[string]any{"kind": "guestHung", "vm": "u1"})
	s.Until("the failure is reported", func() bool { return len(s.Events("VmDasResetFailedEvent")) > 0 })
	if *s.VM(vm).Guest.GuestKernelCrashed || s.VM(vm).GuestHeartbeatStatus == "green" {
		t.Error("a hung guest has not crashed, and has no heartbeat")
	}
}

func TestMachinesAreResetWithoutAMaster(t *testing.T) {
	s := newSite(t, 60, 2, monitored("vmMonitoringOnly"), func(c *types.ClusterConfigSpecEx) { c.DasConfig.HostMonitoring = "disabled" })
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.crash(vm)
	s.lose(1 - labtest.IndexOf(s.hosts, s.HostOf(vm)))
	s.Until("HA resets the machine", func() bool { return len(s.resets()) == 1 })
}
