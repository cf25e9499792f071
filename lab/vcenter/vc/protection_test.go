package vc_test

import (
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// protection is what a machine says of its protection: "", "protected" or "unprotected".
func (s *site) protection(vm *object.VirtualMachine) string {
	s.T.Helper()
	switch p := s.VM(vm).Runtime.DasVmProtection; {
	case p == nil:
		return ""
	case p.DasProtected:
		return "protected"
	}
	return "unprotected"
}

// about counts the events of a kind that are about a machine.
func (s *site) about(kind string, vm *object.VirtualMachine) (n int) {
	s.T.Helper()
	for _, e := range s.Events(kind) {
		if v := e.GetEvent().Vm; v != nil && v.Vm == vm.Reference() {
			n++
		}
	}
	return n
}

func TestProtectionFollowsPowerAndHAAndIsReported(t *testing.T) {
	s := newSite(t, 60, 2)
	s.Settled(s.hosts)
	vm := s.ubuntu("u1")
	becomes := func(want string) {
		t.Helper()
		s.Until("the machine is "+want, func() bool { return s.protection(vm) == want })
	}
	reported := func(protected, unprotected int) {
		t.Helper()
		s.Until("the events are there", func() bool {
			return s.about("com.vmware.vc.HA.VmProtectedEvent", vm) == protected && s.about("com.vmware.vc.HA.VmUnprotectedEvent", vm) == unprotected
		})
	}
	becomes("protected")
	reported(1, 0)
	s.Run(vm.PowerOff(s.Ctx()))
	becomes("unprotected")
	reported(1, 1)
	s.Run(vm.PowerOn(s.Ctx()))
	becomes("protected")
	reported(2, 1)
	fault := s.Fault(map[string]any{"kind": "unprotected", "vm": "u1"})
	becomes("unprotected")
	reported(2, 2)
	s.EndFault(fault)
	becomes("protected")
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{Enabled: types.NewBool(false)}}, true))
	becomes("")
}

func TestMachineThatIsNotRestartedIsReportedWithTheReason(t *testing.T) {
	s := newSite(t, 60, 3)
	s.Settled(s.hosts)
	disabled, unprotected := s.ubuntu("disabled"), s.ubuntu("unprotected")
	host := labtest.IndexOf(s.hosts, s.HostOf(disabled))
	s.Run(unprotected.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Host: types.NewReference(s.hosts[host].Reference())}, types.VirtualMachineMovePriorityDefaultPriority))
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd},
		Info:            &types.ClusterDasVmConfigInfo{Key: disabled.Reference(), DasSettings: &types.ClusterDasVmSettings{RestartPriority: "disabled"}},
	}}}, true))
	s.Fault(map[string]any{"kind": "unprotected", "vm": "unprotected"})
	for _, vm := range []*object.VirtualMachine{disabled, unprotected} {
		s.Until("it is not protected", func() bool { return s.protection(vm) == "unprotected" })
	}
	s.lose(host)
	s.Until("both are reported", func() bool {
		return s.about("com.vmware.vc.HA.VMIsHADisabledRestartEvent", disabled) == 1 && s.about("com.vmware.vc.HA.VmNotProtectedEvent", unprotected) == 1
	})
	if n := len(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")); n > 0 {
		t.Errorf("%d restarts", n)
	}
}
