package vc

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// priority is a machine's restart priority: its override, or the cluster's default.
func priority(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) fdm.Priority {
	word := cfg.DasConfig.DefaultVmSettings.RestartPriority
	for _, o := range cfg.DasVmConfig {
		if o.Key != vm {
			continue
		}
		if s := o.DasSettings; s != nil && s.RestartPriority != "" && s.RestartPriority != "clusterRestartPriority" {
			word = s.RestartPriority
		} else if s == nil && o.RestartPriority != "" {
			word = string(o.RestartPriority)
		}
	}
	p, ok := fdm.ParsePriority(word)
	if !ok {
		return fdm.Medium
	}
	return p
}

// readinessOf is what machines of the next priority wait for, with the machine's override.
func readinessOf(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) (fdm.Condition, time.Duration) {
	r := *cfg.Orchestration.DefaultVmReadiness
	if i := slices.IndexFunc(cfg.VmOrchestration, func(o types.ClusterVmOrchestrationInfo) bool { return o.Vm == vm }); i >= 0 {
		o := cfg.VmOrchestration[i].VmReadiness
		if o.ReadyCondition != "" && o.ReadyCondition != "useClusterDefault" {
			r.ReadyCondition = o.ReadyCondition
		}
		if o.PostReadyDelay >= 0 {
			r.PostReadyDelay = o.PostReadyDelay
		}
	}
	return fdm.Condition(r.ReadyCondition), time.Duration(r.PostReadyDelay) * time.Second
}

func restartTimeout(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) time.Duration {
	seconds := cfg.DasConfig.DefaultVmSettings.RestartPriorityTimeout
	for _, o := range cfg.DasVmConfig {
		if o.Key == vm && o.DasSettings != nil && o.DasSettings.RestartPriorityTimeout > 0 {
			seconds = o.DasSettings.RestartPriorityTimeout
		}
	}
	return time.Duration(seconds) * time.Second
}

// attempts is how often a restart is tried (vSphere Availability, das.maxvmrestartcount).
func attempts(cfg *types.ClusterConfigInfoEx) int {
	if n, err := strconv.Atoi(advanced(cfg, "das.maxvmrestartcount")); err == nil && n > 0 {
		return n
	}
	return fdm.MaxAttempts
}

// restartRules tells how far rules bind a restart: VM-host rules that must be kept always do, those that should be kept
// guide it, and machines are kept apart; either of the last two unless an advanced option says false. HA knows nothing of
// rules that keep machines together (vSphere Availability, "vSphere HA Advanced Options").
func restartRules(cfg *types.ClusterConfigInfoEx) func(types.BaseClusterRuleInfo) strength {
	apart := !strings.EqualFold(advanced(cfg, "das.respectvmvmantiaffinityrules"), "false")
	soft := !strings.EqualFold(advanced(cfg, "das.respectvmhostsoftaffinityrules"), "false")
	return func(rule types.BaseClusterRuleInfo) strength {
		_, onHosts := rule.(*types.ClusterVmHostRuleInfo)
		_, antiAffinity := rule.(*types.ClusterAntiAffinityRuleSpec)
		switch {
		case onHosts && isTrue(rule.GetClusterRuleInfo().Mandatory), antiAffinity && apart:
			return required
		case onHosts && soft:
			return preferred
		}
		return ignored
	}
}

// advanced is the value of an advanced option of HA, whose names do not depend on case; empty where it is not set.
func advanced(cfg *types.ClusterConfigInfoEx, name string) string {
	for _, o := range cfg.DasConfig.Option {
		if v := o.GetOptionValue(); strings.EqualFold(v.Key, name) {
			text, _ := v.Value.(string)
			return text
		}
	}
	return ""
}
