package vc

import (
	"fmt"
	"log"
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// vSphere Cluster Services run small agent machines on every cluster (VMware KB 80472 and vSphere Cluster Services
// documentation): at most three, one a host, in a folder of their own, owned by the ESX Agent Manager.
const (
	vclsFolder  = "vCLS"
	vclsMax     = 3
	vclsManager = "com.vmware.vim.eam"
)

// tendSystemVMs brings a cluster's agent machines to their number, in the background.
func (s *Sim) tendSystemVMs(ref types.ManagedObjectReference) {
	go func() {
		s.vcls.Lock()
		defer s.vcls.Unlock()
		if s.life.Err() == nil && s.vpxd.runs() {
			s.reconcileSystemVMs(ref)
		}
	}()
}

func (s *Sim) reconcileSystemVMs(ref types.ManagedObjectReference) {
	ctx := s.context()
	cfg := s.settings(ref)
	wanted := cfg != nil && (isTrue(cfg.DasConfig.Enabled) || isTrue(cfg.DrsConfig.Enabled))
	var homes []managedHost
	kept := map[types.ManagedObjectReference]bool{}
	for _, h := range s.clusterHosts(ref) {
		if h.usable() && len(h.mounted) > 0 {
			homes = append(homes, h)
		}
		for _, m := range s.machinesOn(h.ref) {
			switch {
			case !m.system || !h.responding:
			case wanted && m.on && h.usable() && !kept[h.ref] && len(kept) < vclsMax:
				kept[h.ref] = true
			default:
				s.removeSystemVM(m)
			}
		}
	}
	if !wanted {
		return
	}
	for _, h := range homes {
		if len(kept) >= min(vclsMax, len(homes)) {
			return
		}
		if kept[h.ref] {
			continue
		}
		if err := s.createSystemVM(ctx, ref, h); err != nil {
			log.Printf("vCLS on %s: %v", h.server.Name, err)
			continue
		}
		kept[h.ref] = true
	}
}

func (s *Sim) createSystemVM(ctx *simulator.Context, cluster types.ManagedObjectReference, h managedHost) error {
	r, obj := base(ctx, cluster)
	if r == nil {
		return nil
	}
	var pool types.ManagedObjectReference
	ctx.WithLock(obj, func() { pool = *r.ResourcePool })
	folder, err := s.systemFolder(cluster, ctx)
	if err != nil {
		return err
	}
	store := s.systemDatastore(ctx, cluster, h)
	name := "vCLS-" + uuid.NewString()
	cpu, memory := int64(100), int64(100)
	task, err := folder.CreateVM(s.life, types.VirtualMachineConfigSpec{
		Name: name, GuestId: "other3xLinux64Guest", NumCPUs: 1, MemoryMB: 128,
		Files:            &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s]", store)},
		CpuAllocation:    &types.ResourceAllocationInfo{Reservation: &cpu},
		MemoryAllocation: &types.ResourceAllocationInfo{Reservation: &memory},
		ManagedBy:        &types.ManagedByInfo{ExtensionKey: vclsManager, Type: "cluster-agent"},
		ExtraConfig:      []types.BaseOptionValue{&types.OptionValue{Key: vclsOption, Value: "true"}},
	}, object.NewResourcePool(s.client, pool), object.NewHostSystem(s.client, h.ref))
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(s.life)
	if err != nil {
		return err
	}
	task, err = object.NewVirtualMachine(s.client, info.Result.(types.ManagedObjectReference)).PowerOn(s.life)
	if err != nil {
		return err
	}
	return task.Wait(s.life)
}

// systemDatastore prefers a datastore that other members have too.
func (s *Sim) systemDatastore(ctx *simulator.Context, cluster types.ManagedObjectReference, h managedHost) string {
	best, most := h.mounted[0], 0
	for _, d := range h.mounted {
		n := 0
		for _, other := range s.clusterHosts(cluster) {
			if slices.Contains(other.mounted, d) {
				n++
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	if ds, ok := ctx.Map.Get(best).(*simulator.Datastore); ok {
		return ds.Name
	}
	return ""
}

func (s *Sim) systemFolder(cluster types.ManagedObjectReference, ctx *simulator.Context) (*object.Folder, error) {
	dc := datacenterOf(ctx, cluster)
	if dc == nil {
		return nil, fmt.Errorf("the cluster is in no datacenter")
	}
	root := ctx.Map.Get(dc.VmFolder).(*simulator.Folder)
	var children []types.ManagedObjectReference
	ctx.WithLock(root, func() { children = slices.Clone(root.ChildEntity) })
	if e := ctx.Map.FindByName(vclsFolder, children); e != nil {
		return object.NewFolder(s.client, e.Reference()), nil
	}
	return object.NewFolder(s.client, dc.VmFolder).CreateFolder(s.life, vclsFolder)
}

func (s *Sim) removeSystemVM(m machine) {
	vm := object.NewVirtualMachine(s.client, m.ref)
	if m.on {
		if task, err := vm.PowerOff(s.life); err == nil {
			_ = task.Wait(s.life)
		}
	}
	if task, err := vm.Destroy(s.life); err == nil {
		_ = task.Wait(s.life)
	}
}

// dropSystemFolder removes the agents' folder of a datacenter when no agent is left in it.
func (s *Sim) dropSystemFolder(ctx *simulator.Context, dc *simulator.Datacenter) {
	s.vcls.Lock()
	defer s.vcls.Unlock()
	if dc == nil {
		return
	}
	root, ok := ctx.Map.Get(dc.VmFolder).(*simulator.Folder)
	if !ok {
		return
	}
	var children []types.ManagedObjectReference
	ctx.WithLock(root, func() { children = slices.Clone(root.ChildEntity) })
	f, ok := ctx.Map.FindByName(vclsFolder, children).(*simulator.Folder)
	if !ok {
		return
	}
	empty := false
	ctx.WithLock(f, func() { empty = len(f.ChildEntity) == 0 })
	if empty {
		s.removeChild(ctx, dc.VmFolder, f.Self)
	}
}
