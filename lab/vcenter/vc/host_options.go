package vc

import (
	"maps"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Advanced settings of a host that have an effect here.
const (
	// suppressShellWarning keeps vCenter from warning of an open shell (VMware KB 2003637).
	suppressShellWarning = "UserVars.SuppressShellWarning"
	// apdHandling lets a host give up retrying a device that none of its paths reach; apdTimeout says after how many seconds
	// (vSphere Storage, "Disable Storage APD Handling" and "Change Timeout Limits for Storage APD").
	apdHandling = "Misc.APDHandlingEnable"
	apdTimeout  = "Misc.APDTimeout"
)

// hostOption is the default of an advanced setting, with its range.
type hostOption struct{ value, least, most int64 }

// hostOptionDefaults are ESXi's own, as its definitions of these settings say them; but the lab's hosts suppress the warning of
// an open shell, as a site does that keeps SSH open on purpose.
var hostOptionDefaults = map[string]hostOption{
	suppressShellWarning: {1, 0, 1},
	apdHandling:          {1, 0, 1},
	apdTimeout:           {140, 20, 999999},
}

// option is the value of one of these settings.
func (h managedHost) option(key string) int64 {
	if v, ok := h.options[key]; ok {
		return v
	}
	return hostOptionDefaults[key].value
}

// apdTimeout is for how long the host retries a device that none of its paths reach; zero is without end.
func (h managedHost) apdTimeout() time.Duration {
	return time.Duration(h.option(apdHandling)*h.option(apdTimeout)) * time.Second
}

// hostOptions are a host's advanced settings.
type hostOptions struct {
	*simulator.OptionManager
	s    *Sim
	host types.ManagedObjectReference
}

// UpdateOptions changes all of the settings or none; a host has those that it has, and gets no others. A whole number is a long integer there, as ESXi insists.
func (o *hostOptions) UpdateOptions(ctx *simulator.Context, req *types.UpdateOptions) soap.HasFault {
	changed := map[string]int64{}
	for _, change := range req.ChangedValue {
		option := change.GetOptionValue()
		if !slices.ContainsFunc(o.Setting, func(own types.BaseOptionValue) bool { return own.GetOptionValue().Key == option.Key }) {
			return &methods.UpdateOptionsBody{Fault_: simulator.Fault("", &types.InvalidName{Name: option.Key})}
		}
		known, ok := hostOptionDefaults[option.Key]
		if !ok {
			continue
		}
		n, ok := option.Value.(int64)
		if !ok || n < known.least || n > known.most {
			return &methods.UpdateOptionsBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: option.Key})}
		}
		changed[option.Key] = n
	}
	body := o.OptionManager.UpdateOptions(req)
	o.s.updateHost(o.host, func(m *managedHost) {
		m.options = maps.Clone(m.options) // copies of the host share the old one
		if m.options == nil {
			m.options = map[string]int64{}
		}
		maps.Copy(m.options, changed)
	})
	o.s.change(ctx, o.host, types.PropertyChange{Name: "config.option", Val: clone(o.Setting)})
	o.s.warnOfShells(ctx, o.host)
	return body
}

// addOptions gives a host its advanced settings. The caller holds the host's lock.
func (s *Sim) addOptions(ctx *simulator.Context, h *simulator.HostSystem) {
	options, ok := ctx.Map.Get(*h.ConfigManager.AdvancedOption).(*simulator.OptionManager)
	if !ok {
		return
	}
	req := &types.UpdateOptions{}
	for _, key := range slices.Sorted(maps.Keys(hostOptionDefaults)) {
		req.ChangedValue = append(req.ChangedValue, &types.OptionValue{Key: key, Value: hostOptionDefaults[key].value})
	}
	options.UpdateOptions(req)
	h.Config.Option = clone(options.Setting)
	ctx.Map.Put(&hostOptions{OptionManager: options, s: s, host: h.Self})
}
