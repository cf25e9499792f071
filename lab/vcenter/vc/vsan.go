package vc

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vsan"
	"github.com/vmware/govmomi/vsan/methods"
	vsantypes "github.com/vmware/govmomi/vsan/types"

	"vsphere-ha/lab/vcenter/access"
)

// The library knows this type's name in the namespace of vCenter only, where another type has it.
func init() {
	types.Add("vsan:VsanClusterConfigInfo", reflect.TypeFor[vsantypes.VsanClusterConfigInfo]())
}

// serveVSAN answers the vSAN service: clients ask it about every cluster. The lab has no vSAN, so that it says off, keeps
// off, and refuses everything else.
func (s *Sim) serveVSAN() {
	r := simulator.NewRegistry()
	r.Namespace, r.Path = vsan.Namespace, vsan.Path
	r.Handler = func(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if ctx.Session == nil {
			return nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &m.This, PrivilegeId: "System.View"}}
		}
		return nil, nil
	}
	r.Put(&vsanClusters{self: vsan.VsanVcClusterConfigSystemInstance, s: s})
	r.Put(&vsanStretched{self: vsan.VsanVcStretchedClusterSystem, s: s})
	s.svc.RegisterSDK(r)
}

// vsanClusters is the VsanVcClusterConfigSystem.
type vsanClusters struct {
	self types.ManagedObjectReference
	s    *Sim
}

func (v *vsanClusters) Reference() types.ManagedObjectReference { return v.self }

// allowed lets through those who may do with a cluster what a privilege stands for.
func (s *Sim) allowed(ctx *simulator.Context, cluster types.ManagedObjectReference, privilege string) types.BaseMethodFault {
	user := ctx.Session.UserName
	if s.settings(cluster) == nil {
		return &types.ManagedObjectNotFound{Obj: cluster}
	}
	if !s.administers(user) && !s.grants(s.context(), user, access.Need{On: cluster, Privilege: privilege}) {
		return &types.NoPermission{Object: &cluster, PrivilegeId: privilege}
	}
	return nil
}

func (v *vsanClusters) VsanClusterGetConfig(ctx *simulator.Context, req *vsantypes.VsanClusterGetConfig) soap.HasFault {
	if fault := v.s.allowed(ctx, req.Cluster, "System.Read"); fault != nil {
		return &methods.VsanClusterGetConfigBody{Fault_: simulator.Fault("", fault)}
	}
	off := types.NewBool(false)
	var own vsantypes.VsanConfigInfoEx
	own.Enabled, own.VsanEsaEnabled = off, off
	own.DefaultConfig = &types.VsanClusterConfigInfoHostDefaultInfo{AutoClaimStorage: off, ChecksumEnabled: off}
	own.UnmapConfig = &vsantypes.VsanUnmapConfig{}
	own.PerfsvcConfig = &vsantypes.VsanPerfsvcConfig{VerboseMode: off, DiagnosticMode: off}
	own.DataInTransitEncryptionConfig = &vsantypes.VsanDataInTransitEncryptionConfig{Enabled: off}
	return &methods.VsanClusterGetConfigBody{Res: &vsantypes.VsanClusterGetConfigResponse{Returnval: own}}
}

// VsanClusterReconfig takes a configuration in which everything is off, and fails for any other.
func (v *vsanClusters) VsanClusterReconfig(ctx *simulator.Context, req *vsantypes.VsanClusterReconfig) soap.HasFault {
	if fault := v.s.allowed(ctx, req.Cluster, "Host.Inventory.EditCluster"); fault != nil {
		return &methods.VsanClusterReconfigBody{Fault_: simulator.Fault("", fault)}
	}
	run := func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if wantsVSAN(req.VsanReconfigSpec) {
			return nil, &types.NotSupported{}
		}
		return nil, nil
	}
	return &methods.VsanClusterReconfigBody{Res: &vsantypes.VsanClusterReconfigResponse{
		Returnval: v.s.task(v.s.context(), req.Cluster, "vsanClusterReconfigure", run),
	}}
}

// wantsVSAN tells whether a configuration turns something on.
func wantsVSAN(spec vsantypes.VimVsanReconfigSpec) bool {
	if c := spec.VsanClusterConfig; c != nil {
		if info, ok := c.(*vsantypes.VsanClusterConfigInfo); ok && (isTrue(info.Enabled) || isTrue(info.VsanEsaEnabled)) {
			return true
		}
	}
	if d, ok := spec.DatastoreConfig.(*vsantypes.VsanAdvancedDatastoreConfig); ok && len(d.RemoteDatastores) > 0 {
		return true
	}
	return spec.PerfsvcConfig != nil && spec.PerfsvcConfig.Enabled || spec.UnmapConfig != nil && spec.UnmapConfig.Enable ||
		spec.DataInTransitEncryptionConfig != nil && isTrue(spec.DataInTransitEncryptionConfig.Enabled) ||
		spec.DataEfficiencyConfig != nil && spec.DataEfficiencyConfig.DedupEnabled
}

// vsanStretched is the VimClusterVsanVcStretchedClusterSystem.
type vsanStretched struct {
	self types.ManagedObjectReference
	s    *Sim
}

func (v *vsanStretched) Reference() types.ManagedObjectReference { return v.self }

// VSANVcGetWitnessHosts answers that there are none.
func (v *vsanStretched) VSANVcGetWitnessHosts(ctx *simulator.Context, req *vsantypes.VSANVcGetWitnessHosts) soap.HasFault {
	if fault := v.s.allowed(ctx, req.Cluster, "System.Read"); fault != nil {
		return &methods.VSANVcGetWitnessHostsBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.VSANVcGetWitnessHostsBody{Res: &vsantypes.VSANVcGetWitnessHostsResponse{}}
}

func (v *vsanStretched) VSANVcConvertToStretchedCluster(*simulator.Context, *vsantypes.VSANVcConvertToStretchedCluster) soap.HasFault {
	return &methods.VSANVcConvertToStretchedClusterBody{Fault_: simulator.Fault("", &types.NotSupported{})}
}

func (v *vsanStretched) VSANVcRemoveWitnessHost(*simulator.Context, *vsantypes.VSANVcRemoveWitnessHost) soap.HasFault {
	return &methods.VSANVcRemoveWitnessHostBody{Fault_: simulator.Fault("", &types.NotSupported{})}
}
