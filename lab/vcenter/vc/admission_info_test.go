package vc_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/config"
)

func TestLossOfFailoverCapacityIsReportedUntilItIsBack(t *testing.T) {
	s := newSite(t, 60, 2)
	s.Settled(s.hosts)
	s.ubuntu("a")
	issues := func() []types.BaseEvent {
		var p mo.ClusterComputeResource
		s.Must(s.cluster.Properties(s.Ctx(), s.cluster.Reference(), []string{"configIssue", "overallStatus"}, &p))
		if (p.OverallStatus == types.ManagedEntityStatusRed) != (len(p.ConfigIssue) > 0) {
			return nil // between the two
		}
		return p.ConfigIssue
	}
	if len(s.Events("InsufficientFailoverResourcesEvent")) > 0 || len(issues()) > 0 {
		t.Fatal("a cluster that can lose a host says that it cannot")
	}
	s.lose(0)
	s.Until("the loss is reported", func() bool {
		return len(s.Events("InsufficientFailoverResourcesEvent")) == 1 && len(issues()) == 1
	})
	s.Reset(0, "On")
	s.Until("the capacity is back", func() bool { return len(s.Events("FailoverLevelRestored")) == 1 && len(issues()) == 0 })
}

// Each of two hosts has one core of 2,600 MHz: one machine at full load is what one host can give.
func TestLoadThatAFailoverWouldSlowDownTooMuchIsNoticed(t *testing.T) {
	s := newSiteOf(t, 60, 2, func(c *config.Config) {
		for i := range c.Hosts {
			c.Hosts[i].Cores = 1
		}
	})
	tolerate := func(percent int32) {
		s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlPolicy: &types.ClusterFailoverResourcesAdmissionControlPolicy{
			ClusterDasAdmissionControlPolicy: types.ClusterDasAdmissionControlPolicy{ResourceReductionToToleratePercent: &percent},
			AutoComputePercentages:           types.NewBool(true), FailoverLevel: 1,
		}})
	}
	issues := func() (n int, status types.ManagedEntityStatus) {
		var p mo.ClusterComputeResource
		s.Must(s.cluster.Properties(s.Ctx(), s.cluster.Reference(), []string{"configIssue", "overallStatus"}, &p))
		return len(p.ConfigIssue), p.OverallStatus
	}
	tolerate(0)
	for _, name := range []string{"a", "b"} {
		vm := s.ubuntu(name)
		s.Up(vm)
		s.InGuest(vm, "/usr/bin/stress-ng", "--cpu 1")
	}
	s.Until("the load is noticed", func() bool { n, status := issues(); return n == 1 && status == types.ManagedEntityStatusYellow })
	tolerate(60)
	s.Until("it is tolerated", func() bool { n, status := issues(); return n == 0 && status == types.ManagedEntityStatusGreen })
	s.reconfigure(types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{Enabled: types.NewBool(false)}})
	tolerate(0)
	time.Sleep(s.wall(5 * time.Second)) // nothing announces that nothing is noticed
	if n, _ := issues(); n > 0 {
		t.Error("without DRS nobody looks at it")
	}
}

