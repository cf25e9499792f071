package vc

import (
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/types"
)

// applySettings lays a specification over a cluster's settings: what it leaves unset stays as it is. An empty list looks
// like an unset one on the wire; it counts as empty where the part that holds it comes with the choice that every whole
// part has (heartbeat datastore policy, automation level), because clients that send whole parts cannot clear it otherwise.
func applySettings(cfg *types.ClusterConfigInfoEx, spec *types.ClusterConfigSpecEx) types.BaseMethodFault {
	if p := spec.VmSwapPlacement; p != "" {
		cfg.VmSwapPlacement = p
	}
	if spec.SpbmEnabled != nil {
		cfg.SpbmEnabled = spec.SpbmEnabled
	}
	if spec.DasConfig != nil {
		applyDas(&cfg.DasConfig, spec.DasConfig)
	}
	if spec.DrsConfig != nil {
		merge(&cfg.DrsConfig, spec.DrsConfig)
		if spec.DrsConfig.DefaultVmBehavior != "" {
			cfg.DrsConfig.Option = slices.Clone(spec.DrsConfig.Option)
		}
	}
	if spec.DpmConfig != nil {
		merge(cfg.DpmConfigInfo, spec.DpmConfig)
		if spec.DpmConfig.DefaultDpmBehavior != "" {
			cfg.DpmConfigInfo.Option = slices.Clone(spec.DpmConfig.Option)
		}
	}
	if spec.ProactiveDrsConfig != nil {
		merge(cfg.ProactiveDrsConfig, spec.ProactiveDrsConfig)
	}
	if spec.InfraUpdateHaConfig != nil {
		merge(cfg.InfraUpdateHaConfig, spec.InfraUpdateHaConfig)
		if spec.InfraUpdateHaConfig.Enabled != nil {
			cfg.InfraUpdateHaConfig.Providers = slices.Clone(spec.InfraUpdateHaConfig.Providers)
		}
	}
	if o := spec.Orchestration; o != nil && o.DefaultVmReadiness != nil {
		cfg.Orchestration.DefaultVmReadiness = readiness(cfg.Orchestration.DefaultVmReadiness, o.DefaultVmReadiness)
	}
	if spec.VsanConfig != nil && spec.VsanConfig.Enabled != nil && *spec.VsanConfig.Enabled {
		return &types.NotSupported{} // the lab has no vSAN
	}
	if fault := applyLists(cfg, spec); fault != nil {
		return fault
	}
	return checkDependencies(cfg)
}

func applyDas(das, spec *types.ClusterDasConfigInfo) {
	merge(das, spec)
	if spec.HBDatastoreCandidatePolicy != "" {
		das.HeartbeatDatastore, das.Option = slices.Clone(spec.HeartbeatDatastore), slices.Clone(spec.Option)
	}
	if p := das.AdmissionControlPolicy; p != nil {
		if base := p.GetClusterDasAdmissionControlPolicy(); base.ResourceReductionToToleratePercent == nil {
			base.ResourceReductionToToleratePercent = types.NewInt32(100)
		}
	}
}

// readiness replaces the delay, which may be zero, and keeps the condition where none is given.
func readiness(old, spec *types.ClusterVmReadiness) *types.ClusterVmReadiness {
	r := *spec
	if r.ReadyCondition == "" && old != nil {
		r.ReadyCondition = old.ReadyCondition
	}
	return &r
}

func applyLists(cfg *types.ClusterConfigInfoEx, spec *types.ClusterConfigSpecEx) (fault types.BaseMethodFault) {
	for _, s := range spec.DasVmConfigSpec {
		if s.Info != nil && s.Info.DasSettings != nil && s.Info.DasSettings.VmComponentProtectionSettings != nil {
			// "Meaningful only for cluster setting. It is ignored if specified at VM level." (API reference)
			s.Info.DasSettings.VmComponentProtectionSettings.EnableAPDTimeoutForHosts = nil
		}
		if cfg.DasVmConfig, fault = editList(cfg.DasVmConfig, s.ArrayUpdateSpec, s.Info, dasKey, mergeInto); fault != nil {
			return fault
		}
	}
	for _, s := range spec.DrsVmConfigSpec {
		if cfg.DrsVmConfig, fault = setList(cfg.DrsVmConfig, s.ArrayUpdateSpec, s.Info, drsKey, mergeInto); fault != nil {
			return fault
		}
	}
	for _, s := range spec.VmOrchestrationSpec {
		if cfg.VmOrchestration, fault = editList(cfg.VmOrchestration, s.ArrayUpdateSpec, s.Info, orchestrationKey, replaceReadiness); fault != nil {
			return fault
		}
	}
	for _, s := range spec.DpmHostConfigSpec {
		if cfg.DpmHostConfig, fault = editList(cfg.DpmHostConfig, s.ArrayUpdateSpec, s.Info, dpmKey, mergeInto); fault != nil {
			return fault
		}
	}
	for _, s := range spec.GroupSpec {
		if cfg.Group, fault = editList(cfg.Group, s.ArrayUpdateSpec, pointer(s.Info), groupKey, replace); fault != nil {
			return fault
		}
	}
	for _, s := range spec.RulesSpec {
		if fault = applyRule(cfg, s); fault != nil {
			return fault
		}
	}
	return nil
}

