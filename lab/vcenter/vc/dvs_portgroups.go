package vc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// distributedPortgroup overrides what the simulator replaces as a whole.
type distributedPortgroup struct {
	*simulator.DistributedVirtualPortgroup
	s *Sim
}

// uplinkGroup describes the port group that every switch has for its uplinks.
func uplinkGroup(dvs *simulator.DistributedVirtualSwitch, cfg *types.VMwareDVSConfigInfo) types.DVPortgroupConfigInfo {
	no := func() *types.BoolPolicy { return &types.BoolPolicy{Value: types.NewBool(false)} }
	info := types.DVPortgroupConfigInfo{
		Name:     fmt.Sprintf("%s-DVUplinks-%s", cfg.Name, strings.TrimPrefix(dvs.Self.Value, "dvs-")),
		NumPorts: 0, Uplink: types.NewBool(true),
		DefaultPortConfig: &types.VMwareDVSPortSetting{
			DVPortSetting: types.DVPortSetting{Blocked: no()},
			Vlan:          &types.VmwareDistributedVirtualSwitchTrunkVlanSpec{VlanId: []types.NumericRange{{Start: 0, End: 4094}}},
		},
	}
	return info
}

func portgroupPolicy() *types.VMwareDVSPortgroupPolicy {
	no := types.NewBool(false)
	return &types.VMwareDVSPortgroupPolicy{
		DVPortgroupPolicy: types.DVPortgroupPolicy{
			BlockOverrideAllowed: true, PortConfigResetAtDisconnect: true, NetworkResourcePoolOverrideAllowed: no, TrafficFilterOverrideAllowed: no,
		},
		IpfixOverrideAllowed: no,
	}
}

// addPortGroup puts a port group into its switch's folder and shows it on the switch's hosts.
func (s *Sim) addPortGroup(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, info types.DVPortgroupConfigInfo) types.ManagedObjectReference {
	var port *types.VMwareDVSPortSetting
	var hosts []types.ManagedObjectReference
	var parent types.ManagedObjectReference
	ctx.WithLock(dvs, func() {
		port = clone(dvs.Config.(*types.VMwareDVSConfigInfo).DefaultPortConfig.(*types.VMwareDVSPortSetting))
		hosts, parent = slices.Clone(dvs.Summary.HostMember), *dvs.Parent
	})
	pg := &simulator.DistributedVirtualPortgroup{}
	pg.Name = info.Name
	pg.Entity().Name = info.Name
	ctx.Map.NewEntity(pg)
	own, _ := info.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	info.Key, info.ConfigVersion, info.DistributedVirtualSwitch = pg.Self.Value, "0", &dvs.Self
	info.DefaultPortConfig = followPort(own, port)
	set(&info.Type, "earlyBinding", info.Type)
	set(&info.BackingType, "standard", info.BackingType)
	if info.Policy == nil {
		info.Policy = portgroupPolicy()
	}
	if info.AutoExpand == nil {
		info.AutoExpand = types.NewBool(true)
	}
	if info.Uplink == nil {
		info.Uplink = types.NewBool(false)
	}
	pg.Key, pg.Config = info.Key, info
	pg.Summary = &types.NetworkSummary{Network: &pg.Self, Name: info.Name, Accessible: true}
	pg.PortKeys = portKeys(info.NumPorts)
	f := ctx.Map.Get(parent).(*simulator.Folder)
	ctx.Map.PutEntity(f, pg)
	s.addChild(ctx, f, pg.Self)
	if dc := datacenterOf(ctx, pg.Self); dc != nil {
		ctx.WithLock(dc, func() {
			ctx.Update(dc, []types.PropertyChange{{Name: "network", Val: append(slices.Clone(dc.Network), pg.Self)}})
		})
	}
	s.listPortGroups(ctx, dvs, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return append(list, pg.Self) })
	for _, h := range hosts {
		s.showGroupOnHost(ctx, pg.Self, h, true)
	}
	return pg.Self
}

