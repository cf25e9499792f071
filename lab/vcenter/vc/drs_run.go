package vc

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
	"vsphere-ha/lab/vcenter/placement"
)

const (
	// drsEvery is how often DRS looks at its cluster (since vSphere 7.0: every minute; VMware, "vSphere 7 – Improved DRS").
	drsEvery = time.Minute
	// drsMigrations is how many machines leave a host at once (vSphere configuration maximums: 8 with a 10 Gb/s network).
	drsMigrations = 8
)

// drsRun runs DRS for one cluster: it carries out what it may, and recommends the rest.
type drsRun struct {
	s       *Sim
	cluster types.ManagedObjectReference
	acting  sync.Mutex // one invocation at a time

	mu          sync.Mutex
	cancel      context.CancelFunc // nil while DRS is off
	recommended []recommendation
	nextKey     int
	broken      map[string]bool // names of rules
	leaving     map[types.ManagedObjectReference]chan struct{}
}

func newDRS(s *Sim, cluster types.ManagedObjectReference) *drsRun {
	return &drsRun{s: s, cluster: cluster, broken: map[string]bool{}, leaving: map[types.ManagedObjectReference]chan struct{}{}}
}

// tend starts or stops DRS as the cluster's settings say.
func (d *drsRun) tend() {
	cfg := d.s.settings(d.cluster)
	on := cfg != nil && isTrue(cfg.DrsConfig.Enabled)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case on && d.cancel == nil:
		ctx, cancel := context.WithCancel(d.s.life)
		d.cancel = cancel
		d.s.run(func() { d.s.clock.Every(ctx, drsEvery, d.invoke) })
	case !on && d.cancel != nil:
		d.cancel()
		d.cancel = nil
		go d.invoke() // which withdraws what was recommended
	}
}

func (d *drsRun) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
}

// invoke looks at the cluster once.
func (d *drsRun) invoke() {
	d.acting.Lock()
	defer d.acting.Unlock()
	cfg := d.s.settings(d.cluster)
	if cfg == nil || d.s.life.Err() != nil {
		return
	}
	ctx := d.s.context()
	if !isTrue(cfg.DrsConfig.Enabled) {
		d.recommend(ctx, cfg, nil)
		d.showFaults(ctx, cfg, nil)
		return
	}
	look := d.s.drsLook(ctx, cfg, d.s.clusterHosts(d.cluster))
	d.showCompliance(ctx, cfg, look)
	moves, stuck := look.Plan()
	var ask []drs.Move
	for _, m := range moves {
		if m.Machine.Level == drs.Fully {
			d.carryOut(m)
		} else {
			ask = append(ask, m)
		}
	}
	d.recommend(ctx, cfg, ask)
	d.showFaults(ctx, cfg, stuck)
}

// carryOut migrates a machine in the background; so many leave a host at once and no more.
func (d *drsRun) carryOut(m drs.Move) {
	vm, to := vmRef(m.Machine.ID), hostRef(m.To)
	d.s.updateMachine(vm, func(x *machine) { x.bound = to })
	places := d.placesOf(hostRef(m.From))
	go func() {
		defer d.s.updateMachine(vm, func(x *machine) { x.bound = types.ManagedObjectReference{} })
		select {
		case places <- struct{}{}:
		case <-d.s.life.Done():
			return
		}
		defer func() { <-places }()
		ctx := d.s.context()
		if o, ok := ctx.Map.Get(vm).(*simulator.VirtualMachine); ok {
			d.s.migrateBy(ctx, o, to, byDRS)
		}
	}()
}

func (d *drsRun) placesOf(host types.ManagedObjectReference) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leaving[host] == nil {
		d.leaving[host] = make(chan struct{}, drsMigrations)
	}
	return d.leaving[host]
}

// showCompliance publishes which rules are kept, and tells when that changes.
func (d *drsRun) showCompliance(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, look *drs.Cluster) {
	kept := map[string]bool{}
	for i := range look.Rules {
		kept[look.Rules[i].Name] = drs.Kept(&look.Rules[i], look.Where)
	}
	changed := false
	for _, r := range cfg.Rule {
		info := r.GetClusterRuleInfo()
		now, known := kept[info.Name]
		changed = changed || known && (info.InCompliance == nil || *info.InCompliance != now)
	}
	if changed {
		d.s.markCompliance(ctx, d.cluster, kept)
	}
	for i := range look.Rules {
		r := &look.Rules[i]
		d.mu.Lock()
		was := d.broken[r.Name]
		d.broken[r.Name] = !kept[r.Name]
		d.mu.Unlock()
		if was == kept[r.Name] {
			d.tell(ctx, look, r, kept[r.Name])
		}
	}
}

// tell posts that a machine's rule is broken, or kept again.
func (d *drsRun) tell(ctx *simulator.Context, look *drs.Cluster, r *placement.Rule, kept bool) {
	for _, id := range r.VMs {
		m, ok := d.s.machine(vmRef(id))
		if _, runs := look.Where[id]; !ok || !runs {
			continue
		}
		if kept {
			d.s.post(&types.DrsRuleComplianceEvent{VmEvent: d.s.vmEvent(ctx, m)})
		} else {
			d.s.post(&types.DrsRuleViolationEvent{VmEvent: d.s.vmEvent(ctx, m)})
		}
	}
}

// markCompliance sets the inCompliance of rules in the settings that clients read.
func (s *Sim) markCompliance(ctx *simulator.Context, ref types.ManagedObjectReference, kept map[string]bool) {
	c, ok := ctx.Map.Get(ref).(*simulator.ClusterComputeResource)
	if !ok {
		return
	}
	ctx.WithLock(c, func() {
		cfg := clone(*c.ConfigurationEx.(*types.ClusterConfigInfoEx))
		for _, r := range cfg.Rule {
			if now, ok := kept[r.GetClusterRuleInfo().Name]; ok {
				r.GetClusterRuleInfo().InCompliance = types.NewBool(now)
			}
		}
		s.publishSettings(ctx, c, &cfg)
	})
}

// showFaults publishes why machines that should move do not.
func (d *drsRun) showFaults(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, stuck []drs.Stuck) {
	var faults []types.ClusterDrsFaults
	for _, x := range stuck {
		vm := vmRef(x.Machine.ID)
		by := &types.ClusterDrsFaultsFaultsByVm{Vm: &vm}
		fault := d.s.incompatible(ctx, cfg, vm, x.Why)
		by.Fault = append(by.Fault, types.LocalizedMethodFault{Fault: fault, LocalizedMessage: message("NoCompatibleHost")})
		i := slices.IndexFunc(faults, func(f types.ClusterDrsFaults) bool { return f.Reason == string(x.Reason) })
		if i < 0 {
			faults, i = append(faults, types.ClusterDrsFaults{Reason: string(x.Reason)}), len(faults)
		}
		faults[i].FaultsByVm = append(faults[i].FaultsByVm, by)
	}
	c, ok := ctx.Map.Get(d.cluster).(*simulator.ClusterComputeResource)
	if !ok {
		return
	}
	ctx.WithLock(c, func() {
		if len(faults)+len(c.DrsFault) > 0 {
			ctx.Update(c, []types.PropertyChange{{Name: "drsFault", Val: faults}})
		}
	})
}

// key numbers recommendations. The caller holds the lock.
func (d *drsRun) key() string {
	d.nextKey++
	return strconv.Itoa(d.nextKey)
}
