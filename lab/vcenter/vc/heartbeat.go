package vc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// heartbeatDatastores are those that a cluster's hosts show life on, as its policy says (vSphere API reference,
// HBDatastoreCandidatePolicy).
func (s *Sim) heartbeatDatastores(ref types.ManagedObjectReference) []types.DasHeartbeatDatastoreInfo {
	cfg := s.settings(ref)
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) {
		return nil
	}
	mounts := map[types.ManagedObjectReference][]types.ManagedObjectReference{}
	for _, h := range s.clusterHosts(ref) {
		for _, d := range h.mounted {
			mounts[d] = append(mounts[d], h.ref)
		}
	}
	datastores := make([]types.ManagedObjectReference, 0, len(mounts))
	for d := range mounts {
		datastores = append(datastores, d)
	}
	slices.SortFunc(datastores, compareRefs)
	policy := cfg.DasConfig.HBDatastoreCandidatePolicy
	var candidates []fdm.HeartbeatCandidate
	for _, d := range datastores {
		named := slices.Contains(cfg.DasConfig.HeartbeatDatastore, d)
		if policy == string(types.ClusterDasConfigInfoHBDatastoreCandidateUserSelectedDs) && !named {
			continue
		}
		candidates = append(candidates, fdm.HeartbeatCandidate{
			ID: d.Value, Hosts: refValues(mounts[d]),
			Preferred: named && policy != string(types.ClusterDasConfigInfoHBDatastoreCandidateAllFeasibleDs),
		})
	}
	var list []types.DasHeartbeatDatastoreInfo
	for _, c := range fdm.ChooseHeartbeats(candidates, heartbeatsPerHost(cfg)) {
		d := types.ManagedObjectReference{Type: "Datastore", Value: c.ID}
		list = append(list, types.DasHeartbeatDatastoreInfo{Datastore: d, Hosts: mounts[d]})
	}
	return list
}

func heartbeatsPerHost(cfg *types.ClusterConfigInfoEx) int {
	n, err := strconv.Atoi(advanced(cfg, "das.heartbeatdsperhost"))
	if err != nil || n < fdm.HeartbeatsPerHost || n > fdm.MaxHeartbeatsPerHost {
		return fdm.HeartbeatsPerHost
	}
	return n
}

// watchHeartbeats shows and reports a host that has fewer heartbeat datastores than it should, unless the cluster is told
// to ignore that (vSphere Availability, das.ignoreInsufficientHbDatastore).
func (h *ha) watchHeartbeats(ctx *simulator.Context, cfg *types.ClusterConfigInfoEx, hosts []managedHost) {
	count := map[types.ManagedObjectReference]int{}
	for _, d := range h.s.heartbeatDatastores(h.cluster) {
		for _, host := range d.Hosts {
			count[host]++
		}
	}
	ignored := strings.EqualFold(advanced(cfg, "das.ignoreinsufficienthbdatastore"), "true")
	for _, host := range hosts {
		n, want := count[host.ref], heartbeatsPerHost(cfg)
		lacks := ""
		if n < want && !ignored && host.responding && !host.maintenance && !host.disconnected {
			lacks = fmt.Sprintf("The number of vSphere HA heartbeat datastores for this host is %d, which is less than required: %d", n, want)
		}
		h.showHeartbeatIssue(ctx, host, lacks)
	}
}

func (h *ha) showHeartbeatIssue(ctx *simulator.Context, host managedHost, lacks string) {
	if lacks == "" {
		h.s.showIssue(ctx, host, heartbeatIssue, nil)
		return
	}
	e := h.s.extended("com.vmware.vc.HA.HeartbeatDatastoreNotSufficient", "warning", lacks, h.s.hostEvent(ctx, host.ref).Event, host.ref, host.server.Name)
	h.s.showIssue(ctx, host, heartbeatIssue, e)
}

// noteDatastores keeps what a host mounts beside the inventory.
func (s *Sim) noteDatastores(host types.ManagedObjectReference, list []types.ManagedObjectReference) {
	s.updateHost(host, func(h *managedHost) { h.mounted = slices.Clone(list) })
}
