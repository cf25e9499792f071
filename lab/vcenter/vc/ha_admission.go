package vc

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// watchAdmission keeps what the cluster says of its failover capacity, and reports when it loses it and has it again.
func (h *ha) watchAdmission(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx) {
	if info := h.s.admissionInfo(h.cluster); !reflect.DeepEqual(info, h.info) {
		h.info = info
		h.s.refreshResource(ctx, h.cluster)
	}
	c := h.s.capacity(cfg, h.cluster)
	short := !admissionPolicy(cfg).Admits(c.sizes, c.loads)
	if short == h.short {
		return
	}
	if h.short = short; !short {
		h.showIssues(ctx)
		h.s.post(&types.FailoverLevelRestored{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)})
		return
	}
	event := &types.InsufficientFailoverResourcesEvent{ClusterEvent: h.s.clusterEvent(ctx, h.cluster)}
	h.s.post(event)
	h.postCluster(ctx, "com.vmware.vc.HA.InsufficientFailoverLevelEvent", "warning", "Insufficient resources to satisfy the configured vSphere HA failover level of cluster %s")
	h.showIssues(ctx, event)
}

// showIssues shows what keeps the cluster from its configured state: it is red then (vSphere Troubleshooting, "Red vSphere
// HA Cluster Due to Insufficient Failover Resources").
func (h *ha) showIssues(ctx *simulator.Context, issues ...types.BaseEvent) {
	status := types.ManagedEntityStatusGreen
	if len(issues) > 0 {
		status = types.ManagedEntityStatusRed
	}
	h.s.change(ctx, h.cluster,
		types.PropertyChange{Name: "configIssue", Val: issues},
		types.PropertyChange{Name: "overallStatus", Val: status})
}
