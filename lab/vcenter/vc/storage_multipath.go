package vc

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/hardware"
)

// showPaths publishes the paths of the shared LUN.
func (s *Sim) showPaths(ctx *simulator.Context, h managedHost) {
	host, ok := ctx.Map.Get(h.ref).(*simulator.HostSystem)
	if !ok || h.server.BMC == "" {
		return
	}
	ss, ok := ctx.Map.Get(*host.ConfigManager.StorageSystem).(*simulator.HostStorageSystem)
	if !ok {
		return
	}
	info := types.HostStorageDeviceInfo{}
	ctx.WithLock(ss, func() {
		info = clone(*ss.StorageDeviceInfo)
		info.MultipathInfo = s.multipath(info.MultipathInfo, h.server.Storage())
		ctx.Update(ss, []types.PropertyChange{{Name: "storageDeviceInfo", Val: &info}})
	})
	own := clone(info)
	s.change(ctx, h.ref, types.PropertyChange{Name: "config.storageDevice", Val: &own})
}

// multipath lays the shared LUN's paths over what is known of paths to other devices.
func (s *Sim) multipath(old *types.HostMultipathInfo, storage hardware.Storage) *types.HostMultipathInfo {
	info := types.HostMultipathInfo{}
	if old != nil {
		info = *old
	}
	id := "key-vim.host.MultipathInfo.LogicalUnit-" + s.cfg.LUN.Name
	unit := types.HostMultipathInfoLogicalUnit{
		Key: id, Id: s.cfg.LUN.Name, Lun: s.sharedDisk().Key,
		Policy: &types.HostMultipathInfoLogicalUnitPolicy{Policy: "VMW_PSP_RR"},
	}
	for i, name := range hardware.Paths {
		adapter, _, _ := strings.Cut(name, ":")
		state := "active"
		switch {
		case storage.Paths[i].Off:
			state = "disabled"
		case storage.Path(i) != hardware.Reached:
			state = "dead"
		}
		unit.Path = append(unit.Path, types.HostMultipathInfoPath{
			Key: "key-vim.host.MultipathInfo.Path-" + name, Name: name, PathState: state, State: state,
			Adapter: "key-vim.host.InternetScsiHba-" + adapter, Lun: id, IsWorkingPath: types.NewBool(state == "active"),
		})
	}
	var units []types.HostMultipathInfoLogicalUnit
	for _, u := range info.Lun {
		if u.Key != id {
			units = append(units, u)
		}
	}
	info.Lun = append(units, unit)
	return &info
}
