package vc

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// distributedSwitch is a VmwareDistributedVirtualSwitch, the only kind that vCenter makes today.
type distributedSwitch struct {
	*simulator.DistributedVirtualSwitch
	s *Sim
}

const switchType = "VmwareDistributedVirtualSwitch"

// CreateDVSTask makes a switch with its group of uplinks, and adds the hosts that the specification names.
func (f *folder) CreateDVSTask(ctx *simulator.Context, req *types.CreateDVS_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return f.s.createSwitch(ctx, f.Folder, req.Spec)
	}
	return &methods.CreateDVS_TaskBody{Res: &types.CreateDVS_TaskResponse{Returnval: f.s.task(ctx, f.Self, "createDVS", run)}}
}

func (s *Sim) createSwitch(ctx *simulator.Context, f *simulator.Folder, spec types.DVSCreateSpec) (types.AnyType, types.BaseMethodFault) {
	if spec.ConfigSpec == nil || spec.ConfigSpec.GetDVSConfigSpec().Name == "" {
		return nil, &types.InvalidArgument{InvalidProperty: "spec.configSpec.name"}
	}
	version := newestSwitch
	if spec.ProductInfo != nil {
		set(&version, spec.ProductInfo.Version)
	}
	if !slices.Contains(switchVersions, version) {
		return nil, &types.InvalidArgument{InvalidProperty: "spec.productInfo.version"}
	}
	name := spec.ConfigSpec.GetDVSConfigSpec().Name
	if fault := s.nameTaken(ctx, f, name); fault != nil {
		return nil, fault
	}
	cfg := switchDefaults(name, version)
	given := clone(spec.ConfigSpec)
	given.GetDVSConfigSpec().ConfigVersion = "" // there is none to compare with
	if fault := applySwitch(cfg, given); fault != nil {
		return nil, fault
	}
	dvs := &simulator.DistributedVirtualSwitch{}
	dvs.Self.Type, dvs.Name, dvs.Uuid = switchType, name, cfg.Uuid
	ctx.Map.NewEntity(dvs)
	yes := types.NewBool(true)
	dvs.Capability = types.DVSCapability{DvsOperationSupported: yes, DvPortGroupOperationSupported: yes, DvPortOperationSupported: yes}
	dvs.Config, dvs.Runtime = cfg, &types.DVSRuntimeInfo{}
	dvs.Summary = summaryOfSwitch(cfg)
	ctx.Map.PutEntity(f, dvs)
	s.addChild(ctx, f, dvs.Self)
	uplinks := s.addPortGroup(ctx, dvs, uplinkGroup(dvs, cfg))
	s.updateSwitch(ctx, dvs, func(cfg *types.VMwareDVSConfigInfo) types.BaseMethodFault {
		cfg.UplinkPortgroup = []types.ManagedObjectReference{uplinks}
		return nil
	})
	s.post(&types.DvsCreatedEvent{DvsEvent: s.switchEvent(ctx, dvs), Parent: types.FolderEventArgument{Folder: f.Self, EntityEventArgument: named(f.Name)}})
	if fault := s.changeMembers(ctx, dvs, given.GetDVSConfigSpec().Host); fault != nil {
		_ = s.removeSwitch(ctx, dvs)
		return nil, fault
	}
	return dvs.Self, nil
}

func summaryOfSwitch(cfg *types.VMwareDVSConfigInfo) types.DVSSummary {
	product, contact := cfg.ProductInfo, cfg.Contact
	return types.DVSSummary{
		Name: cfg.Name, Uuid: cfg.Uuid, NumPorts: cfg.NumPorts, ProductInfo: &product, Description: cfg.Description, Contact: &contact,
	}
}

// nameTaken refuses a second object of a name in a folder.
func (s *Sim) nameTaken(ctx *simulator.Context, f *simulator.Folder, name string) types.BaseMethodFault {
	var children []types.ManagedObjectReference
	ctx.WithLock(f, func() { children = slices.Clone(f.ChildEntity) })
	if e := ctx.Map.FindByName(name, children); e != nil {
		return &types.DuplicateName{Name: name, Object: e.Reference()}
	}
	return nil
}

// addChild lists an object in its folder.
func (s *Sim) addChild(ctx *simulator.Context, f *simulator.Folder, child types.ManagedObjectReference) {
	ctx.WithLock(f, func() {
		ctx.Update(f, []types.PropertyChange{{Name: "childEntity", Val: append(slices.Clone(f.ChildEntity), child)}})
	})
}