func portKeys(n int32) (keys []string) {
	for i := range n {
		keys = append(keys, strconv.Itoa(int(i)))
	}
	return keys
}

// listPortGroups changes what a switch says of its port groups.
func (s *Sim) listPortGroups(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, change func([]types.ManagedObjectReference) []types.ManagedObjectReference) {
	ctx.WithLock(dvs, func() {
		list := change(slices.Clone(dvs.Portgroup))
		var names []string
		for _, ref := range list {
			if pg, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup); ok {
				names = append(names, pg.Name)
			}
		}
		changeSwitch(ctx, dvs, []types.PropertyChange{{Name: "portgroup", Val: list}, {Name: "summary.portgroupName", Val: names}})
	})
}

func (s *Sim) showGroupsOnHost(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, host types.ManagedObjectReference, present bool) {
	var groups []types.ManagedObjectReference
	ctx.WithLock(dvs, func() { groups = slices.Clone(dvs.Portgroup) })
	for _, pg := range groups {
		s.showGroupOnHost(ctx, pg, host, present)
	}
}

// showGroupOnHost makes a port group one of the host's networks, or none of them any more.
func (s *Sim) showGroupOnHost(ctx *simulator.Context, ref, host types.ManagedObjectReference, present bool) {
	change := func(list []types.ManagedObjectReference, r types.ManagedObjectReference) []types.ManagedObjectReference {
		if present {
			return union(slices.Clone(list), []types.ManagedObjectReference{r})
		}
		return without(list, r)
	}
	if pg, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup); ok {
		ctx.WithLock(pg, func() { ctx.Update(pg, []types.PropertyChange{{Name: "host", Val: change(pg.Host, host)}}) })
	}
	if h, ok := ctx.Map.Get(host).(*simulator.HostSystem); ok {
		ctx.WithLock(h, func() { ctx.Update(h, []types.PropertyChange{{Name: "network", Val: change(h.Network, ref)}}) })
	}
	s.refreshParent(ctx, host)
}

// AddDVPortgroupTask makes port groups.
func (d *distributedSwitch) AddDVPortgroupTask(ctx *simulator.Context, req *types.AddDVPortgroup_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		for _, spec := range req.Spec {
			if _, fault := d.s.createPortGroup(ctx, d.DistributedVirtualSwitch, spec); fault != nil {
				return nil, fault
			}
		}
		return nil, nil
	}
	return &methods.AddDVPortgroup_TaskBody{Res: &types.AddDVPortgroup_TaskResponse{Returnval: d.s.task(ctx, d.Self, "addPortgroups", run)}}
}

// CreateDVPortgroupTask makes one port group and returns it.
func (d *distributedSwitch) CreateDVPortgroupTask(ctx *simulator.Context, req *types.CreateDVPortgroup_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return d.s.createPortGroup(ctx, d.DistributedVirtualSwitch, req.Spec)
	}
	return &methods.CreateDVPortgroup_TaskBody{Res: &types.CreateDVPortgroup_TaskResponse{Returnval: d.s.task(ctx, d.Self, "createPortgroup", run)}}
}

func (s *Sim) createPortGroup(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, spec types.DVPortgroupConfigSpec) (types.AnyType, types.BaseMethodFault) {
	if spec.Name == "" {
		return nil, &types.InvalidArgument{InvalidProperty: "spec.name"}
	}
	var parent types.ManagedObjectReference
	ctx.WithLock(dvs, func() { parent = *dvs.Parent })
	f, ok := ctx.Map.Get(parent).(*simulator.Folder)
	if !ok {
		return nil, &types.ManagedObjectNotFound{Obj: dvs.Self}
	}
	if fault := s.nameTaken(ctx, f, spec.Name); fault != nil {
		return nil, fault
	}
	info := types.DVPortgroupConfigInfo{Name: spec.Name}
	if fault := applyPortGroup(&info, clone(spec)); fault != nil {
		return nil, fault
	}
	info.DefaultPortConfig = clone(spec).DefaultPortConfig
	ref := s.addPortGroup(ctx, dvs, info)
	s.post(&types.DVPortgroupCreatedEvent{DVPortgroupEvent: s.portGroupEvent(ctx, dvs, ref, spec.Name)})
	return ref, nil
}

