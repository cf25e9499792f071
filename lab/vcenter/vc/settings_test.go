package vc_test

import (
	"reflect"
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func TestNewClusterHasAllSettings(t *testing.T) {
	l := labtest.Start(t, 200)
	c := l.Cluster("ha", l.Hosts(1), func(s *types.ClusterConfigSpecEx) { *s = types.ClusterConfigSpecEx{} })
	cfg := l.Settings(c)
	das := cfg.DasConfig
	for name, ok := range map[string]bool{
		"das.enabled":             das.Enabled != nil && !*das.Enabled,
		"das.hostMonitoring":      das.HostMonitoring == "enabled",
		"das.admissionControl":    das.AdmissionControlEnabled != nil && das.AdmissionControlPolicy != nil,
		"das.restartPriority":     das.DefaultVmSettings.RestartPriority == "medium" && das.DefaultVmSettings.RestartPriorityTimeout == 600,
		"das.vmMonitoring":        das.DefaultVmSettings.VmToolsMonitoringSettings.FailureInterval == 30,
		"das.componentProtection": das.DefaultVmSettings.VmComponentProtectionSettings.VmTerminateDelayForAPDSec == 180,
		"drs":                     cfg.DrsConfig.Enabled != nil && cfg.DrsConfig.VmotionRate == 3,
		"dpm":                     cfg.DpmConfigInfo != nil && cfg.DpmConfigInfo.Enabled != nil,
		"proactiveDrs":            cfg.ProactiveDrsConfig != nil && cfg.ProactiveDrsConfig.Enabled != nil,
		"infraUpdateHa":           cfg.InfraUpdateHaConfig != nil && cfg.InfraUpdateHaConfig.Behavior == "Manual",
		"orchestration":           cfg.Orchestration.DefaultVmReadiness.ReadyCondition == "none",
		"vsan":                    cfg.VsanConfigInfo != nil && cfg.VsanConfigInfo.Enabled != nil,
	} {
		if !ok {
			t.Errorf("%s is not set as a new cluster has it", name)
		}
	}
}

func TestWhatASpecificationLeavesUnsetStays(t *testing.T) {
	l := labtest.Start(t, 200)
	c := l.Cluster("ha", l.Hosts(2))
	apply := func(spec types.ClusterConfigSpecEx) { l.Run(c.Reconfigure(l.Ctx(), &spec, true)) }
	apply(types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{
		VmMonitoring:      "vmMonitoringOnly",
		DefaultVmSettings: &types.ClusterDasVmSettings{RestartPriority: "high", VmToolsMonitoringSettings: &types.ClusterVmToolsMonitoringSettings{FailureInterval: 50}},
		AdmissionControlPolicy: &types.ClusterFailoverResourcesAdmissionControlPolicy{
			CpuFailoverResourcesPercent: 40, MemoryFailoverResourcesPercent: 30, AutoComputePercentages: types.NewBool(false),
		},
	}})
	before := l.Settings(c)
	apply(types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{VmotionRate: 5}})
	after := l.Settings(c)
	if !reflect.DeepEqual(before.DasConfig, after.DasConfig) {
		t.Errorf("a change of DRS changed HA: %+v", after.DasConfig)
	}
	if !*after.DasConfig.Enabled || after.DasConfig.DefaultVmSettings.VmToolsMonitoringSettings.MaxFailures != 3 || after.DrsConfig.VmotionRate != 5 {
		t.Errorf("settings %+v", after)
	}
	p := after.DasConfig.AdmissionControlPolicy.(*types.ClusterFailoverResourcesAdmissionControlPolicy)
	if p.CpuFailoverResourcesPercent != 40 || *p.ResourceReductionToToleratePercent != 100 {
		t.Errorf("policy %+v", p)
	}
}

