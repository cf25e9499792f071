package vc

import (
	"crypto/subtle"
	"errors"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/guest"
)

// guestAuthManager checks accounts of guests. Each knows one: root on Ubuntu, Administrator on Windows, with the password
// that the lab was started with.
type guestAuthManager struct {
	mo.GuestAuthManager
	s *Sim
}

// addGuestAuth registers it with the simulator's guest operations, which have none.
func (s *Sim) addGuestAuth() {
	m := &guestAuthManager{s: s}
	m.Self = types.ManagedObjectReference{Type: "GuestAuthManager", Value: "guestOperationsAuthManager"}
	registry := s.svc.Context.Map
	registry.Put(m)
	for _, o := range registry.AllReference("GuestOperationsManager") {
		if operations, ok := o.(*simulator.GuestOperationsManager); ok {
			operations.AuthManager = &m.Self
		}
	}
}

// ValidateCredentialsInGuest logs in and out again.
func (m *guestAuthManager) ValidateCredentialsInGuest(_ *simulator.Context, req *types.ValidateCredentialsInGuest) soap.HasFault {
	if _, fault := m.s.enterGuest(req.Vm, req.Auth); fault != nil {
		return &methods.ValidateCredentialsInGuestBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ValidateCredentialsInGuestBody{Res: &types.ValidateCredentialsInGuestResponse{}}
}

// enterGuest finds the guest of a machine that Tools let the account into, and returns its identifier.
func (s *Sim) enterGuest(ref types.ManagedObjectReference, auth types.BaseGuestAuthentication) (string, types.BaseMethodFault) {
	m, ok := s.machine(ref)
	if !ok {
		return "", &types.ManagedObjectNotFound{Obj: ref}
	}
	if h, ok := s.host(m.host); !ok || !h.usable() && !h.maintenance {
		return "", &types.InvalidState{}
	}
	user, err := s.fleet.User(m.id)
	if err != nil {
		return "", guestFault(err, "", 0)
	}
	login, ok := auth.(*types.NamePasswordAuthentication)
	right := ok && s.cfg.GuestPassword != "" && login.Username == user &&
		subtle.ConstantTimeCompare([]byte(login.Password), []byte(s.cfg.GuestPassword)) == 1
	if !right {
		return "", &types.InvalidGuestLogin{}
	}
	return m.id, nil
}

// guestFault names an error of a guest operation as the API does.
func guestFault(err error, file string, pid int64) types.BaseMethodFault {
	switch {
	case errors.Is(err, guest.ErrNotRunning):
		return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: types.VirtualMachinePowerStatePoweredOff}
	case errors.Is(err, guest.ErrNoFile):
		return &types.FileNotFound{FileFault: types.FileFault{File: file}}
	case errors.Is(err, guest.ErrNoProcess):
		return &types.GuestProcessNotFound{Pid: pid}
	}
	return &types.GuestOperationsUnavailable{}
}

// guestProcessManager runs programs in the lab's guests; the simulator's would run them on this machine.
type guestProcessManager struct {
	*simulator.GuestProcessManager
	s *Sim
}

// StartProgramInGuest starts a program; see guest.Fleet.Run for what guests know.
func (m *guestProcessManager) StartProgramInGuest(_ *simulator.Context, req *types.StartProgramInGuest) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.StartProgramInGuestBody{Fault_: simulator.Fault("", f)}
	}
	if req.Spec == nil {
		return fail(&types.InvalidArgument{InvalidProperty: "spec"})
	}
	spec := req.Spec.GetGuestProgramSpec()
	id, fault := m.s.enterGuest(req.Vm, req.Auth)
	if fault != nil {
		return fail(fault)
	}
	pid, err := m.s.fleet.Run(id, spec.ProgramPath, spec.Arguments)
	if err != nil {
		return fail(guestFault(err, spec.ProgramPath, 0))
	}
	return &methods.StartProgramInGuestBody{Res: &types.StartProgramInGuestResponse{Returnval: pid}}
}

// ListProcessesInGuest lists running programs and those that ended within the last five minutes.
func (m *guestProcessManager) ListProcessesInGuest(_ *simulator.Context, req *types.ListProcessesInGuest) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.ListProcessesInGuestBody{Fault_: simulator.Fault("", f)}
	}
	id, fault := m.s.enterGuest(req.Vm, req.Auth)
	if fault != nil {
		return fail(fault)
	}
	all, err := m.s.fleet.Processes(id)
	if err != nil {
		return fail(guestFault(err, "", 0))
	}
	res := &types.ListProcessesInGuestResponse{}
	for _, p := range all {
		if len(req.Pids) > 0 && !slices.Contains(req.Pids, p.PID) {
			continue
		}
		info := types.GuestProcessInfo{Name: p.Name, Pid: p.PID, Owner: p.Owner, CmdLine: p.Command, StartTime: p.Start}
		if !p.End.IsZero() {
			info.EndTime, info.ExitCode = &p.End, p.Exit
		}
		res.Returnval = append(res.Returnval, info)
	}
	return &methods.ListProcessesInGuestBody{Res: res}
}

// TerminateProcessInGuest ends a program.
func (m *guestProcessManager) TerminateProcessInGuest(_ *simulator.Context, req *types.TerminateProcessInGuest) soap.HasFault {
	fail := func(f types.BaseMethodFault) soap.HasFault {
		return &methods.TerminateProcessInGuestBody{Fault_: simulator.Fault("", f)}
	}
	id, fault := m.s.enterGuest(req.Vm, req.Auth)
	if fault != nil {
		return fail(fault)
	}
	if err := m.s.fleet.Kill(id, req.Pid); err != nil {
		return fail(guestFault(err, "", req.Pid))
	}
	return &methods.TerminateProcessInGuestBody{Res: &types.TerminateProcessInGuestResponse{}}
}