// The arithmetic is the API reference's (ClusterDasFailoverLevelAdvancedRuntimeInfo), on what any client can read.
func TestAdvancedRuntimeInfoAgreesWithTheArithmeticOnAnyCluster(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := newSite(t, 200, 4, func(c *types.ClusterConfigSpecEx) { withoutAdmission(c); withoutDRS(c) })
	var vms []*object.VirtualMachine
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		vms = append(vms, s.ubuntu(name))
	}
	for _, vm := range vms {
		s.Until("overhead is known", func() bool { return s.VM(vm).Runtime.MemoryOverhead > 0 })
	}
	for range 8 {
		for _, vm := range vms {
			s.Run(vm.Reconfigure(s.Ctx(), reserve(r.Int64N(3)*r.Int64N(3000), r.Int64N(3)*r.Int64N(4000))))
			if on := s.VM(vm).Runtime.PowerState == "poweredOn"; r.IntN(3) == 0 && on {
				s.Run(vm.PowerOff(s.Ctx()))
			} else if !on {
				s.Run(vm.PowerOn(s.Ctx()))
			}
		}
		p := &types.ClusterFailoverLevelAdmissionControlPolicy{FailoverLevel: 1 + int32(r.IntN(3))}
		if r.IntN(2) == 0 {
			p.SlotPolicy = &types.ClusterFixedSizeSlotPolicy{Cpu: 32 + r.Int32N(3000), Memory: 100 + r.Int32N(4000)}
		}
		s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlPolicy: p})
		s.agrees(p, vms)
	}
	s.reconfigureHA(&types.ClusterDasConfigInfo{AdmissionControlPolicy: &types.ClusterFailoverHostAdmissionControlPolicy{}})
	if info, ok := s.runtimeInfo().(*types.ClusterDasAdvancedRuntimeInfo); !ok || len(info.HeartbeatDatastoreInfo) != 2 {
		t.Errorf("without slots: %#v", s.runtimeInfo())
	}
}

func (s *site) agrees(p *types.ClusterFailoverLevelAdmissionControlPolicy, vms []*object.VirtualMachine) {
	s.T.Helper()
	var cpus, memories []int64
	for _, vm := range vms {
		v := s.VM(vm)
		if v.Runtime.PowerState == "poweredOn" {
			cpus = append(cpus, max(32, *v.Config.CpuAllocation.Reservation))
			memories = append(memories, *v.Config.MemoryAllocation.Reservation+v.Runtime.MemoryOverhead>>20)
		}
	}
	cpu, memory := int64(32), int64(1)
	if f, ok := p.SlotPolicy.(*types.ClusterFixedSizeSlotPolicy); ok {
		cpu, memory = int64(f.Cpu), int64(f.Memory)
	} else if len(cpus) > 0 {
		cpu, memory = slices.Max(cpus), slices.Max(memories)
	}
	used, total := 0, 0
	for i := range cpus {
		n := 1
		for int64(n)*cpu < cpus[i] || int64(n)*memory < memories[i] {
			n++
		}
		used += n
	}
	slots := map[types.ManagedObjectReference]int{}
	var counts []int
	for _, h := range s.hosts {
		hw := s.Host(h).Summary.Hardware
		n := int(min(int64(hw.CpuMhz)*int64(hw.NumCpuCores)/cpu, hw.MemorySize>>20/memory))
		slots[h.Reference()] = n
		counts = append(counts, n)
		total += n
	}
	slices.Sort(counts)
	left := 0
	for _, n := range counts[:len(counts)-int(p.FailoverLevel)] {
		left += n
	}
	info := s.runtimeInfo().(*types.ClusterDasFailoverLevelAdvancedRuntimeInfo)
	for _, row := range []struct {
		name      string
		got, want int
	}{
		{"slot MHz", int(info.SlotInfo.CpuMHz), int(cpu)}, {"slot MB", int(info.SlotInfo.MemoryMB), int(memory)},
		{"total", int(info.TotalSlots), total}, {"used", int(info.UsedSlots), used}, {"unreserved", int(info.UnreservedSlots), max(0, left-used)},
		{"machines", int(info.TotalVms), len(cpus)}, {"hosts", int(info.TotalHosts), len(s.hosts)}, {"good hosts", int(info.TotalGoodHosts), len(s.hosts)},
	} {
		if row.got != row.want {
			s.T.Errorf("%s: %d, not %d, with policy %+v", row.name, row.got, row.want, p)
		}
	}
	for _, h := range info.HostSlots {
		if slots[h.Host] != int(h.Slots) {
			s.T.Errorf("slots of %s: %d, not %d", h.Host.Value, h.Slots, slots[h.Host])
		}
	}
}
