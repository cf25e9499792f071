package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

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
		return host.option(suppressShellWarning) == 0 && slices.ContainsFunc(services, func(one types.HostService) bool { return one.Key == key && one.Running })
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
