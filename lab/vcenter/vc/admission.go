package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// capacity is what admission control reckons with: the members that count, their sizes, and the loads of what runs.
type capacity struct {
	hosts []types.ManagedObjectReference
	sizes []fdm.Size
	loads []fdm.Load
	vms   []machine
}

func (s *Sim) capacity(ref types.ManagedObjectReference) capacity {
	var c capacity
	for _, h := range s.clusterHosts(ref) {
		if !h.usable() {
			continue
		}
		c.hosts = append(c.hosts, h.ref)
		c.sizes = append(c.sizes, h.size())
		for _, m := range s.machinesOn(h.ref) {
			if m.on && !m.system {
				c.vms = append(c.vms, m)
				c.loads = append(c.loads, m.load())
			}
		}
	}
	return c
}

// admit applies the cluster's admission control policy to a power-on (vSphere Availability, "Admission Control").
func (s *Sim) admit(ref types.ManagedObjectReference, m machine) types.BaseMethodFault {
	cfg := s.settings(ref)
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) || !isTrue(cfg.DasConfig.AdmissionControlEnabled) || m.system {
		return nil
	}
	c := s.capacity(ref)
	loads := append(slices.Clone(c.loads), m.load())
	ok := true
	switch p := cfg.DasConfig.AdmissionControlPolicy.(type) {
	case *types.ClusterFailoverResourcesAdmissionControlPolicy:
		ok = fdm.AdmitsPercentage(c.sizes, loads, shareOf(p, c.sizes))
	case *types.ClusterFailoverLevelAdmissionControlPolicy:
		slots := fdm.CountSlots(c.sizes, loads, int(p.FailoverLevel), fixedSlot(p))
		ok = slots.Used <= slots.Total-slotsKept(slots, int(p.FailoverLevel))
	}
	if ok {
		return nil
	}
	return &types.InsufficientFailoverResourcesFault{}
}

func shareOf(p *types.ClusterFailoverResourcesAdmissionControlPolicy, sizes []fdm.Size) fdm.Share {
	if isTrue(p.AutoComputePercentages) {
		return fdm.AutoShare(sizes, int(max(p.FailoverLevel, 1)))
	}
	return fdm.Share{CPU: float64(p.CpuFailoverResourcesPercent), Memory: float64(p.MemoryFailoverResourcesPercent)}
}

func fixedSlot(p *types.ClusterFailoverLevelAdmissionControlPolicy) fdm.Size {
	if f, ok := p.SlotPolicy.(*types.ClusterFixedSizeSlotPolicy); ok {
		return fdm.Size{CPU: int64(f.Cpu), Memory: int64(f.Memory)}
	}
	return fdm.Size{}
}

func slotsKept(s fdm.Slots, tolerate int) int {
	sorted := slices.Sorted(slices.Values(s.PerHost))
	kept := 0
	for i := range min(tolerate, len(sorted)) {
		kept += sorted[len(sorted)-1-i]
	}
	return kept
}

// isFailoverHost tells whether admission control keeps a host free for failovers.
func (s *Sim) isFailoverHost(cluster, host types.ManagedObjectReference) bool {
	cfg := s.settings(cluster)
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) || !isTrue(cfg.DasConfig.AdmissionControlEnabled) {
		return false
	}
	p, ok := cfg.DasConfig.AdmissionControlPolicy.(*types.ClusterFailoverHostAdmissionControlPolicy)
	return ok && slices.Contains(p.FailoverHosts, host)
}

// RetrieveDasAdvancedRuntimeInfo reports heartbeat datastores and, for the slot policy, its arithmetic.
func (c *clusterResource) RetrieveDasAdvancedRuntimeInfo(_ *simulator.Context, _ *types.RetrieveDasAdvancedRuntimeInfo) soap.HasFault {
	body := &methods.RetrieveDasAdvancedRuntimeInfoBody{Res: &types.RetrieveDasAdvancedRuntimeInfoResponse{}}
	cfg := c.s.settings(c.Self)
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) {
		return body
	}
	info := types.ClusterDasAdvancedRuntimeInfo{
		DasHostInfo:            &types.ClusterDasHostInfo{},
		VmcpSupported:          &types.ClusterDasAdvancedRuntimeInfoVmcpCapabilityInfo{StorageAPDSupported: true, StoragePDLSupported: true},
		HeartbeatDatastoreInfo: c.s.heartbeatDatastores(c.Self),
	}
	p, ok := cfg.DasConfig.AdmissionControlPolicy.(*types.ClusterFailoverLevelAdmissionControlPolicy)
	if !ok {
		body.Res.Returnval = &info
		return body
	}
	k := c.s.capacity(c.Self)
	slots := fdm.CountSlots(k.sizes, k.loads, int(p.FailoverLevel), fixedSlot(p))
	res := &types.ClusterDasFailoverLevelAdvancedRuntimeInfo{
		ClusterDasAdvancedRuntimeInfo: info,
		SlotInfo:                      types.ClusterDasFailoverLevelAdvancedRuntimeInfoSlotInfo{NumVcpus: 1, CpuMHz: int32(slots.CPU), MemoryMB: int32(slots.Memory)},
		TotalSlots:                    int32(slots.Total), UsedSlots: int32(slots.Used), UnreservedSlots: int32(slots.Unreserved),
		TotalVms: int32(len(k.vms)), TotalHosts: int32(len(c.Host)), TotalGoodHosts: int32(len(k.hosts)),
	}
	for i, h := range k.hosts {
		res.HostSlots = append(res.HostSlots, types.ClusterDasFailoverLevelAdvancedRuntimeInfoHostSlots{Host: h, Slots: int32(slots.PerHost[i])})
	}
	body.Res.Returnval = res
	return body
}
