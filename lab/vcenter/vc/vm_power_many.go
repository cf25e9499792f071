package vc

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/drs"
)

// PowerOnMultiVMTask starts each machine where DRS places it. For machines that DRS manages manually it recommends a host
// instead, unless the client overrides the automation level (API reference, ClusterPowerOnVmOption).
func (d *datacenter) PowerOnMultiVMTask(ctx *simulator.Context, req *types.PowerOnMultiVM_Task) soap.HasFault {
	override := false
	for _, o := range req.Option {
		override = override || o.GetOptionValue().Key == string(types.ClusterPowerOnVmOptionOverrideAutomationLevel) &&
			o.GetOptionValue().Value != string(types.DrsBehaviorManual) && o.GetOptionValue().Value != types.DrsBehaviorManual
	}
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		res := types.ClusterPowerOnVmResult{Attempted: []types.ClusterAttemptedVmInfo{}}
		for _, ref := range req.Vm {
			d.s.powerOnOne(ctx, ref, override, &res)
		}
		return res, nil
	}
	return &methods.PowerOnMultiVM_TaskBody{Res: &types.PowerOnMultiVM_TaskResponse{Returnval: d.s.task(ctx, d.Self, "powerOnMultiVM", run)}}
}

func (s *Sim) powerOnOne(ctx *simulator.Context, ref types.ManagedObjectReference, override bool, res *types.ClusterPowerOnVmResult) {
	refuse := func(f types.BaseMethodFault) {
		res.NotAttempted = append(res.NotAttempted, types.ClusterNotAttemptedVmInfo{
			Vm: ref, Fault: types.LocalizedMethodFault{Fault: f, LocalizedMessage: describeFault(f)},
		})
	}
	vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	m, known := s.machine(ref)
	if !ok || !known {
		refuse(&types.ManagedObjectNotFound{Obj: ref})
		return
	}
	h, _ := s.host(m.host)
	run, level := s.drsOf(h.cluster), levels(s.settings(h.cluster))(ref)
	if level == drs.Manual && !override && run != nil && !m.on && !m.template {
		if f := s.admit(h.cluster, m, m.cpuReserved, m.memoryReserved); f != nil {
			refuse(f)
			return
		}
		list, why := s.drsCandidates(ctx, ref, s.clusterHosts(h.cluster))
		if len(list) == 0 {
			refuse(s.incompatible(ctx, s.settings(h.cluster), ref, why))
			return
		}
		p, _ := s.placementVM(ctx, ref)
		best := drs.Machine{VM: p, MemoryMB: int64(m.memoryMB)}
		res.Recommendations = append(res.Recommendations, run.recommendStart(ctx, best, list[0].Host.ID))
		return
	}
	own := s.context()
	own.WithLock(vm, func() {
		body := (&virtualMachine{vm, s}).powerOn(own, &types.PowerOnVM_Task{This: ref}, override)
		if body.Res != nil {
			res.Attempted = append(res.Attempted, types.ClusterAttemptedVmInfo{Vm: ref, Task: &body.Res.Returnval})
		}
	})
}
