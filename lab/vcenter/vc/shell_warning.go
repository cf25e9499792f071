package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// suppressShellWarning is the advanced setting of a host that keeps vCenter from warning of an open shell (VMware KB
// 2003637). The lab's hosts have it set, as a site has that keeps SSH open on purpose.
const suppressShellWarning = "UserVars.SuppressShellWarning"

// hostOptions are a host's advanced settings.
type hostOptions struct {
	*simulator.OptionManager
	s    *Sim
	host types.ManagedObjectReference
}

func (o *hostOptions) UpdateOptions(ctx *simulator.Context, req *types.UpdateOptions) soap.HasFault {
	for _, change := range req.ChangedValue {
		option := change.GetOptionValue()
		if option.Key != suppressShellWarning {
			continue
		}
		n, ok := option.Value.(int64)
		if !ok || n < 0 || n > 1 {
			return &methods.UpdateOptionsBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: option.Key})}
		}
		o.s.updateHost(o.host, func(m *managedHost) { m.warnsOfShells = n == 0 })
	}
	body := o.OptionManager.UpdateOptions(req)
	o.s.warnOfShells(ctx, o.host)
	return body
}

// addOptions gives a host its advanced settings. The caller holds the host's lock.
func (s *Sim) addOptions(ctx *simulator.Context, h *simulator.HostSystem) {
	options, ok := ctx.Map.Get(*h.ConfigManager.AdvancedOption).(*simulator.OptionManager)
	if !ok {
		return
	}
	options.UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
		&types.OptionValue{Key: suppressShellWarning, Value: int64(1)},
	}})
	ctx.Map.Put(&hostOptions{OptionManager: options, s: s, host: h.Self})
}

// warnOfShells shows which shells of a host are open.
func (s *Sim) warnOfShells(ctx *simulator.Context, ref types.ManagedObjectReference) {
	host, ok := s.host(ref)
	if !ok {
		return
	}
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	var services []types.HostService
	ctx.WithLock(h, func() { services = slices.Clone(h.Config.Service.Service) })
	open := func(key string) bool {
		return host.warnsOfShells && slices.ContainsFunc(services, func(one types.HostService) bool { return one.Key == key && one.Running })
	}
	var shell, ssh types.BaseEvent
	if open("TSM") {
		e := &types.LocalTSMEnabledEvent{HostEvent: s.hostEvent(ctx, ref)}
		e.FullFormattedMessage = "ESXi Shell for the host " + host.server.Name + " has been enabled"
		shell = e
	}
	if open("TSM-SSH") {
		e := &types.RemoteTSMEnabledEvent{HostEvent: s.hostEvent(ctx, ref)}
		e.FullFormattedMessage = "SSH for the host " + host.server.Name + " has been enabled"
		ssh = e
	}
	s.showIssue(ctx, host, shellIssue, shell)
	s.showIssue(ctx, host, sshIssue, ssh)
}
