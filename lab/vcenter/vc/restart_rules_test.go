package vc_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func refs(vms ...*object.VirtualMachine) []types.ManagedObjectReference {
	var list []types.ManagedObjectReference
	for _, vm := range vms {
		list = append(list, vm.Reference())
	}
	return list
}

func add() types.ArrayUpdateSpec {
	return types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd}
}

func (s *site) reconfigure(spec types.ClusterConfigSpecEx) {
	s.T.Helper()
	s.Run(s.cluster.Reconfigure(s.Ctx(), &spec, true))
}

func (s *site) vmGroup(name string, vms ...*object.VirtualMachine) {
	s.T.Helper()
	s.reconfigure(types.ClusterConfigSpecEx{GroupSpec: []types.ClusterGroupSpec{{ArrayUpdateSpec: add(), Info: &types.ClusterVmGroup{
		ClusterGroupInfo: types.ClusterGroupInfo{Name: name}, Vm: refs(vms...),
	}}}})
}

func (s *site) hostGroup(name string, hosts ...int) {
	s.T.Helper()
	var list []types.ManagedObjectReference
	for _, h := range hosts {
		list = append(list, s.hosts[h].Reference())
	}
	s.reconfigure(types.ClusterConfigSpecEx{GroupSpec: []types.ClusterGroupSpec{{ArrayUpdateSpec: add(), Info: &types.ClusterHostGroup{
		ClusterGroupInfo: types.ClusterGroupInfo{Name: name}, Host: list,
	}}}})
}

func (s *site) tryRule(rule types.BaseClusterRuleInfo) types.BaseMethodFault {
	s.T.Helper()
	info := rule.GetClusterRuleInfo()
	info.Enabled = types.NewBool(true)
	return s.fault(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{{ArrayUpdateSpec: add(), Info: rule}}}, true))
}

func (s *site) rule(rule types.BaseClusterRuleInfo) {
	s.T.Helper()
	s.allowed("rule "+rule.GetClusterRuleInfo().Name, s.tryRule(rule))
}

func named(name string) types.ClusterRuleInfo { return types.ClusterRuleInfo{Name: name} }

func depends(group, on string) *types.ClusterDependencyRuleInfo {
	return &types.ClusterDependencyRuleInfo{ClusterRuleInfo: named(group + " after " + on), VmGroup: group, DependsOnVmGroup: on}
}

func (s *site) option(key, value string) {
	s.T.Helper()
	s.reconfigureHA(&types.ClusterDasConfigInfo{
		HBDatastoreCandidatePolicy: "allFeasibleDsWithUserPreference", Option: []types.BaseOptionValue{&types.OptionValue{Key: key, Value: value}},
	})
}

func (s *site) restarted() []string {
	s.T.Helper()
	var names []string
	for _, e := range s.Events("com.vmware.vc.ha.VmRestartedByHAEvent") {
		names = append(names, e.GetEvent().Vm.Name)
	}
	return names
}

// on moves machines to hosts.
func (s *site) on(host int, vms ...*object.VirtualMachine) {
	s.T.Helper()
	for _, vm := range vms {
		if s.HostOf(vm) != s.hosts[host].Reference() {
			s.Run(vm.Migrate(s.Ctx(), nil, s.hosts[host], types.VirtualMachineMovePriorityDefaultPriority, ""))
		}
	}
}

