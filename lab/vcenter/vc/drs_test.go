package vc_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// automation sets DRS's automation level, and HA off, whose vCLS machines stay.
func automation(level types.DrsBehavior) func(*types.ClusterConfigSpecEx) {
	return func(s *types.ClusterConfigSpecEx) {
		s.DrsConfig.DefaultVmBehavior = level
		s.DasConfig.Enabled = types.NewBool(false)
	}
}

type drsLab struct {
	*labtest.Lab
	hosts   []*object.HostSystem
	ds      types.ManagedObjectReference
	cluster *object.ClusterComputeResource
}

func startDRS(t *testing.T, hosts int, level types.DrsBehavior) *drsLab {
	l := &drsLab{Lab: labtest.Start(t, 200)}
	l.hosts = l.Hosts(hosts)
	l.ds = l.NAS("nfs-a", 0, l.hosts...)
	l.cluster = l.Cluster("drs", l.hosts, automation(level))
	return l
}

func (l *drsLab) vm(name string) *object.VirtualMachine {
	return l.Clone("ubuntu-13.10", name, l.cluster, l.ds)
}

func (l *drsLab) change(spec *types.ClusterConfigSpecEx) {
	l.T.Helper()
	l.Run(l.cluster.Reconfigure(l.Ctx(), spec, true))
}

func (l *drsLab) override(vm *object.VirtualMachine, on *bool, level types.DrsBehavior) {
	l.T.Helper()
	l.change(&types.ClusterConfigSpecEx{DrsVmConfigSpec: []types.ClusterDrsVmConfigSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"}, Info: &types.ClusterDrsVmConfigInfo{Key: vm.Reference(), Enabled: on, Behavior: level},
	}}})
}

func (l *drsLab) rule(rule types.BaseClusterRuleInfo) {
	l.T.Helper()
	rule.GetClusterRuleInfo().Enabled = types.NewBool(true)
	l.change(&types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"}, Info: rule}}})
}

func (l *drsLab) apart(vms ...*object.VirtualMachine) {
	l.rule(&types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: types.ClusterRuleInfo{Name: "apart"}, Vm: refs(vms...)})
}

// bind makes a group of machines and one of hosts, and a rule that binds the first to the second.
func (l *drsLab) bind(mandatory bool, vm *object.VirtualMachine, host *object.HostSystem) {
	l.T.Helper()
	add := types.ArrayUpdateSpec{Operation: "add"}
	l.change(&types.ClusterConfigSpecEx{GroupSpec: []types.ClusterGroupSpec{
		{ArrayUpdateSpec: add, Info: &types.ClusterVmGroup{ClusterGroupInfo: types.ClusterGroupInfo{Name: "vms"}, Vm: []types.ManagedObjectReference{vm.Reference()}}},
		{ArrayUpdateSpec: add, Info: &types.ClusterHostGroup{ClusterGroupInfo: types.ClusterGroupInfo{Name: "hosts"}, Host: []types.ManagedObjectReference{host.Reference()}}},
	}})
	l.rule(&types.ClusterVmHostRuleInfo{ClusterRuleInfo: types.ClusterRuleInfo{Name: "bound", Mandatory: types.NewBool(mandatory)}, VmGroupName: "vms", AffineHostGroupName: "hosts"})
}

func (l *drsLab) state() mo.ClusterComputeResource {
	l.T.Helper()
	var c mo.ClusterComputeResource
	l.Must(property.DefaultCollector(l.Client.Client).RetrieveOne(l.Ctx(), l.cluster.Reference(), []string{"recommendation", "drsFault", "configurationEx"}, &c))
	return c
}

func (l *drsLab) refresh() {
	l.T.Helper()
	_, err := methods.RefreshRecommendation(l.Ctx(), l.Client, &types.RefreshRecommendation{This: l.cluster.Reference()})
	l.Must(err)
}

// recommended waits for a number of recommendations.
func (l *drsLab) recommended(n int) []types.ClusterRecommendation {
	l.T.Helper()
	var list []types.ClusterRecommendation
	l.Until("DRS has made its recommendations", func() bool { list = l.state().Recommendation; return len(list) == n })
	return list
}

func (l *drsLab) apply(key string) error {
	_, err := methods.ApplyRecommendation(l.Ctx(), l.Client, &types.ApplyRecommendation{This: l.cluster.Reference(), Key: key})
	return err
}

