package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// protect lets every machine's protection follow its state: HA protects what runs, once a master has noted it.
func (h *ha) protect(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, agents *fdm.Cluster, hosts []managedHost) {
	h.mu.Lock()
	master := agents.Master()
	h.mu.Unlock()
	for _, host := range hosts {
		if !host.responding {
			continue // nothing is known of its machines now
		}
		for _, m := range h.s.machinesOn(host.ref) {
			if m.template || m.system || m.failing || !m.on && !m.protectionShown {
				continue // nothing to say; a machine that never ran may still be in the making
			}
			if master == "" && m.protectionShown {
				continue // the list stays as the last master left it
			}
			if m.lost && m.protected && hostMonitoring(cfg) && priority(cfg, m.ref) != fdm.Disabled {
				continue // it stays on the list until a master has dealt with it
			}
			wanted := master != "" && m.on && host.usable() && priority(cfg, m.ref) != fdm.Disabled && !h.s.faults.blocks("unprotected", m.name)
			if wanted != m.protected || !m.protectionShown {
				h.setProtected(ctx, m, wanted)
			}
		}
	}
}

func (h *ha) setProtected(ctx *simulator.Context, m machine, on bool) {
	h.s.updateMachine(m.ref, func(x *machine) { x.protected, x.protectionShown = on, true })
	state := &types.VirtualMachineRuntimeInfoDasProtectionState{DasProtected: on}
	h.s.change(ctx, m.ref,
		types.PropertyChange{Name: "runtime.dasVmProtection", Val: state},
		types.PropertyChange{Name: "summary.runtime.dasVmProtection", Val: state})
	switch {
	case on:
		h.post(ctx, "com.vmware.vc.HA.VmProtectedEvent", "info", m, "vSphere HA protected virtual machine %s: it will attempt to restart it after a failure")
	case m.protected:
		h.post(ctx, "com.vmware.vc.HA.VmUnprotectedEvent", "info", m, "vSphere HA no longer protects virtual machine %s")
	}
}
