package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// serviceSystem keeps which services of a host run and when they start.
type serviceSystem struct {
	mo.HostServiceSystem
	s    *Sim
	host types.ManagedObjectReference
}

// timeServers are those that the lab's hosts are installed with, so many that one which errs is outvoted (vSphere Security,
// "Synchronizing Clocks on the vSphere Network"; RFC 8633, section 3.2).
var timeServers = []string{"ntp-1.lab.test", "ntp-2.lab.test", "ntp-3.lab.test", "ntp-4.lab.test"}

// hostServices are those of an ESXi host (vSphere Security, "ESXi Services"). As installed they are but for two: the SSH
// server, because the lab's hosts answer there, and the NTP client.
func hostServices() []types.HostService {
	on, off := string(types.HostServicePolicyOn), string(types.HostServicePolicyOff)
	service := func(key, label, policy string, running bool) types.HostService {
		return types.HostService{Key: key, Label: label, Policy: policy, Running: running}
	}
	return []types.HostService{
		service("DCUI", "Direct Console UI", on, true), service("TSM", "ESXi Shell", off, false), service("TSM-SSH", "SSH", on, true),
		service("attestd", "attestd", off, false), service("kmxd", "kmxd", off, false), service("lbtd", "Load-Based Teaming Daemon", on, true),
		service("lwsmd", "Active Directory Service", off, false), service("ntpd", "NTP Daemon", on, true),
		service("pcscd", "PC/SC Smart Card Daemon", off, false), service("ptpd", "PTP Daemon", off, false),
		service("sfcbd-watchdog", "CIM Server", on, false), service("slpd", "slpd", off, false), service("snmpd", "SNMP Server", on, false),
		service("vltd", "vltd", off, false), service("vmsyslogd", "Syslog Server", on, true), service("vpxa", "VMware vCenter Agent", on, true),
		service("xorg", "X.Org Server", on, false),
	}
}

// edit changes one service and shows it at the host too.
func (v *serviceSystem) edit(ctx *simulator.Context, id string, change func(*types.HostService)) *soap.Fault {
	list := slices.Clone(v.ServiceInfo.Service)
	i := slices.IndexFunc(list, func(s types.HostService) bool { return s.Key == id })
	if i < 0 {
		return simulator.Fault("", &types.NotFound{})
	}
	change(&list[i])
	ctx.Update(v, []types.PropertyChange{{Name: "serviceInfo", Val: types.HostServiceInfo{Service: list}}})
	if h, ok := ctx.Map.Get(v.host).(*simulator.HostSystem); ok {
		ctx.WithLock(h, func() {
			ctx.Update(h, []types.PropertyChange{{Name: "config.service", Val: &types.HostServiceInfo{Service: slices.Clone(list)}}})
		})
	}
	v.s.warnOfShells(ctx, v.host)
	return nil
}

// StartService starts a service; to start one that runs is no error.
func (v *serviceSystem) StartService(ctx *simulator.Context, req *types.StartService) soap.HasFault {
	if fault := v.edit(ctx, req.Id, func(s *types.HostService) { s.Running = true }); fault != nil {
		return &methods.StartServiceBody{Fault_: fault}
	}
	return &methods.StartServiceBody{Res: &types.StartServiceResponse{}}
}

func (v *serviceSystem) StopService(ctx *simulator.Context, req *types.StopService) soap.HasFault {
	if fault := v.edit(ctx, req.Id, func(s *types.HostService) { s.Running = false }); fault != nil {
		return &methods.StopServiceBody{Fault_: fault}
	}
	return &methods.StopServiceBody{Res: &types.StopServiceResponse{}}
}

func (v *serviceSystem) RestartService(ctx *simulator.Context, req *types.RestartService) soap.HasFault {
	if fault := v.edit(ctx, req.Id, func(s *types.HostService) { s.Running = true }); fault != nil {
		return &methods.RestartServiceBody{Fault_: fault}
	}
	return &methods.RestartServiceBody{Res: &types.RestartServiceResponse{}}
}

func (v *serviceSystem) RefreshServices(*simulator.Context, *types.RefreshServices) soap.HasFault {
	return &methods.RefreshServicesBody{Res: &types.RefreshServicesResponse{}}
}

// UpdateServicePolicy says when a service starts: on, off or automatic.
func (v *serviceSystem) UpdateServicePolicy(ctx *simulator.Context, req *types.UpdateServicePolicy) soap.HasFault {
	if !slices.Contains(types.HostServicePolicy("").Values(), types.HostServicePolicy(req.Policy)) {
		return &methods.UpdateServicePolicyBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "policy"})}
	}
	if fault := v.edit(ctx, req.Id, func(s *types.HostService) { s.Policy = req.Policy }); fault != nil {
		return &methods.UpdateServicePolicyBody{Fault_: fault}
	}
	return &methods.UpdateServicePolicyBody{Res: &types.UpdateServicePolicyResponse{}}
}

// dateTimeSystem keeps a host's NTP servers. Its clock is the lab's all the same.
type dateTimeSystem struct {
	mo.HostDateTimeSystem
	host types.ManagedObjectReference
}

func (d *dateTimeSystem) UpdateDateTimeConfig(ctx *simulator.Context, req *types.UpdateDateTimeConfig) soap.HasFault {
	info := clone(d.DateTimeInfo)
	if n := req.Config.NtpConfig; n != nil {
		info.NtpConfig = &types.HostNtpConfig{Server: slices.Clone(n.Server), ConfigFile: info.NtpConfig.ConfigFile}
		if n.ConfigFile != nil {
			info.NtpConfig.ConfigFile = slices.Clone(n.ConfigFile)
		}
	}
	set(&info.SystemClockProtocol, req.Config.Protocol)
	if req.Config.Enabled != nil {
		info.Enabled = req.Config.Enabled
	}
	ctx.Update(d, []types.PropertyChange{{Name: "dateTimeInfo", Val: info}})
	if h, ok := ctx.Map.Get(d.host).(*simulator.HostSystem); ok {
		own := clone(info)
		ctx.WithLock(h, func() { ctx.Update(h, []types.PropertyChange{{Name: "config.dateTimeInfo", Val: &own}}) })
	}
	return &methods.UpdateDateTimeConfigBody{Res: &types.UpdateDateTimeConfigResponse{}}
}

// addServices gives a host its services and its clock's configuration.
func (s *Sim) addServices(ctx *simulator.Context, h *simulator.HostSystem) {
	services := &serviceSystem{s: s, host: h.Self}
	services.Self = types.ManagedObjectReference{Type: "HostServiceSystem", Value: "serviceSystem-" + h.Self.Value}
	services.ServiceInfo.Service = hostServices()
	ctx.Map.Put(services)
	h.ConfigManager.ServiceSystem = &services.Self
	h.Config.Service = &types.HostServiceInfo{Service: hostServices()}
	clock := &dateTimeSystem{host: h.Self}
	clock.Self = types.ManagedObjectReference{Type: "HostDateTimeSystem", Value: "dateTimeSystem-" + h.Self.Value}
	clock.DateTimeInfo = types.HostDateTimeInfo{
		TimeZone: types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC"}, SystemClockProtocol: "ntp",
		NtpConfig: &types.HostNtpConfig{Server: slices.Clone(timeServers)}, Enabled: types.NewBool(true),
	}
	ctx.Map.Put(clock)
	h.ConfigManager.DateTimeSystem = &clock.Self
	own := clone(clock.DateTimeInfo)
	h.Config.DateTimeInfo = &own
}
