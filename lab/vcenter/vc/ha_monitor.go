package vc

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// monitor lets the agents reset machines whose guest or application has gone silent. Each agent watches what runs on its
// host by itself: neither a master nor vCenter is needed.
func (h *ha) monitor(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, hosts []managedHost, now time.Duration) {
	var vitals []fdm.Vital
	byID := map[string]machine{}
	for _, v := range h.s.fleet.Vitals() {
		m, ok := h.s.machineByID(v.ID)
		at := slices.IndexFunc(hosts, func(x managedHost) bool { return x.server.Name == v.Host })
		if !ok || at < 0 || m.template || m.system || !hosts[at].server.Agent() {
			continue
		}
		byID[v.ID] = m
		vitals = append(vitals, fdm.Vital{
			ID: v.ID, Since: h.s.clock.At(v.Since), LastBeat: h.s.labInstant(v.LastBeat), LastIO: h.s.labInstant(v.LastIO),
			App: v.App, AppMarked: h.s.labInstant(v.AppMarked), NeedsReset: v.NeedsReset,
		})
	}
	for _, r := range h.monitored.Step(now, vitals, func(id string) fdm.Monitoring { return monitoring(cfg, byID[id].ref) }) {
		h.reset(ctx, byID[r.ID], r)
	}
}

// labInstant converts an instant; a zero one becomes negative.
func (s *Sim) labInstant(t time.Time) time.Duration {
	if t.IsZero() {
		return -1
	}
	return s.clock.At(t)
}

func (h *ha) reset(ctx *simulator.Context, m machine, r fdm.Reset) {
	if r.Reason == fdm.AppSilent {
		h.post(ctx, "com.vmware.vc.vmam.VmDasAppHeartbeatFailedEvent", "warning", m, "The application heartbeat of %s failed")
	}
	h.resetMachine(ctx, m, string(r.Reason))
}

// resetMachine restarts a guest where it is.
func (h *ha) resetMachine(ctx *simulator.Context, m machine, reason string) {
	if h.s.faults.blocks("resetFails", m.name) {
		h.s.post(&types.VmDasResetFailedEvent{VmEvent: h.s.vmEvent(ctx, m)})
		return
	}
	h.s.post(&types.VmDasBeingResetEvent{VmEvent: h.s.vmEvent(ctx, m), Reason: reason})
	if !h.s.fleet.Restart(m.id, "reset by vSphere HA") {
		h.s.post(&types.VmDasResetFailedEvent{VmEvent: h.s.vmEvent(ctx, m)})
		return
	}
	h.s.reportTools(ctx, m.ref)
}

// monitoring is how HA watches a machine: as its override says if it has one of its own, but never beyond what the cluster
// allows (vSphere API reference, ClusterVmToolsMonitoringSettings.vmMonitoring).
func monitoring(cfg *types.ClusterConfigInfoEx, vm types.ManagedObjectReference) fdm.Monitoring {
	var settings types.ClusterVmToolsMonitoringSettings
	if d := cfg.DasConfig.DefaultVmSettings; d != nil && d.VmToolsMonitoringSettings != nil {
		settings = *d.VmToolsMonitoringSettings
	}
	level := monitoringLevel(cfg.DasConfig.VmMonitoring)
	for _, o := range cfg.DasVmConfig {
		if o.Key != vm || o.DasSettings == nil || o.DasSettings.VmToolsMonitoringSettings == nil {
			continue
		}
		own := o.DasSettings.VmToolsMonitoringSettings
		if own.ClusterSettings == nil || *own.ClusterSettings {
			continue
		}
		merge(&settings, own)
		if own.VmMonitoring != "" {
			level = min(level, monitoringLevel(own.VmMonitoring))
		}
	}
	return fdm.Monitoring{
		Guest: level >= 1, App: level >= 2,
		FailureInterval: time.Duration(settings.FailureInterval) * time.Second, MinUpTime: time.Duration(settings.MinUpTime) * time.Second,
		IOInterval: ioInterval(cfg), MaxResets: int(settings.MaxFailures), Window: time.Duration(settings.MaxFailureWindow) * time.Second,
	}
}

func monitoringLevel(word string) int {
	return max(slices.Index([]string{"vmMonitoringDisabled", "vmMonitoringOnly", "vmAndAppMonitoring"}, word), 0)
}

// ioInterval is the advanced option, which may be zero to leave I/O out of account.
func ioInterval(cfg *types.ClusterConfigInfoEx) time.Duration {
	if n, ok := advancedNumber(cfg, "das.iostatsinterval"); ok {
		return time.Duration(n) * time.Second
	}
	return fdm.IOStatsInterval
}