// changeSwitch updates properties of a switch, whose lock the caller holds. The simulator keeps it as a value of the API's
// base type and finds properties by their place in the type that its reference names.
func changeSwitch(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, changes []types.PropertyChange) {
	whole := &mo.VmwareDistributedVirtualSwitch{DistributedVirtualSwitch: dvs.DistributedVirtualSwitch}
	ctx.Update(whole, changes)
	dvs.DistributedVirtualSwitch = whole.DistributedVirtualSwitch
}

// updateSwitch changes a copy of a switch's configuration and publishes it with what depends on it.
func (s *Sim) updateSwitch(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, change func(*types.VMwareDVSConfigInfo) types.BaseMethodFault) (fault types.BaseMethodFault) {
	var groups []types.ManagedObjectReference
	var port *types.VMwareDVSPortSetting
	ctx.WithLock(dvs, func() {
		cfg := clone(dvs.Config.(*types.VMwareDVSConfigInfo))
		if fault = change(cfg); fault != nil {
			return
		}
		sum := summaryOfSwitch(cfg)
		for _, m := range cfg.Host {
			sum.HostMember = append(sum.HostMember, *m.Config.Host)
		}
		sum.Host, sum.NumHosts, sum.PortgroupName = slices.Clone(sum.HostMember), int32(len(sum.HostMember)), dvs.Summary.PortgroupName
		changeSwitch(ctx, dvs, []types.PropertyChange{
			{Name: "config", Val: cfg}, {Name: "summary", Val: sum}, {Name: "name", Val: cfg.Name}, {Name: "runtime", Val: runtimeOf(cfg)},
		})
		groups, port = slices.Clone(dvs.Portgroup), cfg.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	})
	if fault != nil {
		return fault
	}
	for _, ref := range groups {
		if pg, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup); ok {
			ctx.WithLock(pg, func() {
				own, _ := pg.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting)
				var setting types.BaseDVPortSetting = followPort(own, port)
				ctx.Update(pg, []types.PropertyChange{{Name: "config.defaultPortConfig", Val: setting}})
			})
		}
	}
	return nil
}

func runtimeOf(cfg *types.VMwareDVSConfigInfo) *types.DVSRuntimeInfo {
	r := &types.DVSRuntimeInfo{}
	for _, m := range cfg.Host {
		r.HostMemberRuntime = append(r.HostMemberRuntime, types.HostMemberRuntimeInfo{Host: *m.Config.Host, Status: m.Status})
	}
	return r
}

// ReconfigureDvsTask changes configuration and members.
func (d *distributedSwitch) ReconfigureDvsTask(ctx *simulator.Context, req *types.ReconfigureDvs_Task) soap.HasFault {
	dvs := d.DistributedVirtualSwitch
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		spec := req.Spec.GetDVSConfigSpec()
		if fault := d.s.updateSwitch(ctx, dvs, func(cfg *types.VMwareDVSConfigInfo) types.BaseMethodFault {
			return applySwitch(cfg, clone(req.Spec))
		}); fault != nil {
			return nil, fault
		}
		if fault := d.s.changeMembers(ctx, dvs, spec.Host); fault != nil {
			return nil, fault
		}
		d.s.post(&types.DvsReconfiguredEvent{DvsEvent: d.s.switchEvent(ctx, dvs), ConfigSpec: req.Spec})
		return nil, nil
	}
	return &methods.ReconfigureDvs_TaskBody{Res: &types.ReconfigureDvs_TaskResponse{Returnval: d.s.task(ctx, d.Self, "reconfigure", run)}}
}

// PerformDvsProductSpecOperationTask upgrades a switch; there is no way back.
func (d *distributedSwitch) PerformDvsProductSpecOperationTask(ctx *simulator.Context, req *types.PerformDvsProductSpecOperation_Task) soap.HasFault {
	dvs := d.DistributedVirtualSwitch
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if req.Operation != string(types.DistributedVirtualSwitchProductSpecOperationTypeUpgrade) || req.ProductSpec == nil {
			return nil, &types.NotSupported{}
		}
		return nil, d.s.updateSwitch(ctx, dvs, func(cfg *types.VMwareDVSConfigInfo) types.BaseMethodFault {
			now, wanted := slices.Index(switchVersions, cfg.ProductInfo.Version), slices.Index(switchVersions, req.ProductSpec.Version)
			if wanted < now {
				return &types.InvalidArgument{InvalidProperty: "productSpec.version"}
			}
			cfg.ProductInfo = switchProduct(req.ProductSpec.Version)
			return applySwitch(cfg, &types.DVSConfigSpec{})
		})
	}
	return &methods.PerformDvsProductSpecOperation_TaskBody{Res: &types.PerformDvsProductSpecOperation_TaskResponse{
		Returnval: d.s.task(ctx, d.Self, "performProductSpecOperation", run),
	}}
}