func dasKey(i types.ClusterDasVmConfigInfo) any               { return i.Key }
func drsKey(i types.ClusterDrsVmConfigInfo) any               { return i.Key }
func orchestrationKey(i types.ClusterVmOrchestrationInfo) any { return i.Vm }
func dpmKey(i types.ClusterDpmHostConfigInfo) any             { return i.Key }
func groupKey(i types.BaseClusterGroupInfo) any               { return i.GetClusterGroupInfo().Name }
func ruleKey(i types.BaseClusterRuleInfo) any                 { return i.GetClusterRuleInfo().Key }

func mergeInto[T any](old, spec *T) { merge(old, spec) }
func replace[T any](old, spec *T)   { *old = clone(*spec) }

func replaceReadiness(old, spec *types.ClusterVmOrchestrationInfo) {
	old.VmReadiness = *readiness(&old.VmReadiness, &spec.VmReadiness)
}

func pointer[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// editList carries out one array update: add, edit or remove an element that its key identifies.
func editList[T any](list []T, op types.ArrayUpdateSpec, info *T, key func(T) any, edit func(old, spec *T)) ([]T, types.BaseMethodFault) {
	invalid := &types.InvalidArgument{InvalidProperty: "spec"}
	wanted := op.RemoveKey
	if op.Operation != types.ArrayUpdateOperationRemove {
		if info == nil {
			return list, invalid
		}
		wanted = key(*info)
	}
	i := slices.IndexFunc(list, func(x T) bool { return key(x) == wanted })
	list = slices.Clone(list)
	switch {
	case op.Operation == types.ArrayUpdateOperationAdd && i < 0:
		return append(list, clone(*info)), nil
	case op.Operation == types.ArrayUpdateOperationEdit && i >= 0:
		edit(&list[i], info)
		return list, nil
	case op.Operation == types.ArrayUpdateOperationRemove && i >= 0:
		return slices.Delete(list, i, i+1), nil
	}
	return list, invalid
}

// setList is editList where to add an element again replaces it: so vCenter takes the overrides of DRS and Storage DRS, as
// the Terraform provider's resources for them rely on.
func setList[T any](list []T, op types.ArrayUpdateSpec, info *T, key func(T) any, edit func(old, spec *T)) ([]T, types.BaseMethodFault) {
	if op.Operation == types.ArrayUpdateOperationAdd && info != nil {
		list = slices.DeleteFunc(slices.Clone(list), func(x T) bool { return key(x) == key(*info) })
	}
	return editList(list, op, info, key, edit)
}

// applyRule gives new rules a key and an identifier, and refuses a second rule of a name.
func applyRule(cfg *types.ClusterConfigInfoEx, s types.ClusterRuleSpec) (fault types.BaseMethodFault) {
	if s.Info != nil {
		info := s.Info.GetClusterRuleInfo()
		same := func(r types.BaseClusterRuleInfo) bool { return r.GetClusterRuleInfo().Name == info.Name }
		at := slices.IndexFunc(cfg.Rule, same)
		switch s.Operation {
		case types.ArrayUpdateOperationAdd:
			if at >= 0 {
				return &types.DuplicateName{Name: info.Name}
			}
			for _, r := range cfg.Rule {
				info.Key = max(info.Key, r.GetClusterRuleInfo().Key)
			}
			info.Key++
			info.RuleUuid, info.Status = uuid.NewString(), types.ManagedEntityStatusGreen
		case types.ArrayUpdateOperationEdit:
			if info.Key == 0 && at >= 0 {
				info.Key = cfg.Rule[at].GetClusterRuleInfo().Key
			}
			if old := slices.IndexFunc(cfg.Rule, func(r types.BaseClusterRuleInfo) bool { return ruleKey(r) == info.Key }); old >= 0 && info.RuleUuid == "" {
				info.RuleUuid = cfg.Rule[old].GetClusterRuleInfo().RuleUuid
			}
		}
	}
	cfg.Rule, fault = editList(cfg.Rule, s.ArrayUpdateSpec, pointer(s.Info), ruleKey, replace)
	return fault
}
