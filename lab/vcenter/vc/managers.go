package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// accessManager keeps a host's lockdown mode.
type accessManager struct {
	mo.HostAccessManager
	host types.ManagedObjectReference
}

func (a *accessManager) ChangeLockdownMode(ctx *simulator.Context, r *types.ChangeLockdownMode) soap.HasFault {
	ctx.Update(a, []types.PropertyChange{{Name: "lockdownMode", Val: r.Mode}})
	if h, ok := ctx.Map.Get(a.host).(*simulator.HostSystem); ok {
		ctx.WithLock(h, func() { ctx.Update(h, []types.PropertyChange{{Name: "config.lockdownMode", Val: r.Mode}}) })
	}
	return &methods.ChangeLockdownModeBody{Res: &types.ChangeLockdownModeResponse{}}
}

// vsanSystem says that vSAN is off: clusters of the lab have none.
type vsanSystem struct{ mo.HostVsanSystem }

// addManagers gives a host the managers that the simulator's hosts lack.
func (s *Sim) addManagers(ctx *simulator.Context, h *simulator.HostSystem) {
	access := &accessManager{host: h.Self}
	access.Self = types.ManagedObjectReference{Type: "HostAccessManager", Value: "access-" + h.Self.Value}
	access.LockdownMode = types.HostLockdownModeLockdownDisabled
	ctx.Map.Put(access)
	vsan := &vsanSystem{}
	vsan.Self = types.ManagedObjectReference{Type: "HostVsanSystem", Value: "vsan-" + h.Self.Value}
	vsan.Config = types.VsanHostConfigInfo{Enabled: types.NewBool(false)}
	ctx.Map.Put(vsan)
	h.ConfigManager.HostAccessManager = &access.Self
	h.ConfigManager.VsanSystem = &vsan.Self
	s.addServices(ctx, h)
	s.addOptions(ctx, h)
}
