package vc

import (
	"slices"
	"strconv"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/fdm"
)

// capacity is what admission control reckons with: the good hosts, their sizes, and the loads of all machines that are on,
// on whichever host of the cluster (vSphere API reference, ClusterFailoverLevelAdmissionControlPolicy).
type capacity struct {
	hosts []types.ManagedObjectReference
	sizes []fdm.Size
	vms   []types.ManagedObjectReference
	loads []fdm.Load
}

// capacity leaves out machines and hosts that are given: what they will be is not what they are.
func (s *Sim) capacity(cfg *types.ClusterConfigInfoEx, cluster types.ManagedObjectReference, but ...types.ManagedObjectReference) capacity {
	var c capacity
	members := map[types.ManagedObjectReference]bool{}
	for _, h := range s.clusterHosts(cluster) {
		members[h.ref] = true
		if h.usable() && !slices.Contains(but, h.ref) {
			c.hosts = append(c.hosts, h.ref)
			c.sizes = append(c.sizes, h.size())
		}
	}
	defaults := defaultLoad(cfg)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.vms {
		if members[m.host] && m.on && !m.system && !slices.Contains(but, m.ref) {
			c.vms = append(c.vms, m.ref)
			c.loads = append(c.loads, defaults.LoadOf(m.cpuReserved, m.memoryReserved, m.memoryMB, m.cpus))
		}
	}
	return c
}

// defaultLoad is what machines without reservations count for.
func defaultLoad(cfg *types.ClusterConfigInfoEx) fdm.Defaults {
	d := fdm.StandardDefaults
	if mhz, ok := advancedNumber(cfg, "das.vmcpuminmhz"); ok {
		d.CPU = mhz
	}
	if mb, ok := advancedNumber(cfg, "das.vmmemoryminmb"); ok {
		d.Memory = mb
	}
	return d
}

func advancedNumber(cfg *types.ClusterConfigInfoEx, name string) (int64, bool) {
	n, err := strconv.ParseInt(advanced(cfg, name), 10, 64)
	return n, err == nil && n >= 0
}

// admissionPolicy is what the cluster's settings ask for; HA that is off and admission control that is off ask for nothing.
func admissionPolicy(cfg *types.ClusterConfigInfoEx) fdm.Policy {
	if cfg == nil || !isTrue(cfg.DasConfig.Enabled) || !isTrue(cfg.DasConfig.AdmissionControlEnabled) {
		return fdm.Unlimited{}
	}
	switch p := cfg.DasConfig.AdmissionControlPolicy.(type) {
	case *types.ClusterFailoverResourcesAdmissionControlPolicy:
		auto := p.AutoComputePercentages == nil || *p.AutoComputePercentages
		return fdm.Percentage{
			Auto: auto, Tolerate: int(max(p.FailoverLevel, 1)),
			CPU: float64(p.CpuFailoverResourcesPercent), Memory: float64(p.MemoryFailoverResourcesPercent),
		}
	case *types.ClusterFailoverLevelAdmissionControlPolicy:
		return slotPolicy(cfg, p)
	}
	return fdm.Unlimited{}
}

func slotPolicy(cfg *types.ClusterConfigInfoEx, p *types.ClusterFailoverLevelAdmissionControlPolicy) fdm.SlotPolicy {
	policy := fdm.SlotPolicy{Tolerate: int(p.FailoverLevel)}
	if f, ok := p.SlotPolicy.(*types.ClusterFixedSizeSlotPolicy); ok {
		policy.Fixed = fdm.Size{CPU: int64(f.Cpu), Memory: int64(f.Memory)}
		return policy
	}
	policy.AtMost.CPU, _ = advancedNumber(cfg, "das.slotcpuinmhz")
	policy.AtMost.Memory, _ = advancedNumber(cfg, "das.slotmeminmb")
	return policy
}

// admit applies the cluster's policy to a machine that is to be on with the given load: to a power-on, to a migration into
// the cluster, and to larger reservations (vSphere API reference, ClusterDasConfigInfo.admissionControlEnabled).
func (s *Sim) admit(cluster types.ManagedObjectReference, m machine, cpuReserved, memoryReserved int64) types.BaseMethodFault {
	cfg := s.settings(cluster)
	if cfg == nil || m.system {
		return nil
	}
	c := s.capacity(cfg, cluster, m.ref)
	loads := append(c.loads, defaultLoad(cfg).LoadOf(cpuReserved, memoryReserved, m.memoryMB, m.cpus))
	if admissionPolicy(cfg).Admits(c.sizes, loads) {
		return nil
	}
	return &types.InsufficientFailoverResourcesFault{}
}

// admitReservation applies it to a change of a machine that runs, where that reserves more.
func (s *Sim) admitReservation(ref types.ManagedObjectReference, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	m, ok := s.machine(ref)
	h, _ := s.host(m.host)
	if !ok || !m.on || h.cluster.Value == "" {
		return nil
	}
	cpu, memory := m.cpuReserved, m.memoryReserved
	if spec.CpuAllocation != nil && spec.CpuAllocation.Reservation != nil {
		cpu = *spec.CpuAllocation.Reservation
	}
	if spec.MemoryAllocation != nil && spec.MemoryAllocation.Reservation != nil {
		memory = *spec.MemoryAllocation.Reservation
	}
	if cpu <= m.cpuReserved && memory <= m.memoryReserved {
		return nil
	}
	return s.admit(h.cluster, m, cpu, memory)
}

// mayEvacuate tells whether DRS may evacuate a host that is to enter maintenance mode: not where the rest would not tolerate
// the failures that it must (vSphere Availability, "Using vSphere HA with Distributed Resource Scheduler").
func (s *Sim) mayEvacuate(cluster, host types.ManagedObjectReference) bool {
	cfg := s.settings(cluster)
	if cfg == nil {
		return true
	}
	c := s.capacity(cfg, cluster, host)
	return admissionPolicy(cfg).Admits(c.sizes, c.loads)
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

// refuseFailoverHost is the answer to who wants to start a machine on a dedicated host, to move one there that runs, or to
// take the host out of its cluster (vSphere API reference, DisallowedOperationOnFailoverHost).
func (s *Sim) refuseFailoverHost(host types.ManagedObjectReference) types.BaseMethodFault {
	if h, ok := s.host(host); ok && s.isFailoverHost(h.cluster, host) {
		return &types.DisallowedOperationOnFailoverHost{Host: host, Hostname: h.server.Name}
	}
	return nil
}