func TestMachineRestartsOnlyWhenThoseItDependsOnAreReady(t *testing.T) {
	s := newSite(t, 40, 3, withoutDRS)
	app, db := s.ubuntu("app"), s.ubuntu("db")
	s.vmGroup("app", app)
	s.vmGroup("db", db)
	s.rule(depends("app", "db"))
	s.reconfigure(types.ClusterConfigSpecEx{VmOrchestrationSpec: []types.ClusterVmOrchestrationSpec{{ArrayUpdateSpec: add(), Info: &types.ClusterVmOrchestrationInfo{
		Vm: db.Reference(), VmReadiness: types.ClusterVmReadiness{ReadyCondition: "guestHbStatusGreen", PostReadyDelay: 20},
	}}}})
	s.Up(app)
	s.Up(db)
	s.Protected(app, db)
	victim := s.gather(app, db)
	s.lose(victim)
	s.Until("both are restarted", func() bool { return len(s.restarted()) == 2 })
	if got := s.restarted(); !slices.Equal(got, []string{"db", "app"}) {
		t.Fatalf("order %v", got)
	}
	var booted float64
	for _, e := range s.Truth() {
		if e.Name == "db" && e.Event == "up" {
			booted = e.T
		}
	}
	started := float64(labtest.Happened(s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")[1]).UnixMicro()) / 1000
	if got := (started - booted) / 1000 * s.Config.TimeScale; got < 20 {
		t.Errorf("app was restarted %.1f lab seconds after db's guest had booted, which must be ready for 20", got)
	}
}

func TestCircularDependenciesAndThoseOnLowerPrioritiesAreRefused(t *testing.T) {
	s := newSite(t, 200, 2)
	a, b, c := s.ubuntu("a"), s.ubuntu("b"), s.ubuntu("c")
	s.vmGroup("a", a)
	s.vmGroup("b", b)
	s.vmGroup("c", c)
	s.rule(depends("b", "a"))
	s.rule(depends("c", "b"))
	s.refused("a circle", s.tryRule(depends("a", "c")), &types.InvalidArgument{})
	s.override(a, "high")
	low := &types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{{
		ArrayUpdateSpec: add(), Info: &types.ClusterDasVmConfigInfo{Key: b.Reference(), DasSettings: &types.ClusterDasVmSettings{RestartPriority: "low"}},
	}}}
	s.refused("a lower priority", s.fault(s.cluster.Reconfigure(s.Ctx(), low, true)), &types.InvalidArgument{})
	if n := len(s.Settings(s.cluster).Rule); n != 2 {
		t.Errorf("%d rules", n)
	}
}

func TestMachinesThatMustBeApartAreNotRestartedTogether(t *testing.T) {
	s := newSite(t, 60, 2, withoutAdmission, withoutDRS)
	a, b := s.ubuntu("a"), s.ubuntu("b")
	s.on(0, a)
	s.on(1, b)
	s.rule(&types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: named("apart"), Vm: refs(a, b)})
	s.Settled(s.hosts)
	s.Protected(a, b)
	s.lose(0)
	s.Until("that is reported", func() bool {
		return len(s.Events("NotEnoughResourcesToStartVmEvent")) == 1 && len(s.Events("VmFailoverFailed")) == 1
	})
	if p := s.VM(a); *p.Runtime.Host != s.hosts[0].Reference() || !*p.Runtime.VmFailoverInProgress || p.Runtime.ConnectionState != "disconnected" {
		t.Errorf("the machine that waits is shown as %+v", p.Runtime)
	}
	s.Run(b.PowerOff(s.Ctx()))
	s.Until("it restarts when the other is gone", func() bool { return s.HostOf(a) == s.hosts[1].Reference() })
}

func TestMachinesAreRestartedTogetherWhereHANeedNotKeepThemApart(t *testing.T) {
	s := newSite(t, 60, 2, withoutAdmission, withoutDRS)
	s.option("das.respectVmVmAntiAffinityRules", "false")
	a, b := s.ubuntu("a"), s.ubuntu("b")
	s.on(0, a)
	s.on(1, b)
	s.rule(&types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: named("apart"), Vm: refs(a, b)})
	s.Settled(s.hosts)
	s.Protected(a, b)
	s.lose(0)
	s.Until("it restarts beside the other", func() bool { return s.HostOf(a) == s.hosts[1].Reference() })
	if n := len(s.Events("NotEnoughResourcesToStartVmEvent")); n > 0 {
		t.Errorf("%d reports of a lack of resources", n)
	}
}

