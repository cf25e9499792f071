package vc

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// trackDatastores recomputes which datastores hold files of a machine, after its devices or files changed. The caller
// holds the machine's lock.
func (s *Sim) trackDatastores(ctx *simulator.Context, vm *mo.VirtualMachine) {
	dc := datacenterOf(ctx, vm.Self)
	if dc == nil || vm.Config == nil {
		return
	}
	names := datastoresOf(vm.Config)
	vm.LayoutEx.File = slices.DeleteFunc(slices.Clone(vm.LayoutEx.File), func(f types.VirtualMachineFileLayoutExFileInfo) bool {
		var p object.DatastorePath
		return p.FromString(f.Name) && !slices.Contains(names, p.Datastore)
	})
	var known, used []types.ManagedObjectReference
	ctx.WithLock(dc, func() { known = slices.Clone(dc.Datastore) })
	for _, name := range names {
		if e := ctx.Map.FindByName(name, known); e != nil {
			used = append(used, e.Reference())
		}
	}
	before := vm.Datastore
	vm.Datastore = used
	for _, ref := range union(slices.Clone(before), used) {
		if ds, ok := ctx.Map.Get(ref).(*simulator.Datastore); ok {
			listMachine(ctx, ds, vm.Self, slices.Contains(used, ref))
		}
	}
}

func listMachine(ctx *simulator.Context, ds *simulator.Datastore, vm types.ManagedObjectReference, present bool) {
	ctx.WithLock(ds, func() {
		if slices.Contains(ds.Vm, vm) == present {
			return
		}
		list := without(ds.Vm, vm)
		if present {
			list = append(list, vm)
		}
		ctx.Update(ds, []types.PropertyChange{{Name: "vm", Val: list}})
	})
}

// datastoresOf names the datastores that a machine's settings refer to, the one of its configuration file first.
func datastoresOf(c *types.VirtualMachineConfigInfo) (names []string) {
	add := func(file string) {
		var p object.DatastorePath
		if p.FromString(file) && p.Datastore != "" && !slices.Contains(names, p.Datastore) {
			names = append(names, p.Datastore)
		}
	}
	add(c.Files.VmPathName)
	for _, d := range c.Hardware.Device {
		b, ok := d.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			continue
		}
		add(b.GetVirtualDeviceFileBackingInfo().FileName)
		if flat, ok := b.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			for p := flat.Parent; p != nil; p = p.Parent {
				add(p.FileName)
			}
		}
	}
	return names
}