// together puts two running machines on the first host.
func (l *drsLab) together() (a, b *object.VirtualMachine) {
	a, b = l.vm("a"), l.vm("b")
	to := l.hosts[0].Reference()
	for _, vm := range []*object.VirtualMachine{a, b} {
		l.Run(vm.Migrate(l.Ctx(), nil, object.NewHostSystem(l.Client.Client, to), types.VirtualMachineMovePriorityDefaultPriority, ""))
	}
	return a, b
}

func TestRulesAreEnforcedAfterPowerOnByMigrationWhereDRSIsFullyAutomated(t *testing.T) {
	l := startDRS(t, 3, types.DrsBehaviorFullyAutomated)
	a, b := l.together()
	c, err := net.Dial("tcp", l.Up(a))
	l.Must(err)
	defer func() { _ = c.Close() }()
	l.apart(a, b)
	l.Until("they are apart", func() bool { return l.HostOf(a) != l.HostOf(b) }) // DRS looks every minute
	l.Until("the rule is known to be kept", func() bool {
		r := l.state().ConfigurationEx.(*types.ClusterConfigInfoEx).Rule[0].GetClusterRuleInfo()
		return r.InCompliance != nil && *r.InCompliance
	})
	for _, kind := range []string{"DrsVmMigratedEvent", "DrsRuleViolationEvent", "DrsRuleComplianceEvent"} {
		l.Until(kind+" is posted", func() bool { return len(l.Events(kind)) > 0 })
	}
	if len(l.state().Recommendation) > 0 {
		t.Errorf("recommendations %+v", l.state().Recommendation)
	}
	_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for err == nil {
		_, err = c.Read(make([]byte, 64))
	}
	if !isTimeout(err) {
		t.Errorf("a connection to the guest: %v", err)
	}
}

func TestAffinityAndVMHostRulesMoveMachines(t *testing.T) {
	l := startDRS(t, 3, types.DrsBehaviorFullyAutomated)
	a, b, c := l.vm("a"), l.vm("b"), l.vm("c")
	l.rule(&types.ClusterAffinityRuleSpec{ClusterRuleInfo: types.ClusterRuleInfo{Name: "together"}, Vm: refs(a, b)})
	target := l.hosts[0]
	if l.HostOf(c) == target.Reference() {
		target = l.hosts[1]
	}
	l.bind(true, c, target)
	l.refresh()
	l.Until("affinity holds", func() bool { return l.HostOf(a) == l.HostOf(b) })
	l.Until("the bound machine is on its host", func() bool { return l.HostOf(c) == target.Reference() })
	for _, h := range l.hosts {
		if h.Reference() == target.Reference() {
			continue
		}
		task, err := c.Migrate(l.Ctx(), nil, h, types.VirtualMachineMovePriorityDefaultPriority, "")
		l.Must(err)
		if _, ok := taskFault(l.Lab, task).(*types.RuleViolation); !ok {
			t.Errorf("a migration against a mandatory rule: %#v", taskFault(l.Lab, task))
		}
	}
}

func taskFault(l *labtest.Lab, task *object.Task) types.BaseMethodFault {
	l.T.Helper()
	_, _ = task.WaitForResult(l.Ctx())
	var p mo.Task
	l.Must(property.DefaultCollector(l.Client.Client).RetrieveOne(l.Ctx(), task.Reference(), []string{"info"}, &p))
	if p.Info.Error == nil {
		return nil
	}
	return p.Info.Error.Fault
}

func TestInManualModeMigrationsAreRecommendedAndAppliedOnRequest(t *testing.T) {
	for _, level := range []types.DrsBehavior{types.DrsBehaviorManual, types.DrsBehaviorPartiallyAutomated} {
		t.Run(string(level), func(t *testing.T) {
			l := startDRS(t, 2, level)
			a, b := l.together()
			l.apart(a, b)
			l.refresh()
			first := l.recommended(1)[0]
			move, ok := first.Action[0].(*types.ClusterMigrationAction)
			if !ok || first.Reason != "antiAffin" || move.DrsMigration.Source != l.hosts[0].Reference() || move.DrsMigration.Destination != l.hosts[1].Reference() {
				t.Fatalf("%+v", first)
			}
			l.refresh()
			if again := l.recommended(1)[0]; again.Key != first.Key {
				t.Errorf("key %s became %s", first.Key, again.Key)
			}
			if l.HostOf(a) != l.HostOf(b) {
				t.Error("it moved unasked")
			}
			if _, err := methods.CancelRecommendation(l.Ctx(), l.Client, &types.CancelRecommendation{This: l.cluster.Reference(), Key: first.Key}); err == nil {
				t.Error("a migration was cancelled")
			}
			if l.apply("77") == nil {
				t.Error("a recommendation that does not exist was applied")
			}
			l.Must(l.apply(first.Key))
			l.Until("they are apart", func() bool { return l.HostOf(a) != l.HostOf(b) })
			l.recommended(0)
		})
	}
}