// applyPortGroup lays a specification over a port group's configuration, port settings aside: unset means unchanged.
func applyPortGroup(info *types.DVPortgroupConfigInfo, spec types.DVPortgroupConfigSpec) types.BaseMethodFault {
	if spec.ConfigVersion != "" && info.ConfigVersion != "" && spec.ConfigVersion != info.ConfigVersion {
		return &types.ConcurrentAccess{}
	}
	set(&info.Name, spec.Name)
	set(&info.NumPorts, spec.NumPorts)
	set(&info.PortNameFormat, spec.PortNameFormat)
	set(&info.Description, spec.Description)
	set(&info.Type, spec.Type)
	set(&info.BackingType, spec.BackingType)
	set(&info.VmVnicNetworkResourcePoolKey, spec.VmVnicNetworkResourcePoolKey)
	set(&info.LogicalSwitchUuid, spec.LogicalSwitchUuid)
	set(&info.SegmentId, spec.SegmentId)
	if spec.Policy != nil {
		info.Policy = wholePolicy(spec.Policy)
	}
	if spec.AutoExpand != nil {
		info.AutoExpand = spec.AutoExpand
	}
	if spec.Scope != nil {
		info.Scope = spec.Scope
	}
	version, _ := strconv.Atoi(info.ConfigVersion)
	info.ConfigVersion = strconv.Itoa(version + 1)
	return nil
}

// wholePolicy fills in what a client that names a policy leaves to vCenter.
func wholePolicy(given types.BaseDVPortgroupPolicy) types.BaseDVPortgroupPolicy {
	policy := portgroupPolicy()
	vmware, ok := given.(*types.VMwareDVSPortgroupPolicy)
	if !ok {
		vmware = &types.VMwareDVSPortgroupPolicy{DVPortgroupPolicy: *given.GetDVPortgroupPolicy()}
	}
	whole := *vmware
	if whole.NetworkResourcePoolOverrideAllowed == nil {
		whole.NetworkResourcePoolOverrideAllowed = policy.NetworkResourcePoolOverrideAllowed
	}
	if whole.TrafficFilterOverrideAllowed == nil {
		whole.TrafficFilterOverrideAllowed = policy.TrafficFilterOverrideAllowed
	}
	if whole.IpfixOverrideAllowed == nil {
		whole.IpfixOverrideAllowed = policy.IpfixOverrideAllowed
	}
	return &whole
}

// ReconfigureDVPortgroupTask changes a port group.
func (p *distributedPortgroup) ReconfigureDVPortgroupTask(ctx *simulator.Context, req *types.ReconfigureDVPortgroup_Task) soap.HasFault {
	pg := p.DistributedVirtualPortgroup
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, p.s.reconfigurePortGroup(ctx, pg, req.Spec)
	}
	return &methods.ReconfigureDVPortgroup_TaskBody{Res: &types.ReconfigureDVPortgroup_TaskResponse{Returnval: p.s.task(ctx, p.Self, "reconfigure", run)}}
}

