package labtest

import (
	"github.com/vmware/govmomi/guest"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// Account logs in to a guest.
func Account(user, password string) types.BaseGuestAuthentication {
	return &types.NamePasswordAuthentication{Username: user, Password: password}
}

// Processes are the guest operations on a machine's programs.
func (l *Lab) Processes(vm *object.VirtualMachine) *guest.ProcessManager {
	l.T.Helper()
	m, err := guest.NewOperationsManager(l.Client.Client, vm.Reference()).ProcessManager(l.Ctx())
	l.Must(err)
	return m
}

// InGuest starts a program in an Ubuntu guest and returns its process identifier.
func (l *Lab) InGuest(vm *object.VirtualMachine, path, arguments string) int64 {
	l.T.Helper()
	pid, err := l.Processes(vm).StartProgram(l.Ctx(), Account("root", GuestPassword), &types.GuestProgramSpec{ProgramPath: path, Arguments: arguments})
	l.Must(err)
	return pid
}