func TestOverridesRulesAndGroupsAreAddedEditedAndRemoved(t *testing.T) {
	s := newSite(t, 200, 2)
	a, b := s.ubuntu("a").Reference(), s.ubuntu("b").Reference()
	apply := func(spec types.ClusterConfigSpecEx) error {
		task, err := s.cluster.Reconfigure(s.Ctx(), &spec, true)
		s.Must(err)
		return task.Wait(s.Ctx())
	}
	das := func(op types.ArrayUpdateOperation, priority string) types.ClusterConfigSpecEx {
		item := types.ClusterDasVmConfigSpec{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: op}}
		if op == types.ArrayUpdateOperationRemove {
			item.RemoveKey = a
		} else {
			item.Info = &types.ClusterDasVmConfigInfo{Key: a, DasSettings: &types.ClusterDasVmSettings{RestartPriority: priority}}
		}
		return types.ClusterConfigSpecEx{DasVmConfigSpec: []types.ClusterDasVmConfigSpec{item}}
	}
	s.Must(apply(das("add", "high")))
	if apply(das("add", "low")) == nil {
		t.Error("the same override was added twice")
	}
	s.Must(apply(das("edit", "lowest")))
	if got := s.Settings(s.cluster).DasVmConfig; len(got) != 1 || got[0].DasSettings.RestartPriority != "lowest" {
		t.Errorf("overrides %+v", got)
	}
	s.Must(apply(das("remove", "")))
	rule := &types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: types.ClusterRuleInfo{Name: "apart", Enabled: types.NewBool(true)}, Vm: []types.ManagedObjectReference{a, b}}
	add := types.ClusterRuleSpec{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "add"}, Info: rule}
	s.Must(apply(types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{add}}))
	if apply(types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{add}}) == nil {
		t.Error("two rules of one name")
	}
	stored := s.Settings(s.cluster).Rule[0].GetClusterRuleInfo()
	if stored.Key == 0 || stored.RuleUuid == "" {
		t.Errorf("rule without key or identifier: %+v", stored)
	}
	s.Must(apply(types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "remove", RemoveKey: stored.Key}}}}))
	group := &types.ClusterVmGroup{ClusterGroupInfo: types.ClusterGroupInfo{Name: "g"}, Vm: []types.ManagedObjectReference{a}}
	for _, op := range []types.ArrayUpdateOperation{"add", "edit"} {
		s.Must(apply(types.ClusterConfigSpecEx{GroupSpec: []types.ClusterGroupSpec{{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: op}, Info: group}}}))
	}
	s.Must(apply(types.ClusterConfigSpecEx{GroupSpec: []types.ClusterGroupSpec{{ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: "remove", RemoveKey: "g"}}}}))
	if cfg := s.Settings(s.cluster); len(cfg.Rule)+len(cfg.Group)+len(cfg.DasVmConfig) != 0 {
		t.Errorf("something is left: %+v %+v %+v", cfg.Rule, cfg.Group, cfg.DasVmConfig)
	}
}

func TestHeartbeatDatastoresFollowThePolicy(t *testing.T) {
	s := newSite(t, 200, 2, func(c *types.ClusterConfigSpecEx) {})
	read := func() []types.DasHeartbeatDatastoreInfo {
		res, err := methods.RetrieveDasAdvancedRuntimeInfo(s.Ctx(), s.Client.Client, &types.RetrieveDasAdvancedRuntimeInfo{This: s.cluster.Reference()})
		s.Must(err)
		return res.Returnval.GetClusterDasAdvancedRuntimeInfo().HeartbeatDatastoreInfo
	}
	if got := read(); len(got) != 2 || len(got[0].Hosts) != 2 {
		t.Errorf("heartbeat datastores %+v", got)
	}
	s.Run(s.cluster.Reconfigure(s.Ctx(), &types.ClusterConfigSpecEx{DasConfig: &types.ClusterDasConfigInfo{
		HBDatastoreCandidatePolicy: "userSelectedDs", HeartbeatDatastore: []types.ManagedObjectReference{s.ds},
	}}, true))
	if got := read(); len(got) != 1 || got[0].Datastore != s.ds {
		t.Errorf("heartbeat datastores %+v", got)
	}
}
