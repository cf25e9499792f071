package vc_test

import (
	"reflect"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func policy(p types.BaseClusterDasAdmissionControlPolicy) func(*types.ClusterConfigSpecEx) {
	return func(c *types.ClusterConfigSpecEx) {
		c.DasConfig.AdmissionControlEnabled, c.DasConfig.AdmissionControlPolicy = types.NewBool(true), p
	}
}

func withoutAdmission(c *types.ClusterConfigSpecEx) {
	c.DasConfig.AdmissionControlEnabled = types.NewBool(false)
}

func withoutDRS(c *types.ClusterConfigSpecEx) { c.DrsConfig.Enabled = types.NewBool(false) }

func reserve(cpu, memory int64) types.VirtualMachineConfigSpec {
	return types.VirtualMachineConfigSpec{
		CpuAllocation:    &types.ResourceAllocationInfo{Reservation: &cpu},
		MemoryAllocation: &types.ResourceAllocationInfo{Reservation: &memory},
	}
}

// off makes a machine that is off and reserves what is given.
func (s *site) off(name string, cpu, memory int64) *object.VirtualMachine {
	s.T.Helper()
	vm := s.ubuntu(name)
	s.Run(vm.PowerOff(s.Ctx()))
	s.Run(vm.Reconfigure(s.Ctx(), reserve(cpu, memory)))
	return vm
}

// fault is what a task fails with; nil when it succeeds.
func (s *site) fault(task *object.Task, err error) types.BaseMethodFault {
	s.T.Helper()
	s.Must(err)
	info, err := task.WaitForResult(s.Ctx())
	if err == nil {
		return nil
	}
	return info.Error.Fault
}

func (s *site) refused(what string, f types.BaseMethodFault, want types.BaseMethodFault) {
	s.T.Helper()
	if reflect.TypeOf(f) != reflect.TypeOf(want) {
		s.T.Errorf("%s: fault %T, not %T", what, f, want)
	}
}

func (s *site) allowed(what string, f types.BaseMethodFault) {
	s.T.Helper()
	if f != nil {
		s.T.Errorf("%s: fault %T", what, f)
	}
}

func (s *site) reconfigureHA(das *types.ClusterDasConfigInfo) {
	s.T.Helper()
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasConfig: das}, true))
}

func (s *site) summary() *types.ClusterComputeResourceSummary {
	s.T.Helper()
	var p mo.ClusterComputeResource
	s.Must(s.cluster.Properties(s.Ctx(), s.cluster.Reference(), []string{"summary"}, &p))
	return p.Summary.(*types.ClusterComputeResourceSummary)
}

func (s *site) runtimeInfo() types.BaseClusterDasAdvancedRuntimeInfo {
	s.T.Helper()
	res, err := methods.RetrieveDasAdvancedRuntimeInfo(s.Ctx(), s.Client.Client, &types.RetrieveDasAdvancedRuntimeInfo{This: s.cluster.Reference()})
	s.Must(err)
	return res.Returnval
}

var tooLittle = &types.InsufficientFailoverResourcesFault{}

// Each of three hosts has 20,800 MHz; a third is kept free.
func TestPowerOnThatLeavesTooSmallAShareIsRefused(t *testing.T) {
	for name, p := range map[string]*types.ClusterFailoverResourcesAdmissionControlPolicy{
		"automatic": {AutoComputePercentages: types.NewBool(true), FailoverLevel: 1},
		"explicit":  {AutoComputePercentages: types.NewBool(false), CpuFailoverResourcesPercent: 33, MemoryFailoverResourcesPercent: 33},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 200, 3, policy(p))
			for _, vm := range []string{"a", "b"} {
				s.allowed(vm, s.fault(s.off(vm, 20000, 0).PowerOn(s.Ctx())))
			}
			c := s.off("c", 2000, 0)
			s.refused("c", s.fault(c.PowerOn(s.Ctx())), tooLittle)
			s.Run(c.Reconfigure(s.Ctx(), reserve(1500, 0)))
			s.allowed("c, smaller", s.fault(c.PowerOn(s.Ctx())))
			s.Until("the summary tells what is free", func() bool {
				info, ok := s.summary().AdmissionControlInfo.(*types.ClusterFailoverResourcesAdmissionControlInfo)
				return ok && info.CurrentCpuFailoverResourcesPercent == 33 && info.CurrentMemoryFailoverResourcesPercent == 99
			})
		})
	}
}

func TestPowerOnWithoutAFreeSlotIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		slot     types.BaseClusterSlotPolicy
		cpu      int64 // of a machine that needs all slots of one host
		level    int32 // that is left with two of them on
		multiple int
	}{
		"automatic": {nil, 20000, 1, 0}, // less than a host has: its agent machine reserves some
		"explicit":  {&types.ClusterFixedSizeSlotPolicy{Cpu: 1000, Memory: 1000}, 20000, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 200, 3, policy(&types.ClusterFailoverLevelAdmissionControlPolicy{FailoverLevel: 1, SlotPolicy: c.slot}))
			third := s.off("c", 100, 0)
			for _, vm := range []string{"a", "b"} {
				s.allowed(vm, s.fault(s.off(vm, c.cpu, 0).PowerOn(s.Ctx())))
			}
			s.refused("c", s.fault(third.PowerOn(s.Ctx())), tooLittle)
			info := s.runtimeInfo().(*types.ClusterDasFailoverLevelAdvancedRuntimeInfo)
			if info.UnreservedSlots != 0 || len(info.VmsRequiringMultipleSlots) != c.multiple {
				t.Errorf("%+v", info)
			}
			s.Until("the summary tells the level", func() bool {
				level, ok := s.summary().AdmissionControlInfo.(*types.ClusterFailoverLevelAdmissionControlInfo)
				return ok && level.CurrentFailoverLevel == c.level && s.summary().CurrentFailoverLevel == c.level
			})
		})
	}
}

func TestWithAdmissionControlOffAnythingStarts(t *testing.T) {
	s := newSite(t, 200, 2, withoutAdmission)
	for _, vm := range []string{"a", "b"} {
		s.allowed(vm, s.fault(s.off(vm, 20000, 0).PowerOn(s.Ctx())))
	}
	if info := s.summary().AdmissionControlInfo; info != nil {
		t.Errorf("%+v", info)
	}
}

func TestLargerReservationsAndMigrationIntoTheClusterAreRefusedLikewise(t *testing.T) {
	s := newSite(t, 200, 2)
	vm := s.ubuntu("a")
	s.allowed("within the share", s.fault(vm.Reconfigure(s.Ctx(), reserve(20000, 0))))
	s.refused("more CPU", s.fault(vm.Reconfigure(s.Ctx(), reserve(20801, 0))), tooLittle)
	s.refused("more memory", s.fault(vm.Reconfigure(s.Ctx(), reserve(20000, 32768))), tooLittle)
	s.allowed("less", s.fault(vm.Reconfigure(s.Ctx(), reserve(19000, 0))))

	outside := s.AddHost(s.Config.Hosts[2].Name)
	s.NAS("ha-a", 0, outside)
	pool, err := outside.ResourcePool(s.Ctx())
	s.Must(err)
	ref, host := pool.Reference(), outside.Reference()
	guest := s.ubuntu("b")
	s.Run(guest.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Pool: &ref, Host: &host}, types.VirtualMachineMovePriorityDefaultPriority))
	s.Run(guest.Reconfigure(s.Ctx(), reserve(2000, 0)))
	pool, err = s.cluster.ResourcePool(s.Ctx())
	s.Must(err)
	ref, host = pool.Reference(), s.hosts[0].Reference()
	back := func() types.BaseMethodFault {
		return s.fault(guest.Relocate(s.Ctx(), types.VirtualMachineRelocateSpec{Pool: &ref, Host: &host}, types.VirtualMachineMovePriorityDefaultPriority))
	}
	s.refused("into the cluster", back(), tooLittle)
	s.Run(vm.Reconfigure(s.Ctx(), reserve(1000, 0)))
	s.allowed("into the cluster, with room", back())
}

