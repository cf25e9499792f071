package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/guest"
)

// guestBooted publishes what VMware Tools report when a guest has started.
func (s *Sim) guestBooted(id string) {
	m, ok := s.machineByID(id)
	if !ok {
		return
	}
	s.reportTools(s.context(), m.ref)
}

// reportTools publishes the guest's state as its host sees it: Tools, addresses and heartbeat.
func (s *Sim) reportTools(ctx *simulator.Context, ref types.ManagedObjectReference) {
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	ctx.WithLock(vm, func() {
		status, running := s.fleet.Status(vm.Config.InstanceUuid)
		p := guest.ProfileOf(vm.Config.GuestId)
		info := guestInfo(*vm.Guest, p, status, running, vm.Name)
		heartbeat := types.ManagedEntityStatusGray
		if running && status.Booted && p.ToolsVersion != "" {
			heartbeat = types.ManagedEntityStatusGreen
		}
		ctx.Update(vm, []types.PropertyChange{
			{Name: "guest", Val: &info},
			{Name: "summary.guest", Val: &types.VirtualMachineGuestSummary{
				GuestId: info.GuestId, GuestFullName: info.GuestFullName, ToolsStatus: info.ToolsStatus, ToolsRunningStatus: info.ToolsRunningStatus,
				ToolsVersionStatus: info.ToolsVersionStatus, ToolsVersionStatus2: info.ToolsVersionStatus2, HostName: info.HostName, IpAddress: info.IpAddress,
			}},
			{Name: "guestHeartbeatStatus", Val: heartbeat},
			{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
		})
	})
}

func guestInfo(info types.GuestInfo, p guest.Profile, status guest.Status, running bool, name string) types.GuestInfo {
	info.Net = slices.Clone(info.Net)
	info.ToolsStatus, info.ToolsRunningStatus = types.VirtualMachineToolsStatusToolsNotInstalled, "guestToolsNotRunning"
	info.ToolsVersionStatus, info.ToolsVersionStatus2 = "guestToolsNotInstalled", "guestToolsNotInstalled"
	info.GuestState, info.IpAddress, info.HostName, info.GuestId, info.GuestFullName = "notRunning", "", "", "", ""
	info.InteractiveGuestOperationsReady, info.GuestOperationsReady = types.NewBool(false), types.NewBool(false)
	for i := range info.Net {
		info.Net[i].IpAddress, info.Net[i].IpConfig, info.Net[i].Connected = nil, nil, false
	}
	if p.ToolsVersion == "" {
		if running {
			info.GuestState = "unknown"
		}
		return info
	}
	info.ToolsStatus, info.ToolsVersion = types.VirtualMachineToolsStatusToolsNotRunning, p.ToolsVersion
	info.ToolsVersionStatus, info.ToolsVersionStatus2 = "guestToolsUnmanaged", "guestToolsUnmanaged"
	if !running || !status.Booted {
		return info
	}
	info.ToolsStatus, info.ToolsRunningStatus, info.GuestState = types.VirtualMachineToolsStatusToolsOk, "guestToolsRunning", "running"
	info.GuestFamily, info.GuestFullName, info.HostName, info.IpAddress = p.Family, p.FullName, name, status.Address
	for i := range info.Net {
		info.Net[i].Connected = true
		if i == 0 && status.Address != "" {
			info.Net[i].IpAddress = []string{status.Address}
			info.Net[i].IpConfig = &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{{IpAddress: status.Address, PrefixLength: 24, State: "preferred"}}}
		}
	}
	return info
}

// uptime is how long a machine has run, in lab seconds.
func (s *Sim) uptime(since time.Time) int32 { return int32(s.clock.Since(since).Seconds()) }