func TestMachineThatMustRunOnAGroupWaitsForItsHosts(t *testing.T) {
	s := newSite(t, 60, 3, withoutDRS)
	vm := s.ubuntu("a")
	s.Protected(vm)
	victim := s.gather(vm)
	s.vmGroup("vms", vm)
	s.hostGroup("hosts", victim)
	s.rule(&types.ClusterVmHostRuleInfo{
		ClusterRuleInfo: types.ClusterRuleInfo{Name: "must", Mandatory: types.NewBool(true)}, VmGroupName: "vms", AffineHostGroupName: "hosts",
	})
	s.lose(victim)
	s.Until("that is reported", func() bool { return len(s.Events("NotEnoughResourcesToStartVmEvent")) == 1 })
	s.Reset(victim, "On")
	s.Until("it restarts on the host that is back", func() bool { return len(s.restarted()) == 1 })
	if p := s.VM(vm); *p.Runtime.Host != s.hosts[victim].Reference() || p.Runtime.PowerState != "poweredOn" {
		t.Errorf("%+v", p.Runtime)
	}
}

func TestMachineThatShouldRunOnAGroupPrefersItsHosts(t *testing.T) {
	s := newSite(t, 60, 4, withoutDRS)
	vm, busy := s.ubuntu("a"), s.ubuntu("b")
	victim := s.gather(vm)
	group := (victim + 1) % 4
	s.Run(busy.Reconfigure(s.Ctx(), reserve(0, 8000))) // the group's host has less room than the others
	s.on(group, busy)
	s.vmGroup("vms", vm)
	s.hostGroup("hosts", victim, group)
	s.rule(&types.ClusterVmHostRuleInfo{ClusterRuleInfo: named("should"), VmGroupName: "vms", AffineHostGroupName: "hosts"})
	s.Protected(vm)
	s.lose(victim)
	s.Until("it restarts", func() bool { return len(s.restarted()) == 1 })
	if s.HostOf(vm) != s.hosts[group].Reference() {
		t.Errorf("it runs on %s", s.HostOf(vm).Value)
	}
	s.Protected(vm)
	s.lose(group)
	s.Until("it restarts outside the group", func() bool { return s.HostOf(vm) != s.hosts[group].Reference() })
}

func TestWithoutSoftRulesTheRoomiestHostIsTaken(t *testing.T) {
	s := newSite(t, 60, 3, withoutDRS)
	s.option("das.respectvmhostsoftaffinityrules", "false")
	vm, busy := s.ubuntu("a"), s.ubuntu("b")
	victim := s.gather(vm)
	group := (victim + 1) % 3
	s.Run(busy.Reconfigure(s.Ctx(), reserve(0, 8000)))
	s.on(group, busy)
	s.vmGroup("vms", vm)
	s.hostGroup("hosts", group)
	s.rule(&types.ClusterVmHostRuleInfo{ClusterRuleInfo: named("should"), VmGroupName: "vms", AffineHostGroupName: "hosts"})
	s.Protected(vm)
	s.lose(victim)
	s.Until("it restarts", func() bool { return len(s.restarted()) == 1 })
	if s.HostOf(vm) == s.hosts[group].Reference() {
		t.Error("the rule was kept")
	}
}

func TestLowerPriorityWaitsForTheGuestsHeartbeatOrTheTimeout(t *testing.T) {
	for condition, wait := range map[string]float64{
		"guestHbStatusGreen": 30,  // Ubuntu boots in 45 s, more or less
		"appHbStatusGreen":   150, // its application says nothing
	} {
		t.Run(condition, func(t *testing.T) {
			s := newSite(t, 40, 3, withoutDRS, func(c *types.ClusterConfigSpecEx) {
				c.Orchestration = &types.ClusterOrchestrationInfo{DefaultVmReadiness: &types.ClusterVmReadiness{ReadyCondition: condition}}
				c.DasConfig.DefaultVmSettings = &types.ClusterDasVmSettings{RestartPriorityTimeout: 150}
			})
			first, second := s.ubuntu("z"), s.ubuntu("a")
			s.override(first, "high")
			s.Protected(first, second)
			s.lose(s.gather(first, second))
			s.Until("both are restarted", func() bool { return len(s.restarted()) == 2 })
			if got := s.restarted(); !slices.Equal(got, []string{"z", "a"}) {
				t.Fatalf("order %v", got)
			}
			e := s.Events("com.vmware.vc.ha.VmRestartedByHAEvent")
			got := s.labSeconds(labtest.Happened(e[0]), labtest.Happened(e[1]))
			if got < wait-10 || condition == "guestHbStatusGreen" && got > 120 {
				t.Errorf("the second was restarted %.1f lab seconds after the first", got)
			}
		})
	}
}
