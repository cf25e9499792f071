package vc

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// How often vCenter tries to configure an agent, and how far apart, is an assumption; that it tries again, shows retry
// meanwhile and initializationError in the end, is documented (vSphere API reference, ClusterDasFdmAvailabilityState).
const (
	agentAttempts = 3
	agentRetry    = 60 * time.Second
)

// setup is how far vCenter is with the agent of one member.
type setup struct {
	done     bool
	attempts int
	next     time.Duration
}

// configure lets vCenter configure the agents of members that have none yet, and returns those that have one. The others
// take no part in HA.
func (h *ha) configure(ctx *simulator.Context, members []fdm.Observation, now time.Duration) (ready []fdm.Observation) {
	present := map[types.ManagedObjectReference]bool{}
	for _, o := range members {
		ref := hostRef(o.ID)
		present[ref] = true
		if h.setUp(ctx, ref, now) {
			ready = append(ready, o)
		}
	}
	var gone []types.ManagedObjectReference
	h.locked(func() {
		for ref, s := range h.setups {
			if !present[ref] {
				delete(h.setups, ref) // its agent is configured anew when it is back
				if !s.done {
					gone = append(gone, ref)
				}
			}
		}
	})
	for _, ref := range gone {
		h.s.change(ctx, ref, types.PropertyChange{Name: "runtime.dasHostState", Val: nil})
	}
	return ready
}

// lacksAgent tells whether a member's agent is not configured, which is what vCenter then shows of it.
func (h *ha) lacksAgent(ref types.ManagedObjectReference) (lacks bool) {
	h.locked(func() {
		s := h.setups[ref]
		lacks = s != nil && !s.done
	})
	return lacks
}

// setUp makes an attempt where one is due, and tells whether the agent is configured.
func (h *ha) setUp(ctx *simulator.Context, ref types.ManagedObjectReference, now time.Duration) bool {
	h.mu.Lock()
	s := h.setups[ref]
	if s == nil {
		s = &setup{}
		h.setups[ref] = s
	}
	due := !s.done && s.attempts < agentAttempts && now >= s.next && h.s.vpxd.runs()
	if due && !h.s.faults.strikes("agentSetupFails", h.s.hostName(ref)) {
		s.done = true
	} else if due {
		s.attempts, s.next = s.attempts+1, now+agentRetry
	}
	done, attempts := s.done, s.attempts
	h.mu.Unlock()
	switch {
	case !due || done:
	case attempts < agentAttempts:
		h.s.showAgent(ctx, ref, types.ClusterDasFdmAvailabilityStateRetry)
	default:
		h.s.showAgent(ctx, ref, types.ClusterDasFdmAvailabilityStateInitializationError)
		h.s.postAgentError(ctx, ref, "The vSphere HA agent cannot be installed or configured")
	}
	return done
}

// reconfigure forgets what is known of an agent, so that it is configured again, and tells whether that succeeds.
func (h *ha) reconfigure(ref types.ManagedObjectReference) bool {
	h.mu.Lock()
	on := h.cancel != nil
	delete(h.setups, ref)
	h.mu.Unlock()
	for on {
		h.mu.Lock()
		s := h.setups[ref]
		var now setup
		if s != nil {
			now = *s
		}
		h.mu.Unlock()
		if now.done || now.attempts > 0 {
			return now.done
		}
		if !h.s.wait(haTick) {
			break
		}
	}
	return false
}

// removeAgent shows that a host is no longer in HA, or that its agent could not be taken off.
func (s *Sim) removeAgent(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if !s.faults.strikes("agentRemovalFails", s.hostName(ref)) {
		s.change(ctx, ref, types.PropertyChange{Name: "runtime.dasHostState", Val: nil})
		return
	}
	s.showAgent(ctx, ref, types.ClusterDasFdmAvailabilityStateUninitializationError)
	s.postAgentError(ctx, ref, "The vSphere HA agent cannot be removed")
}

// retryRemoval takes an agent off a host that was reconnected, where HA is off and that had failed.
func (s *Sim) retryRemoval(ctx *simulator.Context, ref types.ManagedObjectReference) {
	h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	failed := false
	ctx.WithLock(h, func() {
		d := h.Runtime.DasHostState
		failed = d != nil && d.State == string(types.ClusterDasFdmAvailabilityStateUninitializationError)
	})
	if failed {
		s.removeAgent(ctx, ref)
	}
}

// haOf is a cluster's HA; nil where there is no such cluster.
func (s *Sim) haOf(cluster types.ManagedObjectReference) *ha {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.clusters[cluster]; c != nil {
		return c.ha
	}
	return nil
}

func (s *Sim) showAgent(ctx *simulator.Context, ref types.ManagedObjectReference, state types.ClusterDasFdmAvailabilityState) {
	s.change(ctx, ref, types.PropertyChange{Name: "runtime.dasHostState", Val: &types.ClusterDasFdmHostState{State: string(state)}})
}

func (s *Sim) postAgentError(ctx *simulator.Context, ref types.ManagedObjectReference, message string) {
	s.post(&types.HostDasErrorEvent{
		HostEvent: s.hostEvent(ctx, ref), Message: message, Reason: string(types.HostDasErrorEventHostDasErrorReasonConfigFailed),
	})
}

// ReconfigureHostForDASTask configures the host's HA agent again, which may clear an error.
func (h *hostSystem) ReconfigureHostForDASTask(ctx *simulator.Context, _ *types.ReconfigureHostForDAS_Task) soap.HasFault {
	ref := h.Self
	run := func(*simulator.Context) (types.AnyType, types.BaseMethodFault) {
		m, ok := h.s.host(ref)
		switch {
		case !ok:
			return nil, &types.ManagedObjectNotFound{Obj: ref}
		case m.disconnected || !m.responding:
			return nil, &types.InvalidState{}
		}
		c := h.s.haOf(m.cluster)
		if c == nil || m.maintenance || !c.reconfigure(ref) {
			return nil, &types.DasConfigFault{Reason: string(types.DasConfigFaultDasConfigFaultReasonOther)}
		}
		return nil, nil
	}
	return &methods.ReconfigureHostForDAS_TaskBody{Res: &types.ReconfigureHostForDAS_TaskResponse{
		Returnval: h.s.task(ctx, ref, "reconfigureDas", run),
	}}
}
