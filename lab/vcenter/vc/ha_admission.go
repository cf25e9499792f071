package vc

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
	"vsphere-ha/lab/vcenter/perf"
)

// watchAdmission keeps what the cluster says of its failover capacity, and reports when it loses it and has it again.
func (h *ha) watchAdmission(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx) {
	c := h.s.capacity(cfg, h.cluster)
	if info := h.s.admissionInfo(cfg, c); !reflect.DeepEqual(info, h.info) {
		h.info = info
		h.s.refreshResource(ctx, h.cluster)
	}
	short, slow := !admissionPolicy(cfg).Admits(c.sizes, c.loads), h.s.degrades(cfg, c)
	if short == h.short && slow == h.slow {
		return
	}
	if short != h.short {
		h.postCapacity(ctx, short)
	}
	if slow && !h.slow {
		h.s.post(h.slowEvent(ctx))
	}
	h.short, h.slow = short, slow
	h.showIssues(ctx, short, slow)
}

func (h *ha) postCapacity(ctx *simulator.Context, short bool) {
	if !short {
		h.s.post(&types.FailoverLevelRestored{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)})
		return
	}
	h.s.post(h.shortEvent(ctx))
	h.postCluster(ctx, "com.vmware.vc.HA.InsufficientFailoverLevelEvent", "warning", "Insufficient resources to satisfy the configured vSphere HA failover level of cluster %s")
}

func (h *ha) shortEvent(ctx *simulator.Context) types.BaseEvent {
	return &types.InsufficientFailoverResourcesEvent{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)}
}

// slowEvent has an identifier of the lab's: the documentation speaks of a notice and names none.
func (h *ha) slowEvent(ctx *simulator.Context) types.BaseEvent {
	e := h.s.clusterEvent(ctx, h.cluster).Event
	return h.s.extended("com.vmware.vc.HA.PerformanceDegradationNotTolerated", "warning",
		"What virtual machines use now exceeds, by more than they tolerate, what is left after a failover", e, h.cluster, h.s.entityName(h.cluster))
}

// degrades tells whether a failover would slow machines down by more than the settings tolerate, which only a cluster with
// DRS looks at. Used memory is what is reserved: what is consumed does not count (vSphere Availability, "vSphere HA
// Admission Control").
func (s *Sim) degrades(cfg *types.ClusterConfigInfoEx, c capacity) bool {
	p := cfg.DasConfig.AdmissionControlPolicy
	if p == nil || !isTrue(cfg.DasConfig.AdmissionControlEnabled) || !isTrue(cfg.DrsConfig.Enabled) {
		return false
	}
	tolerated := p.GetClusterDasAdmissionControlPolicy().ResourceReductionToToleratePercent
	if tolerated == nil || *tolerated >= 100 {
		return false
	}
	var used fdm.Load
	for i, vm := range c.vms {
		if sample, ok := s.stats.latest(vm); ok {
			used.CPU += int64(sample[perf.UsedMHz])
		}
		used.Memory += c.loads[i].Memory
	}
	return fdm.Degrades(c.sizes, toleratedFailures(p), used, int(*tolerated))
}

// toleratedFailures is the policy's number of host failures, one where it states none.
func toleratedFailures(p types.BaseClusterDasAdmissionControlPolicy) int {
	level := int32(0)
	switch p := p.(type) {
	case *types.ClusterFailoverResourcesAdmissionControlPolicy:
		level = p.FailoverLevel
	case *types.ClusterFailoverLevelAdmissionControlPolicy:
		level = p.FailoverLevel
	case *types.ClusterFailoverHostAdmissionControlPolicy:
		level = p.FailoverLevel
	}
	return int(max(level, 1))
}

// showIssues shows what keeps the cluster from its configured state: it is red for want of failover capacity (vSphere
// Troubleshooting, "Red vSphere HA Cluster Due to Insufficient Failover Resources"), yellow for a notice.
func (h *ha) showIssues(ctx *simulator.Context, short, slow bool) {
	status := types.ManagedEntityStatusGreen
	var issues []types.BaseEvent
	if slow {
		issues, status = append(issues, h.slowEvent(ctx)), types.ManagedEntityStatusYellow
	}
	if short {
		issues, status = append(issues, h.shortEvent(ctx)), types.ManagedEntityStatusRed
	}
	h.s.change(ctx, h.cluster,
		types.PropertyChange{Name: "configIssue", Val: issues},
		types.PropertyChange{Name: "overallStatus", Val: status})
}