func TestDedicatedHostsTakeNoMachineUntilAFailover(t *testing.T) {
	s := newSite(t, 60, 3, withoutAdmission)
	master := s.Settled(s.hosts)
	spare, victim := s.other(master), s.other(s.other(master))
	ref := s.hosts[spare].Reference()
	s.reconfigureHA(&types.ClusterDasConfigInfo{
		AdmissionControlEnabled: types.NewBool(true), AdmissionControlPolicy: &types.ClusterFailoverHostAdmissionControlPolicy{FailoverHosts: []types.ManagedObjectReference{ref}},
	})
	status := func() types.ManagedEntityStatus {
		info, ok := s.summary().AdmissionControlInfo.(*types.ClusterFailoverHostAdmissionControlInfo)
		if !ok || len(info.HostStatus) != 1 || info.HostStatus[0].Host != ref {
			return ""
		}
		return info.HostStatus[0].Status
	}
	s.Until("the dedicated host is ready", func() bool { return status() == types.ManagedEntityStatusGreen })

	vms := []*object.VirtualMachine{s.ubuntu("a"), s.ubuntu("b"), s.ubuntu("c")}
	for _, vm := range vms {
		if s.HostOf(vm) == ref {
			t.Error("DRS started a machine on the dedicated host")
		}
	}
	var disallowed *types.DisallowedOperationOnFailoverHost
	s.refused("vMotion", s.fault(vms[0].Migrate(s.Ctx(), nil, s.hosts[spare], types.VirtualMachineMovePriorityDefaultPriority, "")), disallowed)
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{Enabled: types.NewBool(false)}}, true))
	s.Run(vms[0].PowerOff(s.Ctx()))
	s.Run(vms[0].Migrate(s.Ctx(), nil, s.hosts[spare], types.VirtualMachineMovePriorityDefaultPriority, ""))
	s.refused("power-on", s.fault(vms[0].PowerOn(s.Ctx())), disallowed)

	for _, vm := range vms[1:] {
		if s.HostOf(vm) != s.hosts[victim].Reference() {
			s.Run(vm.Migrate(s.Ctx(), nil, s.hosts[victim], types.VirtualMachineMovePriorityDefaultPriority, ""))
		}
	}
	s.Protected(vms[1:]...)
	s.lose(victim)
	for _, vm := range vms[1:] {
		s.Until("a machine of the lost host runs on the dedicated one", func() bool { return s.HostOf(vm) == ref })
	}
	s.Until("the dedicated host is in use", func() bool { return status() == types.ManagedEntityStatusYellow })
	s.Reset(spare, "ForceOff")
	s.Until("the dedicated host is of no use", func() bool { return status() == types.ManagedEntityStatusRed })
}

func TestHostIsNotEvacuatedWhereTheRestCouldNotFailOver(t *testing.T) {
	s := newSite(t, 200, 2)
	vm := s.ubuntu("a")
	host := s.hosts[labtest.IndexOf(s.hosts, s.HostOf(vm))]
	s.refused("maintenance mode", s.fault(host.EnterMaintenanceMode(s.Ctx(), 60, true, nil)), &types.Timedout{})
	if s.HostOf(vm) != host.Reference() {
		t.Error("the machine was moved")
	}
	s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlEnabled: types.NewBool(false)})
	s.allowed("without admission control", s.fault(host.EnterMaintenanceMode(s.Ctx(), 600, true, nil)))
}

func TestDedicatedHostCannotLeaveItsClusterWhileItIsDesignated(t *testing.T) {
	s := newSite(t, 200, 3, withoutAdmission)
	s.Settled(s.hosts)
	spare := s.hosts[0]
	s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlEnabled: types.NewBool(true), AdmissionControlPolicy: &types.ClusterFailoverHostAdmissionControlPolicy{
		FailoverHosts: []types.ManagedObjectReference{spare.Reference()},
	}})
	for _, h := range s.hosts[:2] {
		s.Run(h.EnterMaintenanceMode(s.Ctx(), 0, false, nil))
	}
	folder, err := s.Finder.Folder(s.Ctx(), "host")
	s.Must(err)
	other := s.Cluster("other", nil)
	ways := map[string]func(*object.HostSystem) (*object.Task, error){
		"out of the cluster": func(h *object.HostSystem) (*object.Task, error) {
			return folder.MoveInto(s.Ctx(), []types.ManagedObjectReference{h.Reference()})
		},
		"to another cluster": func(h *object.HostSystem) (*object.Task, error) { return other.MoveInto(s.Ctx(), h) },
		"destruction":        func(h *object.HostSystem) (*object.Task, error) { return h.Destroy(s.Ctx()) },
	}
	var disallowed *types.DisallowedOperationOnFailoverHost
	for what, way := range ways {
		s.refused(what, s.fault(way(spare)), disallowed)
	}
	s.Run(ways["out of the cluster"](s.hosts[1])) // one that is not dedicated
	s.reconfigureHA(&types.ClusterDasConfigInfo{Enabled: types.NewBool(false)})
	s.Run(ways["to another cluster"](spare)) // the setting counts while HA is on
	s.Run(ways["destruction"](spare))
}