func TestOverridesOfAMachineDecideWhatDRSDoesWithIt(t *testing.T) {
	l := startDRS(t, 2, types.DrsBehaviorFullyAutomated)
	a, b := l.together()
	l.override(a, nil, types.DrsBehaviorManual)
	l.override(b, types.NewBool(false), "")
	l.apart(a, b)
	l.refresh()
	r := l.recommended(1)[0]
	if vm := r.Action[0].GetClusterAction().Target; *vm != a.Reference() {
		t.Errorf("it would move %v", vm)
	}
	off := false
	l.change(&types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{EnableVmBehaviorOverrides: &off}})
	l.refresh()
	l.Until("they are apart once overrides do not count", func() bool { return l.HostOf(a) != l.HostOf(b) })
	l.recommended(0)
}

func TestInitialPlacementFollowsTheAutomationLevel(t *testing.T) {
	l := startDRS(t, 2, types.DrsBehaviorManual)
	a := l.vm("a") // by PowerOnVM_Task, which starts it where it is registered
	b := l.vm("b")
	l.Run(b.PowerOff(l.Ctx()))
	power := func(options ...types.BaseOptionValue) types.ClusterPowerOnVmResult {
		dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
		l.Must(err)
		return l.Run(dc.PowerOnVM(l.Ctx(), []types.ManagedObjectReference{b.Reference()}, options...)).(types.ClusterPowerOnVmResult)
	}
	res := power()
	if len(res.Recommendations) != 1 || len(res.Attempted) != 0 {
		t.Fatalf("manual: %+v", res)
	}
	r := l.recommended(1)[0]
	place, ok := r.Action[0].(*types.ClusterInitialPlacementAction)
	if !ok || place.TargetHost == l.HostOf(a) || r.Reason != "powerOnVm" {
		t.Errorf("%+v, %+v", r, place)
	}
	_, err := methods.CancelRecommendation(l.Ctx(), l.Client, &types.CancelRecommendation{This: l.cluster.Reference(), Key: r.Key})
	l.Must(err)
	l.recommended(0)
	l.Must(l.apply(power().Recommendations[0].Key))
	l.Until("it runs where it was recommended", func() bool {
		p := l.VM(b)
		return p.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && *p.Runtime.Host == place.TargetHost
	})
	l.Run(b.PowerOff(l.Ctx()))
	res = power(&types.OptionValue{Key: string(types.ClusterPowerOnVmOptionOverrideAutomationLevel), Value: string(types.DrsBehaviorFullyAutomated)})
	if len(res.Attempted) != 1 || len(res.Recommendations) != 0 {
		t.Errorf("with the override: %+v", res)
	}
}

func TestNoHostCompatibleSaysWhyOfEachHost(t *testing.T) {
	l := startDRS(t, 2, types.DrsBehaviorFullyAutomated)
	a := l.vm("a")
	l.Run(a.PowerOff(l.Ctx()))
	huge := int64(40_000)
	l.Run(a.Reconfigure(l.Ctx(), types.VirtualMachineConfigSpec{MemoryMB: 65536, MemoryAllocation: &types.ResourceAllocationInfo{Reservation: &huge}}))
	task, err := a.PowerOn(l.Ctx())
	l.Must(err)
	f, ok := taskFault(l.Lab, task).(*types.NoCompatibleHost)
	if !ok || len(f.Host) != 2 || len(f.Error) != 2 {
		t.Fatalf("%#v", taskFault(l.Lab, task))
	}
	if x, ok := f.Error[0].Fault.(*types.InsufficientMemoryResourcesFault); !ok || x.Requested < 40_000<<20 || x.Unreserved <= 0 {
		t.Errorf("%#v", f.Error[0])
	}
}

