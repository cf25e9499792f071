package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/guest"
)

// guestChanged publishes what VMware Tools report of a guest, or that they report nothing any more.
func (s *Sim) guestChanged(id string) {
	m, ok := s.machineByID(id)
	if !ok {
		return
	}
	if h, ok := s.host(m.host); ok && !s.reaches(h.server) {
		return // vCenter hears of it when the host is back
	}
	s.reportTools(s.context(), m.ref)
}

// reportTools publishes the guest's state as its host sees it: Tools, addresses and heartbeat.
func (s *Sim) reportTools(ctx *simulator.Context, ref types.ManagedObjectReference) {
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	before, after, booted := "", "", false
	ctx.WithLock(vm, func() {
		status, running := s.fleet.Status(vm.Config.InstanceUuid)
		before = vm.Guest.AppHeartbeatStatus
		p := guest.ProfileOf(vm.Config.GuestId)
		known, _ := s.machine(ref)
		info := guestInfo(*vm.Guest, p, status, running, guestName(vm.Name, vm.Config), known.identity)
		s.appInfo(&info, status)
		after = info.AppHeartbeatStatus
		heartbeat := s.heartbeat(status)
		summary := types.VirtualMachineGuestSummary{
			GuestId: info.GuestId, GuestFullName: info.GuestFullName, ToolsStatus: info.ToolsStatus, ToolsRunningStatus: info.ToolsRunningStatus,
			ToolsVersionStatus: info.ToolsVersionStatus, ToolsVersionStatus2: info.ToolsVersionStatus2, HostName: info.HostName, IpAddress: info.IpAddress,
		}
		changes := slices.Concat(fieldChanges("guest", *vm.Guest, info), fieldChanges("summary.guest", *vm.Summary.Guest, summary))
		if vm.GuestHeartbeatStatus != heartbeat {
			changes = append(changes,
				types.PropertyChange{Name: "guestHeartbeatStatus", Val: heartbeat},
				types.PropertyChange{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat})
		}
		if len(changes) > 0 {
			ctx.Update(vm, changes)
		}
		booted = running && status.Tools
	})
	if m, ok := s.machine(ref); ok && before != "" && before != after {
		message := "The application heartbeat of " + m.name + " changed from " + before + " to " + after
		s.post(s.extended("com.vmware.vc.vmam.VmAppHealthMonitoringStateChangedEvent", "info", message, s.vmEvent(ctx, m).Event, ref, m.name))
	}
	if booted {
		s.customized(ctx, vm)
	}
}

// heartbeat is the colour of a guest's heartbeat: gray where Tools do not run, otherwise by the time since the last one.
func (s *Sim) heartbeat(status guest.Status) types.ManagedEntityStatus {
	switch silent := s.clock.Since(status.LastBeat); {
	case !status.Tools:
		return types.ManagedEntityStatusGray
	case status.LastBeat.IsZero() || silent < guest.YellowAfter:
		return types.ManagedEntityStatusGreen
	case silent < guest.RedAfter:
		return types.ManagedEntityStatusYellow
	}
	return types.ManagedEntityStatusRed
}

// appInfo tells of the application that is monitored in the guest, if one is.
func (s *Sim) appInfo(info *types.GuestInfo, status guest.Status) {
	info.AppHeartbeatStatus = string(types.VirtualMachineAppHeartbeatStatusTypeAppStatusGray)
	info.AppState = string(types.GuestInfoAppStateTypeNone)
	if !status.App {
		return
	}
	info.AppHeartbeatStatus, info.AppState = string(types.VirtualMachineAppHeartbeatStatusTypeAppStatusGreen), string(types.GuestInfoAppStateTypeAppStateOk)
	if s.clock.Since(status.AppMarked) >= guest.AppTimeout {
		info.AppHeartbeatStatus = string(types.VirtualMachineAppHeartbeatStatusTypeAppStatusRed)
	}
	if status.NeedsReset {
		info.AppState = string(types.GuestInfoAppStateTypeAppStateNeedReset)
	}
}

func guestInfo(info types.GuestInfo, p guest.Profile, status guest.Status, running bool, name string, id *identity) types.GuestInfo {
	info.Net = slices.Clone(info.Net)
	info.ToolsStatus, info.ToolsRunningStatus = types.VirtualMachineToolsStatusToolsNotInstalled, "guestToolsNotRunning"
	info.ToolsVersionStatus, info.ToolsVersionStatus2 = "guestToolsNotInstalled", "guestToolsNotInstalled"
	info.GuestState, info.IpAddress, info.HostName, info.GuestId, info.GuestFullName = "notRunning", "", "", "", ""
	info.InteractiveGuestOperationsReady, info.GuestOperationsReady = types.NewBool(false), types.NewBool(false)
	info.IpStack = nil
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
	info.GuestKernelCrashed = types.NewBool(status.Crashed)
	if !running || !status.Tools {
		return info
	}
	ready := types.NewBool(status.LastBeat.IsZero())
	info.GuestOperationsReady, info.InteractiveGuestOperationsReady = ready, ready
	info.ToolsStatus, info.ToolsRunningStatus, info.GuestState = types.VirtualMachineToolsStatusToolsOk, "guestToolsRunning", "running"
	info.GuestFamily, info.GuestFullName, info.HostName, info.IpAddress = p.Family, p.FullName, name, status.Address
	if id != nil && id.hostName != "" {
		info.HostName = id.hostName
	}
	describeGuestNetwork(&info, status.Address, id)
	return info
}

// uptime is how long a machine has run, in lab seconds.
func (s *Sim) uptime(since time.Time) int32 { return int32(s.clock.Since(since).Seconds()) }
