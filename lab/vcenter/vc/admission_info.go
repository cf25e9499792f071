package vc

import (
	"math"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

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
	k := c.s.capacity(cfg, c.Self)
	slots := slotPolicy(cfg, p).Count(k.sizes, k.loads)
	res := &types.ClusterDasFailoverLevelAdvancedRuntimeInfo{
		ClusterDasAdvancedRuntimeInfo: info,
		SlotInfo: types.ClusterDasFailoverLevelAdvancedRuntimeInfoSlotInfo{
			NumVcpus: 1, CpuMHz: int32(slots.Size.CPU), MemoryMB: int32(slots.Size.Memory),
		},
		TotalSlots: int32(slots.Total), UsedSlots: int32(slots.Used), UnreservedSlots: int32(slots.Unreserved),
		TotalVms: int32(len(k.vms)), TotalHosts: int32(len(c.Host)), TotalGoodHosts: int32(len(k.hosts)),
	}
	for i, h := range k.hosts {
		res.HostSlots = append(res.HostSlots, types.ClusterDasFailoverLevelAdvancedRuntimeInfoHostSlots{Host: h, Slots: int32(slots.PerHost[i])})
	}
	for i, vm := range k.vms {
		if n := slots.PerLoad[i]; n > 1 {
			res.VmsRequiringMultipleSlots = append(res.VmsRequiringMultipleSlots,
				types.ClusterDasFailoverLevelAdvancedRuntimeInfoVmSlots{Vm: vm, Slots: int32(n)})
		}
	}
	body.Res.Returnval = res
	return body
}

// admissionInfo is what the cluster's summary says of its policy; nothing where HA or admission control is off.
func (s *Sim) admissionInfo(cfg *types.ClusterConfigInfoEx, c capacity) types.BaseClusterDasAdmissionControlInfo {
	if !isTrue(cfg.DasConfig.Enabled) || !isTrue(cfg.DasConfig.AdmissionControlEnabled) {
		return nil
	}
	switch p := cfg.DasConfig.AdmissionControlPolicy.(type) {
	case *types.ClusterFailoverResourcesAdmissionControlPolicy:
		cpu, memory := fdm.Free(c.sizes, c.loads)
		return &types.ClusterFailoverResourcesAdmissionControlInfo{
			CurrentCpuFailoverResourcesPercent:    int32(math.Floor(max(cpu, 0))),
			CurrentMemoryFailoverResourcesPercent: int32(math.Floor(max(memory, 0))),
		}
	case *types.ClusterFailoverLevelAdmissionControlPolicy:
		level := slotPolicy(cfg, p).Count(c.sizes, c.loads).Level
		return &types.ClusterFailoverLevelAdmissionControlInfo{CurrentFailoverLevel: int32(max(level, 0))}
	case *types.ClusterFailoverHostAdmissionControlPolicy:
		info := &types.ClusterFailoverHostAdmissionControlInfo{}
		for _, ref := range p.FailoverHosts {
			info.HostStatus = append(info.HostStatus, types.ClusterFailoverHostAdmissionControlInfoHostStatus{Host: ref, Status: s.failoverHostStatus(ref)})
		}
		return info
	}
	return nil
}

// failoverLevel is the part of it that has a field of its own.
func failoverLevel(info types.BaseClusterDasAdmissionControlInfo) int32 {
	if level, ok := info.(*types.ClusterFailoverLevelAdmissionControlInfo); ok {
		return level.CurrentFailoverLevel
	}
	return 0
}

// failoverHostStatus is red for a host that could take no machine, yellow for one that runs some (vSphere API reference,
// ClusterFailoverHostAdmissionControlInfoHostStatus).
func (s *Sim) failoverHostStatus(ref types.ManagedObjectReference) types.ManagedEntityStatus {
	h, ok := s.host(ref)
	switch {
	case !ok || !h.usable():
		return types.ManagedEntityStatusRed
	case len(s.selectMachines(func(m *machine) bool { return m.host == ref && m.on && !m.system })) > 0:
		return types.ManagedEntityStatusYellow
	}
	return types.ManagedEntityStatusGreen
}
