package vc

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// heartbeatPerHost is how many datastores HA uses for heartbeats (vSphere Availability, das.heartbeatDsPerHost).
const heartbeatPerHost = 2

// heartbeatDatastores chooses them: those that at least two members mount, the preferred ones first or alone as the
// policy says (vSphere API reference, HBDatastoreCandidatePolicy).
func (s *Sim) heartbeatDatastores(ref types.ManagedObjectReference) []types.DasHeartbeatDatastoreInfo {
	cfg := s.settings(ref)
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mounts := map[types.ManagedObjectReference][]types.ManagedObjectReference{}
	for _, h := range s.hosts {
		if h.cluster == ref {
			for _, d := range h.mounted {
				mounts[d] = append(mounts[d], h.ref)
			}
		}
	}
	preferred := func(d types.ManagedObjectReference) bool { return slices.Contains(cfg.DasConfig.HeartbeatDatastore, d) }
	var chosen []types.ManagedObjectReference
	for d, hosts := range mounts {
		if len(hosts) > 1 && (cfg.DasConfig.HBDatastoreCandidatePolicy != "userSelectedDs" || preferred(d)) {
			chosen = append(chosen, d)
		}
	}
	useful := cfg.DasConfig.HBDatastoreCandidatePolicy != "allFeasibleDs"
	slices.SortFunc(chosen, func(a, b types.ManagedObjectReference) int {
		if useful && preferred(a) != preferred(b) {
			if preferred(a) {
				return -1
			}
			return 1
		}
		return compareRefs(a, b)
	})
	var list []types.DasHeartbeatDatastoreInfo
	for _, d := range chosen[:min(heartbeatPerHost, len(chosen))] {
		slices.SortFunc(mounts[d], compareRefs)
		list = append(list, types.DasHeartbeatDatastoreInfo{Datastore: d, Hosts: mounts[d]})
	}
	return list
}

// noteDatastores keeps what a host mounts beside the inventory.
func (s *Sim) noteDatastores(host types.ManagedObjectReference, list []types.ManagedObjectReference) {
	s.updateHost(host, func(h *managedHost) { h.mounted = slices.Clone(list) })
}
