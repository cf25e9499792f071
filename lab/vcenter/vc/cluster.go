package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type clusterResource struct {
	*simulator.ClusterComputeResource
	s *Sim
}

// cluster is what the lab keeps of a cluster beside the inventory.
type cluster struct {
	ref      types.ManagedObjectReference
	name     string
	settings *types.ClusterConfigInfoEx // never changed in place
	ha       *ha
	drs      *drsRun
	evcMode  string // key of the baseline, empty for none
}

// CreateClusterEx makes a cluster with vCenter's defaults under the given settings.
func (f *folder) CreateClusterEx(ctx *simulator.Context, req *types.CreateClusterEx) soap.HasFault {
	cfg := clusterDefaults()
	if fault := applySettings(cfg, &req.Spec); fault != nil {
		return &methods.CreateClusterExBody{Fault_: simulator.Fault("", fault)}
	}
	body := f.Folder.CreateClusterEx(ctx, req).(*methods.CreateClusterExBody)
	if body.Res == nil {
		return body
	}
	c := ctx.Map.Get(body.Res.Returnval).(*simulator.ClusterComputeResource)
	ctx.WithLock(c, func() {
		c.Network = nil // a cluster without hosts has none
		c.Host, c.Datastore = nil, nil
	})
	f.s.mu.Lock()
	f.s.clusters[c.Self] = &cluster{ref: c.Self, name: req.Name, settings: cfg, ha: newHA(f.s, c.Self), drs: newDRS(f.s, c.Self)}
	f.s.mu.Unlock()
	f.s.publishSettings(ctx, c, cfg)
	f.s.refreshResource(ctx, c.Self)
	f.s.post(&types.ClusterCreatedEvent{ClusterEvent: f.s.clusterEvent(ctx, c.Self), Parent: types.FolderEventArgument{
		Folder: f.Self, EntityEventArgument: types.EntityEventArgument{Name: f.Name},
	}})
	return body
}

// ReconfigureComputeResourceTask changes settings; modify is how every client calls it, so unset always means unchanged.
func (c *clusterResource) ReconfigureComputeResourceTask(ctx *simulator.Context, req *types.ReconfigureComputeResource_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		spec, ok := req.Spec.(*types.ClusterConfigSpecEx)
		if !ok {
			return nil, &types.InvalidArgument{InvalidProperty: "spec"}
		}
		return nil, c.s.reconfigure(ctx, c.ClusterComputeResource, spec)
	}
	return &methods.ReconfigureComputeResource_TaskBody{Res: &types.ReconfigureComputeResource_TaskResponse{
		Returnval: c.s.task(ctx, c.Self, "reconfigureCluster", run),
	}}
}

func (s *Sim) reconfigure(ctx *simulator.Context, c *simulator.ClusterComputeResource, spec *types.ClusterConfigSpecEx) types.BaseMethodFault {
	var cfg types.ClusterConfigInfoEx
	var fault types.BaseMethodFault
	ctx.WithLock(c, func() {
		cfg = clone(*c.ConfigurationEx.(*types.ClusterConfigInfoEx))
		if fault = applySettings(&cfg, spec); fault == nil {
			s.publishSettings(ctx, c, &cfg)
		}
	})
	if fault != nil {
		return fault
	}
	s.post(&types.ClusterReconfiguredEvent{ClusterEvent: s.clusterEvent(ctx, c.Self)})
	s.tendCluster(c.Self)
	return nil
}

// publishSettings shows the settings in the inventory and gives the lab's own parts a copy.
func (s *Sim) publishSettings(ctx *simulator.Context, c *simulator.ClusterComputeResource, cfg *types.ClusterConfigInfoEx) {
	own := clone(*cfg)
	ctx.WithLock(c, func() {
		ctx.Update(c, []types.PropertyChange{
			{Name: "configurationEx", Val: cfg},
			{Name: "configuration", Val: types.ClusterConfigInfo{
				DasConfig: own.DasConfig, DasVmConfig: own.DasVmConfig, DrsConfig: own.DrsConfig, DrsVmConfig: own.DrsVmConfig, Rule: own.Rule,
			}},
		})
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.clusters[c.Self]; k != nil {
		k.settings = &own
	}
}

// DestroyTask removes a cluster with its hosts.
func (c *clusterResource) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	ref := c.Self
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, c.s.removeCluster(ctx, ref)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: c.s.task(ctx, ref, "destroy", run)}}
}

// settings returns a cluster's settings, which the caller must not change.
func (s *Sim) settings(ref types.ManagedObjectReference) *types.ClusterConfigInfoEx {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clusters[ref]; c != nil {
		return c.settings
	}
	return nil
}

// tendCluster lets everything that depends on a cluster's members or settings follow a change.
func (s *Sim) tendCluster(ref types.ManagedObjectReference) {
	s.mu.Lock()
	c := s.clusters[ref]
	s.mu.Unlock()
	if c == nil {
		return
	}
	c.ha.tend()
	c.drs.tend()
	s.tendSystemVMs(ref)
}

// tendHost does the same after a change of one host.
func (s *Sim) tendHost(ref types.ManagedObjectReference) {
	if h, ok := s.host(ref); ok && h.cluster.Value != "" {
		s.tendCluster(h.cluster)
	}
}

// clusterHosts lists a cluster's members by name of their reference.
func (s *Sim) clusterHosts(ref types.ManagedObjectReference) []managedHost {
	list := slices.DeleteFunc(s.allHosts(), func(h managedHost) bool { return h.cluster != ref })
	slices.SortFunc(list, func(a, b managedHost) int { return compareRefs(a.ref, b.ref) })
	return list
}

func compareRefs(a, b types.ManagedObjectReference) int {
	if len(a.Value) != len(b.Value) {
		return len(a.Value) - len(b.Value)
	}
	if a.Value < b.Value {
		return -1
	}
	return 1
}

func isTrue(b *bool) bool { return b != nil && *b }

// drsPlaces tells whether DRS chooses the host of a machine at power-on: in every automation level but manual
// (vSphere Resource Management, "DRS Automation Levels").
func (s *Sim) drsPlaces(_ *simulator.Context, ref, vm types.ManagedObjectReference) bool {
	behavior, on := s.drsBehavior(ref, vm)
	return on && behavior != types.DrsBehaviorManual
}

// drsBehavior is a machine's automation level, with its override; false when DRS is off for it.
func (s *Sim) drsBehavior(ref, vm types.ManagedObjectReference) (types.DrsBehavior, bool) {
	cfg := s.settings(ref)
	if cfg == nil || !isTrue(cfg.DrsConfig.Enabled) {
		return "", false
	}
	behavior := cfg.DrsConfig.DefaultVmBehavior
	if isTrue(cfg.DrsConfig.EnableVmBehaviorOverrides) {
		for _, o := range cfg.DrsVmConfig {
			if o.Key != vm {
				continue
			}
			if o.Enabled != nil && !*o.Enabled {
				return "", false
			}
			if o.Behavior != "" {
				behavior = o.Behavior
			}
		}
	}
	return behavior, true
}