// EnableNetworkResourceManagement turns network I/O control on or off.
func (d *distributedSwitch) EnableNetworkResourceManagement(ctx *simulator.Context, req *types.EnableNetworkResourceManagement) soap.HasFault {
	_ = d.s.updateSwitch(ctx, d.DistributedVirtualSwitch, func(cfg *types.VMwareDVSConfigInfo) types.BaseMethodFault {
		cfg.NetworkResourceManagementEnabled = req.Enable
		return nil
	})
	return &methods.EnableNetworkResourceManagementBody{Res: &types.EnableNetworkResourceManagementResponse{}}
}

// DestroyTask removes a switch with its port groups, unless something is connected to it.
func (d *distributedSwitch) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	dvs := d.DistributedVirtualSwitch
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		return nil, d.s.removeSwitch(ctx, dvs)
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: d.s.task(ctx, d.Self, "destroy", run)}}
}

func (s *Sim) removeSwitch(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch) types.BaseMethodFault {
	var groups []types.ManagedObjectReference
	var cfg *types.VMwareDVSConfigInfo
	var parent types.ManagedObjectReference
	ctx.WithLock(dvs, func() {
		groups, cfg, parent = slices.Clone(dvs.Portgroup), clone(dvs.Config.(*types.VMwareDVSConfigInfo)), *dvs.Parent
	})
	for _, ref := range groups {
		if s.portGroupInUse(ctx, ref) {
			return &types.ResourceInUse{Type: switchType, Name: cfg.Name}
		}
	}
	event := s.switchEvent(ctx, dvs)
	for _, ref := range groups {
		s.dropPortGroup(ctx, dvs, ref)
	}
	for _, m := range cfg.Host {
		s.setProxySwitch(ctx, *m.Config.Host, cfg, nil)
	}
	s.removeChild(ctx, parent, dvs.Self)
	s.post(&types.DvsDestroyedEvent{DvsEvent: event})
	return nil
}

func (s *Sim) switchEvent(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch) types.DvsEvent {
	e := s.event(ctx, dvs.Self)
	e.Dvs = &types.DvsEventArgument{EntityEventArgument: named(dvs.Name), Dvs: dvs.Self}
	return types.DvsEvent{Event: e}
}

// switchManager finds switches and port groups.
type switchManager struct {
	*simulator.DistributedVirtualSwitchManager
	s *Sim
}

// findSwitch looks a switch up by its identifier, however that is written.
func findSwitch(ctx *simulator.Context, id string) *simulator.DistributedVirtualSwitch {
	plain := strings.NewReplacer(" ", "", "-", "")
	for _, e := range ctx.Map.All(switchType) {
		if dvs, ok := e.(*simulator.DistributedVirtualSwitch); ok && strings.EqualFold(plain.Replace(dvs.Uuid), plain.Replace(id)) {
			return dvs
		}
	}
	return nil
}

func (m *switchManager) QueryDvsByUuid(ctx *simulator.Context, req *types.QueryDvsByUuid) soap.HasFault {
	dvs := findSwitch(ctx, req.Uuid)
	if dvs == nil {
		return &methods.QueryDvsByUuidBody{Fault_: simulator.Fault("", &types.NotFound{})}
	}
	return &methods.QueryDvsByUuidBody{Res: &types.QueryDvsByUuidResponse{Returnval: &dvs.Self}}
}

func (m *switchManager) DVSManagerLookupDvPortGroup(ctx *simulator.Context, req *types.DVSManagerLookupDvPortGroup) soap.HasFault {
	if dvs := findSwitch(ctx, req.SwitchUuid); dvs != nil {
		var groups []types.ManagedObjectReference
		ctx.WithLock(dvs, func() { groups = slices.Clone(dvs.Portgroup) })
		for _, ref := range groups {
			if ref.Value == req.PortgroupKey {
				return &methods.DVSManagerLookupDvPortGroupBody{Res: &types.DVSManagerLookupDvPortGroupResponse{Returnval: &ref}}
			}
		}
	}
	return &methods.DVSManagerLookupDvPortGroupBody{Fault_: simulator.Fault("", &types.NotFound{})}
}

// QueryAvailableDvsSpec lists the versions that a switch can have.
func (m *switchManager) QueryAvailableDvsSpec(*simulator.Context, *types.QueryAvailableDvsSpec) soap.HasFault {
	res := &types.QueryAvailableDvsSpecResponse{}
	for _, v := range switchVersions {
		res.Returnval = append(res.Returnval, switchProduct(v))
	}
	return &methods.QueryAvailableDvsSpecBody{Res: res}
}

var _ mo.Reference = (*distributedSwitch)(nil)
