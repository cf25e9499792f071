package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// evcModes are the Enhanced vMotion Compatibility baselines for Intel processors, oldest first (VMware KB 1003212).
var evcModes = []string{
	"intel-merom", "intel-penryn", "intel-nehalem", "intel-westmere", "intel-sandybridge", "intel-ivybridge", "intel-haswell",
	"intel-broadwell", "intel-skylake", "intel-cascadelake", "intel-icelake", "intel-sapphirerapids",
}

// hostEVCMode is the newest baseline that the lab's servers support: an assumption, they are no real processor.
const hostEVCMode = "intel-icelake"

// evcManager configures a cluster's baseline.
type evcManager struct {
	mo.ClusterEVCManager
	s *Sim
}

func newEVCManager(s *Sim, cluster types.ManagedObjectReference) *evcManager {
	m := &evcManager{s: s}
	m.Self = types.ManagedObjectReference{Type: "ClusterEVCManager", Value: "evc-" + cluster.Value}
	m.ManagedCluster = cluster
	for tier, key := range evcModes[:slices.Index(evcModes, hostEVCMode)+1] {
		m.EvcState.SupportedEVCMode = append(m.EvcState.SupportedEVCMode, types.EVCMode{
			ElementDescription: types.ElementDescription{Description: types.Description{Label: key, Summary: key}, Key: key},
			Vendor:             "intel", Track: evcModes[:tier+1], VendorTier: int32(tier + 1),
		})
	}
	return m
}

// EvcManager finds the cluster's manager.
func (c *clusterResource) EvcManager(ctx *simulator.Context, _ *types.EvcManager) soap.HasFault {
	m := newEVCManager(c.s, c.Self)
	if known := ctx.Map.Get(m.Self); known == nil {
		ctx.Map.Put(m)
	}
	return &methods.EvcManagerBody{Res: &types.EvcManagerResponse{Returnval: &m.Self}}
}

// ConfigureEvcModeTask sets the baseline. Machines see no change: the lab's processors have no features to hide.
func (m *evcManager) ConfigureEvcModeTask(ctx *simulator.Context, req *types.ConfigureEvcMode_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		switch i := slices.Index(evcModes, req.EvcModeKey); {
		case i < 0:
			return nil, &types.InvalidArgument{InvalidProperty: "evcModeKey"}
		case i > slices.Index(evcModes, hostEVCMode):
			return nil, &types.EVCModeUnsupportedByHosts{EvcMode: req.EvcModeKey}
		}
		m.s.setEVCMode(ctx, m, req.EvcModeKey)
		return nil, nil
	}
	return &methods.ConfigureEvcMode_TaskBody{Res: &types.ConfigureEvcMode_TaskResponse{Returnval: m.s.task(ctx, m.ManagedCluster, "configureEvc", run)}}
}

// DisableEvcModeTask ends the baseline.
func (m *evcManager) DisableEvcModeTask(ctx *simulator.Context, _ *types.DisableEvcMode_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		m.s.setEVCMode(ctx, m, "")
		return nil, nil
	}
	return &methods.DisableEvcMode_TaskBody{Res: &types.DisableEvcMode_TaskResponse{Returnval: m.s.task(ctx, m.ManagedCluster, "disableEvc", run)}}
}

func (s *Sim) setEVCMode(ctx *simulator.Context, m *evcManager, key string) {
	ctx.WithLock(m, func() {
		state := m.EvcState
		state.CurrentEVCModeKey = key
		ctx.Update(m, []types.PropertyChange{{Name: "evcState", Val: state}})
	})
	s.mu.Lock()
	if c := s.clusters[m.ManagedCluster]; c != nil {
		c.evcMode = key
	}
	s.mu.Unlock()
	s.refreshResource(ctx, m.ManagedCluster)
}

// evcMode is a cluster's baseline, empty where it has none.
func (s *Sim) evcMode(cluster types.ManagedObjectReference) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clusters[cluster]; c != nil {
		return c.evcMode
	}
	return ""
}
