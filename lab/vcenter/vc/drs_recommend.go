package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
)

// recommendation is what DRS would do if it were asked to: a migration, or the first placement of a machine that is off.
type recommendation struct {
	key    string
	move   drs.Move
	start  bool
	placed time.Time
}

const powerOnVM = drs.Reason("powerOnVm")

// reasonTexts are what the list says (in the spirit of vSphere Resource Management, "DRS Recommendation Reasons").
var reasonTexts = map[drs.Reason]string{
	drs.Maintenance: "Host is entering maintenance mode",
	drs.Together:    "Fix soft VM/VM affinity rule violation",
	drs.Apart:       "Apply anti-affinity rule",
	drs.HardHosts:   "Fix hard VM/host affinity rule violation",
	drs.SoftHosts:   "Fix soft VM/host affinity rule violation",
	powerOnVM:       "Power on virtual machine",
}

// recommend publishes migrations in the place of those recommended before; one that stands keeps its key, and first
// placements stay until they are applied or cancelled.
func (d *drsRun) recommend(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, moves []drs.Move) {
	d.mu.Lock()
	before := d.recommended
	d.recommended = slices.DeleteFunc(slices.Clone(before), func(r recommendation) bool { return !r.start || !isTrue(cfg.DrsConfig.Enabled) })
	for _, m := range moves {
		r := recommendation{move: m, placed: time.Now()}
		if i := slices.IndexFunc(before, func(b recommendation) bool {
			return !b.start && b.move.Machine.ID == m.Machine.ID && b.move.From == m.From && b.move.To == m.To && b.move.Reason == m.Reason
		}); i >= 0 {
			r.key, r.placed = before[i].key, before[i].placed
		} else {
			r.key = d.key()
		}
		d.recommended = append(d.recommended, r)
	}
	d.mu.Unlock()
	d.publish(ctx, len(before) > 0)
}

// recommendStart adds the first placement of a machine and returns it as clients see it.
func (d *drsRun) recommendStart(ctx *simulator.Context, m drs.Machine, to string) types.ClusterRecommendation {
	d.mu.Lock()
	d.recommended = slices.DeleteFunc(d.recommended, func(r recommendation) bool { return r.start && r.move.Machine.ID == m.ID })
	r := recommendation{key: d.key(), move: drs.Move{Machine: m, To: to, Reason: powerOnVM}, start: true, placed: time.Now()}
	d.recommended = append(d.recommended, r)
	d.mu.Unlock()
	d.publish(ctx, true)
	return r.shown(d.cluster)
}

func (r *recommendation) shown(cluster types.ManagedObjectReference) types.ClusterRecommendation {
	vm, to, from := vmRef(r.move.Machine.ID), hostRef(r.move.To), hostRef(r.move.From)
	out := types.ClusterRecommendation{
		Key: r.key, Type: "V1", Time: r.placed, Rating: 5, Reason: string(r.move.Reason), ReasonText: reasonTexts[r.move.Reason], Target: &cluster,
	}
	if r.start {
		out.Action = []types.BaseClusterAction{&types.ClusterInitialPlacementAction{
			ClusterAction: types.ClusterAction{Type: "HostPowerV1", Target: &vm}, TargetHost: to,
		}}
		return out
	}
	out.Action = []types.BaseClusterAction{&types.ClusterMigrationAction{
		ClusterAction: types.ClusterAction{Type: "MigrationV1", Target: &vm},
		DrsMigration:  &types.ClusterDrsMigration{Key: r.key, Time: r.placed, Vm: vm, Source: from, Destination: to},
	}}
	return out
}

func (d *drsRun) publish(ctx *simulator.Context, some bool) {
	d.mu.Lock()
	var list []types.ClusterRecommendation
	for _, r := range d.recommended {
		list = append(list, r.shown(d.cluster))
	}
	d.mu.Unlock()
	if some || len(list) > 0 {
		d.s.change(ctx, d.cluster, types.PropertyChange{Name: "recommendation", Val: list})
	}
}

// pull takes a recommendation off the list, if it is one that the caller wants.
func (d *drsRun) pull(ctx *simulator.Context, key string, wanted func(recommendation) bool) (recommendation, bool) {
	d.mu.Lock()
	i := slices.IndexFunc(d.recommended, func(r recommendation) bool { return r.key == key && wanted(r) })
	if i < 0 {
		d.mu.Unlock()
		return recommendation{}, false
	}
	r := d.recommended[i]
	d.recommended = slices.Delete(d.recommended, i, i+1)
	d.mu.Unlock()
	d.publish(ctx, true)
	return r, true
}

// drsOf finds a cluster's DRS.
func (s *Sim) drsOf(cluster types.ManagedObjectReference) *drsRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clusters[cluster]; c != nil {
		return c.drs
	}
	return nil
}

// ApplyRecommendation carries out what is recommended, in the background.
func (c *clusterResource) ApplyRecommendation(ctx *simulator.Context, req *types.ApplyRecommendation) soap.HasFault {
	d := c.s.drsOf(c.Self)
	r, ok := recommendation{}, false
	if d != nil {
		r, ok = d.pull(ctx, req.Key, func(recommendation) bool { return true })
	}
	switch {
	case !ok:
		return &methods.ApplyRecommendationBody{Fault_: fault(&types.InvalidArgument{InvalidProperty: "key"})}
	case r.start:
		go c.s.startAt(vmRef(r.move.Machine.ID), hostRef(r.move.To))
	default:
		d.carryOut(r.move)
	}
	return &methods.ApplyRecommendationBody{Res: &types.ApplyRecommendationResponse{}}
}

// startAt powers a machine on at a host.
func (s *Sim) startAt(ref, host types.ManagedObjectReference) {
	ctx := s.context()
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx.WithLock(vm, func() {
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
			(&virtualMachine{vm, s}).PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: ref, Host: &host})
		}
	})
}

// CancelRecommendation withdraws a first placement; migrations cannot be cancelled (API reference).
func (c *clusterResource) CancelRecommendation(ctx *simulator.Context, req *types.CancelRecommendation) soap.HasFault {
	if d := c.s.drsOf(c.Self); d != nil {
		if _, ok := d.pull(ctx, req.Key, func(r recommendation) bool { return r.start }); ok {
			return &methods.CancelRecommendationBody{Res: &types.CancelRecommendationResponse{}}
		}
	}
	return &methods.CancelRecommendationBody{Fault_: fault(&types.InvalidArgument{InvalidProperty: "key"})}
}

// RefreshRecommendation lets DRS look at the cluster now.
func (c *clusterResource) RefreshRecommendation(ctx *simulator.Context, _ *types.RefreshRecommendation) soap.HasFault {
	if d := c.s.drsOf(c.Self); d != nil {
		go d.invoke() // it needs the cluster's lock, which this call holds
	}
	return &methods.RefreshRecommendationBody{Res: &types.RefreshRecommendationResponse{}}
}
