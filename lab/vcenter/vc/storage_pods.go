package vc

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// storagePod is a datastore cluster. Its Storage DRS settings are kept; nothing is balanced by them.
type storagePod struct {
	*simulator.StoragePod
	s *Sim
}

// podDefaults are the settings of a datastore cluster nobody has configured (API reference, StorageDrsPodConfigInfo and
// its parts; vSphere Resource Management, "Setting the Aggressiveness Level for Storage DRS").
func podDefaults() types.StorageDrsPodConfigInfo {
	return types.StorageDrsPodConfigInfo{
		DefaultVmBehavior: string(types.StorageDrsPodConfigInfoBehaviorManual), LoadBalanceInterval: 480, DefaultIntraVmAffinity: types.NewBool(true),
		SpaceLoadBalanceConfig: &types.StorageDrsSpaceLoadBalanceConfig{
			SpaceThresholdMode:        string(types.StorageDrsSpaceLoadBalanceConfigSpaceThresholdModeUtilization),
			SpaceUtilizationThreshold: 80, FreeSpaceThresholdGB: 50, MinSpaceUtilizationDifference: 5,
		},
		IoLoadBalanceConfig: &types.StorageDrsIoLoadBalanceConfig{
			ReservableThresholdMode: "automated", ReservablePercentThreshold: 60, IoLatencyThreshold: 15, IoLoadImbalanceThreshold: 5,
		},
		AutomationOverrides: &types.StorageDrsAutomationConfig{},
	}
}

// CreateStoragePod makes a datastore cluster.
func (f *folder) CreateStoragePod(ctx *simulator.Context, req *types.CreateStoragePod) soap.HasFault {
	body := f.Folder.CreateStoragePod(ctx, req).(*methods.CreateStoragePodBody)
	if body.Res == nil {
		return body
	}
	if pod, ok := ctx.Map.Get(body.Res.Returnval).(*simulator.StoragePod); ok {
		ctx.WithLock(pod, func() {
			pod.Summary.Name = req.Name
			pod.PodStorageDrsEntry = &types.PodStorageDrsEntry{StorageDrsConfig: types.StorageDrsConfigInfo{PodConfig: podDefaults()}}
		})
	}
	return body
}

// measurePod sums up the members' space.
func (s *Sim) measurePod(ctx *simulator.Context, pod *simulator.StoragePod) {
	var members []types.ManagedObjectReference
	sum := types.StoragePodSummary{}
	ctx.WithLock(pod, func() { members, sum.Name = slices.Clone(pod.ChildEntity), pod.Name })
	for _, ref := range members {
		if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok {
			ctx.WithLock(ds, func() {
				sum.Capacity, sum.FreeSpace = sum.Capacity+ds.Summary.Capacity, sum.FreeSpace+ds.Summary.FreeSpace
			})
		}
	}
	ctx.WithLock(pod, func() { ctx.Update(pod, []types.PropertyChange{{Name: "summary", Val: &sum}}) })
}

// DestroyTask removes a datastore cluster; its members go to the folder that it was in.
func (p *storagePod) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	pod := p.StoragePod
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		var members []types.ManagedObjectReference
		var parent types.ManagedObjectReference
		ctx.WithLock(pod, func() { members, parent = slices.Clone(pod.ChildEntity), *pod.Parent })
		for _, ref := range members {
			if fault := p.s.moveEntity(ctx, ctx.Map.Get(parent), ref); fault != nil {
				return nil, fault
			}
		}
		p.s.removeChild(ctx, parent, pod.Self)
		return nil, nil
	}
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: p.s.task(ctx, p.Self, "destroy", run)}}
}

// storageManager keeps the settings of Storage DRS.
type storageManager struct {
	*simulator.StorageResourceManager
	s *Sim
}

// ConfigureStorageDrsForPodTask changes a datastore cluster's settings; unset means unchanged.
func (m *storageManager) ConfigureStorageDrsForPodTask(ctx *simulator.Context, req *types.ConfigureStorageDrsForPod_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (_ types.AnyType, fault types.BaseMethodFault) {
		pod, ok := ctx.Map.Get(req.Pod).(*simulator.StoragePod)
		if !ok {
			return nil, &types.ManagedObjectNotFound{Obj: req.Pod}
		}
		ctx.WithLock(pod, func() {
			entry := clone(*pod.PodStorageDrsEntry)
			if fault = applyStorageDrs(&entry.StorageDrsConfig, clone(req.Spec)); fault == nil {
				ctx.Update(pod, []types.PropertyChange{{Name: "podStorageDrsEntry", Val: &entry}})
			}
		})
		return nil, fault
	}
	return &methods.ConfigureStorageDrsForPod_TaskBody{Res: &types.ConfigureStorageDrsForPod_TaskResponse{
		Returnval: m.s.task(ctx, m.Self, "configureStorageDrsForPod", run),
	}}
}

func applyStorageDrs(cfg *types.StorageDrsConfigInfo, spec types.StorageDrsConfigSpec) (fault types.BaseMethodFault) {
	for _, v := range spec.VmConfigSpec {
		if cfg.VmConfig, fault = setList(cfg.VmConfig, v.ArrayUpdateSpec, v.Info, podVMKey, replace); fault != nil {
			return fault
		}
	}
	if spec.PodConfigSpec == nil {
		return nil
	}
	return applyPod(&cfg.PodConfig, spec.PodConfigSpec)
}

func podVMKey(i types.StorageDrsVmConfigInfo) any {
	if i.Vm == nil {
		return nil
	}
	return *i.Vm
}

func applyPod(own *types.StorageDrsPodConfigInfo, spec *types.StorageDrsPodConfigSpec) types.BaseMethodFault {
	if spec.Enabled != nil {
		own.Enabled = *spec.Enabled
	}
	if spec.IoLoadBalanceEnabled != nil {
		own.IoLoadBalanceEnabled = *spec.IoLoadBalanceEnabled
	}
	if spec.DefaultIntraVmAffinity != nil {
		own.DefaultIntraVmAffinity = spec.DefaultIntraVmAffinity
	}
	set(&own.DefaultVmBehavior, spec.DefaultVmBehavior)
	set(&own.LoadBalanceInterval, spec.LoadBalanceInterval)
	if spec.SpaceLoadBalanceConfig != nil {
		merge(own.SpaceLoadBalanceConfig, spec.SpaceLoadBalanceConfig)
	}
	if spec.IoLoadBalanceConfig != nil {
		merge(own.IoLoadBalanceConfig, spec.IoLoadBalanceConfig)
	}
	if spec.AutomationOverrides != nil {
		own.AutomationOverrides = spec.AutomationOverrides // an empty level stands for the cluster's own
	}
	for _, o := range spec.Option {
		applyPodOption(own, o)
	}
	rules := &types.ClusterConfigInfoEx{Rule: own.Rule}
	for _, r := range spec.Rule {
		if fault := applyRule(rules, r); fault != nil {
			return fault
		}
	}
	own.Rule = rules.Rule
	return nil
}

// applyPodOption sets an advanced option or takes it away.
func applyPodOption(own *types.StorageDrsPodConfigInfo, spec types.StorageDrsOptionSpec) {
	key, _ := spec.RemoveKey.(string)
	if spec.Option != nil {
		key = spec.Option.GetOptionValue().Key
	}
	own.Option = slices.DeleteFunc(slices.Clone(own.Option), func(o types.BaseOptionValue) bool { return o.GetOptionValue().Key == key })
	if spec.Operation != types.ArrayUpdateOperationRemove && spec.Option != nil {
		own.Option = append(own.Option, spec.Option)
	}
}
