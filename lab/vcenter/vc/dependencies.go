package vc

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// dependencies lists the machines that must be ready before this one restarts (vSphere API reference,
// ClusterDependencyRuleInfo).
func dependencies(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) []string {
	var ids []string
	for _, rule := range cfg.Rule {
		d, ok := rule.(*types.ClusterDependencyRuleInfo)
		if ok && isTrue(d.Enabled) && slices.Contains(vmGroup(cfg, d.VmGroup), vm) {
			ids = append(ids, refValues(vmGroup(cfg, d.DependsOnVmGroup))...)
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == vm.Value })
}

// checkDependencies refuses circles, and machines that depend on others of lower priority (vSphere API reference,
// ClusterOrchestrationInfo). The reference names no fault for it.
func checkDependencies(cfg *types.ClusterConfigInfoEx) types.BaseMethodFault {
	const (
		open = iota + 1
		done
	)
	state := map[string]int{}
	var circular func(id string) bool
	circular = func(id string) bool {
		if state[id] != 0 {
			return state[id] == open
		}
		state[id] = open
		if slices.ContainsFunc(dependencies(cfg, vmRef(id)), circular) {
			return true
		}
		state[id] = done
		return false
	}
	for _, rule := range cfg.Rule {
		d, ok := rule.(*types.ClusterDependencyRuleInfo)
		if !ok || !isTrue(d.Enabled) {
			continue
		}
		for _, vm := range vmGroup(cfg, d.VmGroup) {
			if circular(vm.Value) {
				return &types.InvalidArgument{InvalidProperty: "spec.rulesSpec"}
			}
			for _, id := range dependencies(cfg, vm) {
				if priority(cfg, vmRef(id)) < priority(cfg, vm) {
					return &types.InvalidArgument{InvalidProperty: "spec.rulesSpec"}
				}
			}
		}
	}
	return nil
}