func TestPlacementIsRecommendedToClientsThatAsk(t *testing.T) {
	l := startDRS(t, 3, types.DrsBehaviorFullyAutomated)
	a, b := l.vm("a"), l.vm("b")
	res, err := methods.RecommendHostsForVm(l.Ctx(), l.Client, &types.RecommendHostsForVm{This: l.cluster.Reference(), Vm: a.Reference()})
	l.Must(err)
	if len(res.Returnval) != 3 || res.Returnval[0].Rating != 5 || res.Returnval[2].Host != l.HostOf(b) {
		t.Errorf("%+v", res.Returnval)
	}
	free := slices.IndexFunc(l.hosts, func(h *object.HostSystem) bool { return h.Reference() != l.HostOf(a) && h.Reference() != l.HostOf(b) })
	place, err := methods.PlaceVm(l.Ctx(), l.Client, &types.PlaceVm{This: l.cluster.Reference(), PlacementSpec: types.PlacementSpec{
		PlacementType: "create", ConfigSpec: &types.VirtualMachineConfigSpec{MemoryMB: 1024},
	}})
	l.Must(err)
	action := place.Returnval.Recommendations[0].Action[0].(*types.PlacementAction)
	if *action.TargetHost != l.hosts[free].Reference() || *action.RelocateSpec.Datastore != l.ds {
		t.Errorf("%+v", action)
	}
}

func TestMaintenanceModeEvacuatesWithoutDowntime(t *testing.T) {
	l := startDRS(t, 2, types.DrsBehaviorFullyAutomated)
	a, b := l.together()
	off := l.vm("off")
	l.Run(off.PowerOff(l.Ctx()))
	l.Run(off.Migrate(l.Ctx(), nil, l.hosts[0], types.VirtualMachineMovePriorityDefaultPriority, ""))
	c, err := net.Dial("tcp", l.Up(a))
	l.Must(err)
	defer func() { _ = c.Close() }()
	l.Up(b)
	before := len(l.Truth())
	l.Run(l.hosts[0].EnterMaintenanceMode(l.Ctx(), 0, true, nil))
	for name, vm := range map[string]*object.VirtualMachine{"a": a, "b": b, "off": off} {
		if l.HostOf(vm) != l.hosts[1].Reference() {
			t.Errorf("%s stayed", name)
		}
	}
	for _, e := range l.Truth()[before:] {
		if e.Event == "down" && len(e.Name) == 1 { // not an agent machine, which ends with its host's service
			t.Errorf("a guest went down: %+v", e)
		}
	}
	if got := len(l.Events("DrsVmMigratedEvent")); got != 2 {
		t.Errorf("%d migrations", got)
	}
	_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for err == nil {
		_, err = c.Read(make([]byte, 64))
	}
	if !isTimeout(err) {
		t.Errorf("the connection: %v", err)
	}
}

func TestMaintenanceModeWaitsForWhatDRSMayNotOrCannotMove(t *testing.T) {
	for name, c := range map[string]struct {
		level  types.DrsBehavior
		bound  bool
		faults bool
	}{"manual": {types.DrsBehaviorManual, false, false}, "mandatory rule": {types.DrsBehaviorFullyAutomated, true, true}} {
		t.Run(name, func(t *testing.T) {
			l := startDRS(t, 2, c.level)
			a := l.vm("a")
			l.Run(a.Migrate(l.Ctx(), nil, l.hosts[0], types.VirtualMachineMovePriorityDefaultPriority, ""))
			if c.bound {
				l.bind(true, a, l.hosts[0])
			}
			timed, err := l.hosts[0].EnterMaintenanceMode(l.Ctx(), 60, false, nil)
			l.Must(err)
			if _, ok := taskFault(l.Lab, timed).(*types.Timedout); !ok {
				t.Errorf("after its time: %#v", taskFault(l.Lab, timed))
			}
			if l.Host(l.hosts[0]).Runtime.InMaintenanceMode || l.HostOf(a) != l.hosts[0].Reference() {
				t.Error("it is in maintenance mode, or the machine moved")
			}
			cancelled, err := l.hosts[0].EnterMaintenanceMode(l.Ctx(), 0, false, nil)
			l.Must(err)
			l.Must(cancelled.Cancel(l.Ctx()))
			if _, ok := taskFault(l.Lab, cancelled).(*types.RequestCanceled); !ok {
				t.Errorf("cancelled: %#v", taskFault(l.Lab, cancelled))
			}
			task, err := l.hosts[0].EnterMaintenanceMode(l.Ctx(), 0, false, nil)
			l.Must(err)
			if c.faults {
				l.Until("DRS says why", func() bool {
					f := l.state().DrsFault
					if len(f) != 1 || f[0].Reason != "hostMaint" {
						return false
					}
					why := f[0].FaultsByVm[0].GetClusterDrsFaultsFaultsByVm()
					no, ok := why.Fault[0].Fault.(*types.NoCompatibleHost)
					if !ok || *why.Vm != a.Reference() || len(no.Error) != 1 {
						t.Fatalf("%+v", why)
					}
					_, ok = no.Error[0].Fault.(*types.RuleViolation)
					return ok
				})
				l.Run(a.PowerOff(l.Ctx()))
			} else {
				r := l.recommended(1)[0]
				if r.Reason != "hostMaint" {
					t.Errorf("%+v", r)
				}
				l.Must(l.apply(r.Key))
			}
			l.Run(task, nil)
			if !l.Host(l.hosts[0]).Runtime.InMaintenanceMode {
				t.Error("it is not in maintenance mode")
			}
		})
	}
}

