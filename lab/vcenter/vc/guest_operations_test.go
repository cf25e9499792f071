package vc_test

import (
	"errors"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/guest"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

var root = labtest.Account("root", labtest.GuestPassword)

// crashed is a command that panics an Ubuntu guest.
func (s *site) crash(vm *object.VirtualMachine) {
	s.T.Helper()
	s.InGuest(vm, "/bin/sh", "-c 'echo c > /proc/sysrq-trigger'")
}

func TestGuestOperationsTakeTheGuestsOwnAccountOnly(t *testing.T) {
	s := newSite(t, 60, 2)
	vm := s.ubuntu("u1")
	auth, err := guest.NewOperationsManager(s.Client.Client, vm.Reference()).AuthManager(s.Ctx())
	s.Must(err)
	s.Up(vm)
	s.Must(auth.ValidateCredentials(s.Ctx(), root))
	for name, bad := range map[string]types.BaseGuestAuthentication{
		"password": labtest.Account("root", "wrong"), "no password": labtest.Account("root", ""),
		"user": labtest.Account("Administrator", labtest.GuestPassword), "kind": &types.SAMLTokenAuthentication{Token: "x"},
	} {
		if err := auth.ValidateCredentials(s.Ctx(), bad); !fault.Is(err, new(types.InvalidGuestLogin)) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Processes(vm).ListProcesses(s.Ctx(), bad, nil); !fault.Is(err, new(types.InvalidGuestLogin)) {
			t.Errorf("list, %s: %v", name, err)
		}
	}
	s.Fault(map[string]any{"kind": "guestHung", "vm": "u1"})
	if err := auth.ValidateCredentials(s.Ctx(), root); !fault.Is(err, new(types.GuestOperationsUnavailable)) {
		t.Errorf("hung: %v", err)
	}
	s.Run(vm.PowerOff(s.Ctx()))
	if err := auth.ValidateCredentials(s.Ctx(), root); !fault.Is(err, new(types.InvalidPowerState)) {
		t.Errorf("powered off: %v", err)
	}
}

func TestProgramsStartAreListedAndEnd(t *testing.T) {
	s := newSite(t, 60, 2)
	vm := s.ubuntu("u1")
	s.Up(vm)
	m := s.Processes(vm)
	pid := s.InGuest(vm, "/usr/bin/stress-ng", "--cpu 1")
	list, err := m.ListProcesses(s.Ctx(), root, []int64{pid})
	s.Must(err)
	if len(list) != 1 || list[0].Name != "stress-ng" || list[0].CmdLine != "/usr/bin/stress-ng --cpu 1" || list[0].EndTime != nil {
		t.Errorf("%+v", list)
	}
	s.Must(m.TerminateProcess(s.Ctx(), root, pid))
	list, err = m.ListProcesses(s.Ctx(), root, []int64{pid})
	s.Must(err)
	if len(list) != 1 || list[0].EndTime == nil || list[0].ExitCode == 0 {
		t.Errorf("%+v", list)
	}
	if err := m.TerminateProcess(s.Ctx(), root, pid); !fault.Is(err, new(types.GuestProcessNotFound)) {
		t.Errorf("terminated twice: %v", err)
	}
	if _, err := m.StartProgram(s.Ctx(), root, &types.GuestProgramSpec{ProgramPath: "/opt/none"}); !fault.Is(err, new(types.FileNotFound)) {
		t.Errorf("unknown program: %v", err)
	}
}

func TestCrashedGuestStaysPoweredOnAnswersNothingAndAResetBringsItBack(t *testing.T) {
	s := newSite(t, 10, 2)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	if s.VM(vm).GuestHeartbeatStatus != types.ManagedEntityStatusGreen {
		t.Errorf("heartbeat %s", s.VM(vm).GuestHeartbeatStatus)
	}
	at := time.Now()
	s.crash(vm)
	var n net.Error
	if c, err := net.DialTimeout("tcp", address, 200*time.Millisecond); !errors.As(err, &n) || !n.Timeout() {
		t.Errorf("connecting: %v, %v", c, err)
	}
	var seen []types.ManagedEntityStatus
	s.Until("the heartbeat is red", func() bool {
		if now := s.VM(vm).GuestHeartbeatStatus; len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		return seen[len(seen)-1] == types.ManagedEntityStatusRed
	})
	if took := s.labSeconds(at, time.Now()); !reflect.DeepEqual(seen, []types.ManagedEntityStatus{"green", "yellow", "red"}) || took < 60 {
		t.Errorf("%v after %.0f s", seen, took)
	}
	p := s.VM(vm)
	if p.Runtime.PowerState != "poweredOn" || !*p.Guest.GuestKernelCrashed || *p.Guest.GuestOperationsReady || p.Summary.QuickStats.GuestHeartbeatStatus != "red" {
		t.Errorf("power %s, guest %+v", p.Runtime.PowerState, p.Guest)
	}
	s.Run(vm.Reset(s.Ctx()))
	if p := s.VM(vm); p.GuestHeartbeatStatus == types.ManagedEntityStatusRed || *p.Guest.GuestKernelCrashed {
		t.Errorf("after the reset: %s", p.GuestHeartbeatStatus)
	}
	if again := s.Up(vm); again != address || s.VM(vm).GuestHeartbeatStatus != types.ManagedEntityStatusGreen {
		t.Errorf("%s, heartbeat %s", again, s.VM(vm).GuestHeartbeatStatus)
	}
	s.Until("the guest answers", func() bool { return labtest.Answers(address) })
}

func TestApplicationOfAGuestIsReported(t *testing.T) {
	s := newSite(t, 20, 2)
	vm := s.ubuntu("u1")
	s.Up(vm)
	status := func() string { return s.VM(vm).Guest.AppHeartbeatStatus }
	if status() != "appStatusGray" {
		t.Errorf("without monitoring: %s", status())
	}
	s.InGuest(vm, "/usr/sbin/vmware-appmonitor", "enable")
	if status() != "appStatusGreen" {
		t.Errorf("enabled: %s", status())
	}
	s.Until("the application is red", func() bool { return status() == "appStatusRed" })
	s.InGuest(vm, "/usr/sbin/vmware-appmonitor", "markActive")
	if status() != "appStatusGreen" {
		t.Errorf("marked active: %s", status())
	}
	s.InGuest(vm, "/usr/sbin/vmware-appmonitor", "postAppState appStateNeedReset")
	if p := s.VM(vm); p.Guest.AppState != "appStateNeedReset" {
		t.Errorf("state %s", p.Guest.AppState)
	}
}