func (s *Sim) reconfigurePortGroup(ctx *simulator.Context, pg *simulator.DistributedVirtualPortgroup, spec types.DVPortgroupConfigSpec) (fault types.BaseMethodFault) {
	dvs, ok := ctx.Map.Get(*pg.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch)
	if !ok {
		return &types.ManagedObjectNotFound{Obj: pg.Self}
	}
	var parent *types.VMwareDVSPortSetting
	ctx.WithLock(dvs, func() {
		parent = clone(dvs.Config.(*types.VMwareDVSConfigInfo).DefaultPortConfig.(*types.VMwareDVSPortSetting))
	})
	ctx.WithLock(pg, func() {
		info := clone(pg.Config)
		if fault = applyPortGroup(&info, clone(spec)); fault != nil {
			return
		}
		if given, ok := spec.DefaultPortConfig.(*types.VMwareDVSPortSetting); ok {
			layPort(info.DefaultPortConfig.(*types.VMwareDVSPortSetting), clone(given), parent)
		}
		ctx.Update(pg, []types.PropertyChange{
			{Name: "config", Val: info}, {Name: "name", Val: info.Name}, {Name: "portKeys", Val: portKeys(info.NumPorts)},
			{Name: "summary", Val: &types.NetworkSummary{Network: &pg.Self, Name: info.Name, Accessible: true}},
		})
	})
	if fault != nil {
		return fault
	}
	s.listPortGroups(ctx, dvs, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return list })
	s.post(&types.DVPortgroupReconfiguredEvent{DVPortgroupEvent: s.portGroupEvent(ctx, dvs, pg.Self, pg.Name), ConfigSpec: spec})
	return nil
}

// DestroyTask removes a port group that nothing is connected to. That of the uplinks goes with its switch only.
func (p *distributedPortgroup) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	pg := p.DistributedVirtualPortgroup
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		dvs, ok := ctx.Map.Get(*pg.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch)
		switch {
		case !ok:
			return nil, &types.ManagedObjectNotFound{Obj: pg.Self}
		case isTrue(pg.Config.Uplink) || p.s.portGroupInUse(ctx, pg.Self):
			return nil, &types.ResourceInUse{Type: "DistributedVirtualPortgroup", Name: pg.Name}
		}
		event := p.s.portGroupEvent(ctx, dvs, pg.Self, pg.Name)
		p.s.dropPortGroup(ctx, dvs, pg.Self)
		p.s.post(&types.DVPortgroupDestroyedEvent{DVPortgroupEvent: event})
		return nil, nil
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: p.s.task(ctx, p.Self, "destroy", run)}}
}

func (s *Sim) dropPortGroup(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, ref types.ManagedObjectReference) {
	pg, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup)
	if !ok {
		return
	}
	var hosts []types.ManagedObjectReference
	var parent types.ManagedObjectReference
	ctx.WithLock(pg, func() { hosts, parent = slices.Clone(pg.Host), *pg.Parent })
	for _, h := range hosts {
		s.showGroupOnHost(ctx, ref, h, false)
	}
	s.listPortGroups(ctx, dvs, func(list []types.ManagedObjectReference) []types.ManagedObjectReference { return without(list, ref) })
	if dc := datacenterOf(ctx, ref); dc != nil {
		ctx.WithLock(dc, func() {
			ctx.Update(dc, []types.PropertyChange{{Name: "network", Val: without(dc.Network, ref)}})
		})
	}
	s.removeChild(ctx, parent, ref)
}

// portGroupInUse tells whether a machine or a host's own adapter is connected to a distributed port group.
func (s *Sim) portGroupInUse(ctx *simulator.Context, ref types.ManagedObjectReference) bool {
	for _, m := range s.selectMachines(func(*machine) bool { return true }) {
		vm, ok := ctx.Map.Get(m.ref).(*simulator.VirtualMachine)
		if !ok {
			continue
		}
		connected := false
		ctx.WithLock(vm, func() { connected = slices.Contains(vm.Network, ref) })
		if connected {
			return true
		}
	}
	return slices.ContainsFunc(s.allHosts(), func(h managedHost) bool {
		return s.vnicOn(ctx, h.ref, []types.ManagedObjectReference{ref})
	})
}

func (s *Sim) portGroupEvent(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, ref types.ManagedObjectReference, name string) types.DVPortgroupEvent {
	e := s.switchEvent(ctx, dvs).Event
	e.Net = &types.NetworkEventArgument{EntityEventArgument: named(name), Network: ref}
	return types.DVPortgroupEvent{Event: e}
}
