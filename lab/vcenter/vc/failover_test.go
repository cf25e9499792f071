package vc_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func (s *site) override(vm *object.VirtualMachine, priority string) {
	s.T.Helper()
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"},
		Info:            &types.ClusterDasVmConfigInfo{Key: vm.Reference(), DasSettings: &types.ClusterDasVmSettings{RestartPriority: priority}},
	}}}, true))
}

// gather moves machines to one host that is not the master and returns its index.
func (s *site) gather(vms ...*object.VirtualMachine) int {
	s.T.Helper()
	victim := s.other(s.Settled(s.hosts))
	for _, vm := range vms {
		if s.HostOf(vm) != s.hosts[victim].Reference() {
			s.Run(vm.Migrate(s.Ctx(), nil, s.hosts[victim], types.VirtualMachineMovePriorityDefaultPriority, ""))
		}
	}
	return victim
}

func TestMachinesRestartInOrderOfPriorityAndDisabledOnesNot(t *testing.T) {
	s := newSite(t, 40, 3, func(c *types.ClusterConfigSpecEx) {
		c.Orchestration = &types.ClusterOrchestrationInfo{DefaultVmReadiness: &types.ClusterVmReadiness{ReadyCondition: "poweredOn"}}
	})
	low, high, never := s.ubuntu("low"), s.ubuntu("high"), s.ubuntu("never")
	s.override(low, "lowest")
	s.override(high, "highest")
	s.override(never, "disabled")
	s.Protected(low, high)
	victim := s.gather(low, high, never)
	s.lose(victim)
	s.Until("two machines restarted", func() bool { return len(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")) == 2 })
	var order []string
	for _, e := range s.Events("com.vmware.vc.ha.VmRestartedByHAEvent") {
		order = append(order, e.GetEvent().Vm.Name)
	}
	if !slices.Equal(order, []string{"high", "low"}) {
		t.Errorf("order %v", order)
	}
	s.Until("the failover is over", func() bool { return len(s.Events("com.vmware.vc.HA.ClusterFailoverActionCompletedEvent")) == 1 })
	if s.HostOf(never) != s.hosts[victim].Reference() || len(s.Events("com.vmware.vc.HA.VMIsHADisabledRestartEvent")) != 1 {
		t.Error("the machine with disabled restart was restarted, or nothing was said of it")
	}
}

func TestMachineWhoseRestartFailsStaysDownAndIsReported(t *testing.T) {
	s := newSite(t, 60, 3)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	s.Protected(vm)
	victim := s.gather(vm)
	fault := s.Fault(map[string]any{"kind": "restartFails", "vm": "u1"})
	s.lose(victim)
	s.Until("the failed restart is reported", func() bool { return len(s.Events("VmFailoverFailed")) > 0 })
	if labtest.Answers(address) || s.HostOf(vm) != s.hosts[victim].Reference() {
		t.Error("the machine runs")
	}
	s.EndFault(fault)
	s.Until("a later attempt restarts it", func() bool { return s.HostOf(vm) != s.hosts[victim].Reference() })
	s.Up(vm)
}

func TestUnprotectedMachineIsNotRestarted(t *testing.T) {
	s := newSite(t, 60, 3)
	vm := s.ubuntu("u1")
	s.Protected(vm)
	victim := s.gather(vm)
	s.Fault(map[string]any{"kind": "unprotected", "vm": "u1"})
	s.Until("the machine is unprotected", func() bool { return !s.VM(vm).Runtime.DasVmProtection.DasProtected })
	s.lose(victim)
	s.Until("that is reported", func() bool { return len(s.Events("com.vmware.vc.HA.VmNotProtectedEvent")) == 1 })
}

func TestRoleCanBeFaked(t *testing.T) {
	s := newSite(t, 200, 2)
	s.Settled(s.hosts)
	fault := s.Fault(map[string]any{"kind": "fdmState", "host": "esx-01.lab.test", "state": "networkIsolated"})
	if got := s.Role(s.hosts[0]); got != "networkIsolated" {
		t.Errorf("role %q", got)
	}
	s.EndFault(fault)
	s.Settled(s.hosts)
}

func TestMachineWithoutRoomWaitsForIt(t *testing.T) {
	s := newSite(t, 60, 3, func(c *types.ClusterConfigSpecEx) { c.DasConfig.AdmissionControlEnabled = types.NewBool(false) })
	big := func(name string, host int) *object.VirtualMachine {
		vm := s.ubuntu(name)
		s.Run(vm.Reconfigure(s.Ctx(), types.VirtualMachineConfigSpec{MemoryAllocation: &types.ResourceAllocationInfo{Reservation: types.NewInt64(24000)}}))
		if s.HostOf(vm) != s.hosts[host].Reference() {
			s.Run(vm.Migrate(s.Ctx(), nil, s.hosts[host], types.VirtualMachineMovePriorityDefaultPriority, ""))
		}
		return vm
	}
	victim := s.other(s.Settled(s.hosts))
	vms := []*object.VirtualMachine{big("a", 0), big("b", 1), big("c", 2)}
	s.Protected(vms...)
	s.lose(victim)
	s.Until("the lack of room is reported", func() bool { return len(s.Events("NotEnoughResourcesToStartVmEvent")) == 1 })
	blocker := vms[(victim+1)%3]
	s.Run(blocker.PowerOff(s.Ctx()))
	s.Until("it restarts in the room", func() bool { return s.HostOf(vms[victim]) != s.hosts[victim].Reference() })
}

func TestVMotionKeepsTheGuestsConnection(t *testing.T) {
	s := newSite(t, 20, 2)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	c := labtest.Connect(t, address)
	target := s.hosts[0]
	if s.HostOf(vm) == target.Reference() {
		target = s.hosts[1]
	}
	s.Run(vm.Migrate(s.Ctx(), nil, target, types.VirtualMachineMovePriorityDefaultPriority, ""))
	if s.HostOf(vm) != target.Reference() {
		t.Error("it did not move")
	}
	if !c.Alive() {
		t.Error("the connection broke")
	}
	s.Reset(labtest.IndexOf(s.hosts, target.Reference()), "ForceOff")
	s.Until("the connection dies with the host", func() bool { return !c.Alive() })
}

func TestMaintenanceModeMovesMachinesAwayWithoutDowntime(t *testing.T) {
	s := newSite(t, 20, 3)
	vm := s.ubuntu("u1")
	s.Up(vm)
	old := s.HostOf(vm)
	host := s.hosts[labtest.IndexOf(s.hosts, old)]
	s.Run(host.EnterMaintenanceMode(s.Ctx(), 0, true, nil))
	if s.HostOf(vm) == old {
		t.Error("it is still there")
	}
	for _, e := range s.Truth() {
		if e.Name == "u1" && e.Event == "down" {
			t.Errorf("the guest went down: %+v", e)
		}
	}
	if got := s.Role(host); got != "" {
		t.Errorf("a host in maintenance mode has role %q", got)
	}
	s.Run(host.ExitMaintenanceMode(s.Ctx(), 0))
	s.Settled(s.hosts)
}

func TestMachinesStartOnTheLeastLoadedHost(t *testing.T) {
	s := newSite(t, 200, 3)
	count := map[types.ManagedObjectReference]int{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		count[s.HostOf(s.ubuntu(name))]++
	}
	for host, n := range count {
		if n != 2 {
			t.Errorf("%s runs %d of 6 machines", host, n)
		}
	}
}

func TestToolsHeartbeatAndUptimeFollowTheGuest(t *testing.T) {
	s := newSite(t, 200, 2)
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.Until("uptime is counted in lab seconds", func() bool { return s.VM(vm).Summary.QuickStats.UptimeSeconds > 40 })
	p := s.VM(vm)
	if p.Guest.ToolsRunningStatus != "guestToolsRunning" || p.GuestHeartbeatStatus != types.ManagedEntityStatusGreen || p.Guest.Net[0].IpAddress[0] != p.Guest.IpAddress {
		t.Errorf("guest %+v, heartbeat %s", p.Guest, p.GuestHeartbeatStatus)
	}
	if p.Summary.QuickStats.OverallCpuUsage == 0 || p.Runtime.MemoryOverhead == 0 {
		t.Errorf("statistics %+v", p.Summary.QuickStats)
	}
	s.Run(vm.PowerOff(s.Ctx()))
	s.Until("Tools stop with the machine", func() bool {
		p := s.VM(vm)
		return p.Guest.ToolsRunningStatus == "guestToolsNotRunning" && p.GuestHeartbeatStatus == types.ManagedEntityStatusGray && p.Guest.IpAddress == ""
	})
	h := s.Host(s.hosts[0])
	if h.Summary.QuickStats.OverallCpuUsage == 0 || h.Summary.QuickStats.Uptime == 0 {
		t.Errorf("host statistics %+v", h.Summary.QuickStats)
	}
}

func TestGuestServiceCanFailWhileTheGuestRuns(t *testing.T) {
	s := newSite(t, 200, 2)
	vm := s.ubuntu("u1")
	address := s.Up(vm)
	fault := s.Fault(map[string]any{"kind": "guestServiceDown", "vm": "u1"})
	if labtest.Answers(address) {
		t.Error("it answers")
	}
	s.EndFault(fault)
	if !labtest.Answers(address) {
		t.Error("it does not answer after the fault")
	}
}

func TestCloneWithPowerOnRuns(t *testing.T) {
	s := newSite(t, 200, 2)
	source, err := s.Finder.VirtualMachine(s.Ctx(), "ubuntu-13.10")
	s.Must(err)
	pool, err := s.cluster.ResourcePool(s.Ctx())
	s.Must(err)
	ref := pool.Reference()
	dc, err := s.Finder.Datacenter(s.Ctx(), s.Config.Datacenter)
	s.Must(err)
	folders, err := dc.Folders(s.Ctx())
	s.Must(err)
	clone := s.Run(source.Clone(s.Ctx(), folders.VmFolder, "u1", types.VirtualMachineCloneSpec{
		PowerOn: true, Location: types.VirtualMachineRelocateSpec{Pool: &ref, Datastore: &s.ds},
	})).(types.ManagedObjectReference)
	if !labtest.Answers(s.Up(object.NewVirtualMachine(s.Client.Client, clone))) {
		t.Error("the clone does not answer")
	}
}