func TestHostStaysOnItsWayIntoMaintenanceModeWhenAnEarlierTaskEnds(t *testing.T) {
	l := startDRS(t, 2, types.DrsBehaviorManual)
	a := l.vm("a")
	l.Run(a.Migrate(l.Ctx(), nil, l.hosts[0], types.VirtualMachineMovePriorityDefaultPriority, ""))
	earlier, err := l.hosts[0].EnterMaintenanceMode(l.Ctx(), 120, false, nil)
	l.Must(err)
	task, err := l.hosts[0].EnterMaintenanceMode(l.Ctx(), 0, false, nil)
	l.Must(err)
	if _, ok := taskFault(l.Lab, earlier).(*types.Timedout); !ok {
		t.Fatalf("after its time: %#v", taskFault(l.Lab, earlier))
	}
	key := l.recommended(1)[0].Key
	for range 3 {
		l.refresh()
	}
	if again := l.recommended(1)[0]; again.Key != key || again.Reason != "hostMaint" {
		t.Errorf("%s, then %+v", key, again)
	}
	l.Must(l.apply(key))
	l.Run(task, nil)
}

func TestProactiveHAAndDPMSettingsAreStoredAndReturned(t *testing.T) {
	l := startDRS(t, 1, types.DrsBehaviorManual)
	yes := types.NewBool(true)
	l.change(&types.ClusterConfigSpecEx{
		DpmConfig:           &types.ClusterDpmConfigInfo{Enabled: yes, DefaultDpmBehavior: types.DpmBehaviorManual, HostPowerActionRate: 2},
		InfraUpdateHaConfig: &types.ClusterInfraUpdateHaConfigInfo{Enabled: yes, Behavior: "Automated", ModerateRemediation: "QuarantineMode", SevereRemediation: "MaintenanceMode", Providers: []string{"p"}},
		ProactiveDrsConfig:  &types.ClusterProactiveDrsConfigInfo{Enabled: yes},
		DpmHostConfigSpec:   []types.ClusterDpmHostConfigSpec{{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"}, Info: &types.ClusterDpmHostConfigInfo{Key: l.hosts[0].Reference(), Enabled: types.NewBool(false)}}},
	})
	c := l.Settings(l.cluster)
	if !*c.DpmConfigInfo.Enabled || c.DpmConfigInfo.DefaultDpmBehavior != "manual" || c.DpmConfigInfo.HostPowerActionRate != 2 || len(c.DpmHostConfig) != 1 ||
		!*c.InfraUpdateHaConfig.Enabled || c.InfraUpdateHaConfig.Behavior != "Automated" || c.InfraUpdateHaConfig.SevereRemediation != "MaintenanceMode" ||
		!slices.Equal(c.InfraUpdateHaConfig.Providers, []string{"p"}) || !*c.ProactiveDrsConfig.Enabled {
		t.Errorf("%+v %+v %+v", c.DpmConfigInfo, c.InfraUpdateHaConfig, c.ProactiveDrsConfig)
	}
}
