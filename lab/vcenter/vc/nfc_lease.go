package vc

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"path"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// leaseTimeout is for how many seconds a lease lasts without a word of progress (API reference, HttpNfcLeaseInfo).
const leaseTimeout = 300

// nfcLease lets a client transfer a machine's disks over HTTPS; who knows its address may.
type nfcLease struct {
	mo.HttpNfcLease
	s      *Sim
	vm     types.ManagedObjectReference
	upload bool

	mu    sync.Mutex
	files map[string]*leaseFile // by the last part of the address
}

// leaseFile is one disk of a lease, and what was transferred of it.
type leaseFile struct {
	key, path string
	capacity  int64
	sum       string
	size      int64
}

func (s *Sim) newLease(ctx *simulator.Context, upload bool) *nfcLease {
	l := &nfcLease{s: s, upload: upload, files: map[string]*leaseFile{}}
	l.Self = types.ManagedObjectReference{Type: "HttpNfcLease", Value: "lease-" + uuid.NewString()}
	l.State, l.Mode = types.HttpNfcLeaseStateInitializing, string(types.HttpNfcLeaseModePushOrGet)
	ctx.Map.Put(l)
	return l
}

// ready offers the disks of a machine.
func (l *nfcLease) ready(ctx *simulator.Context, vm *simulator.VirtualMachine) types.BaseMethodFault {
	dc := datacenterOf(ctx, vm.Self)
	var devices object.VirtualDeviceList
	var name string
	ctx.WithLock(vm, func() { devices, name = clone(vm.Config.Hardware.Device), vm.Name })
	l.vm = vm.Self
	info := &types.HttpNfcLeaseInfo{Lease: l.Self, Entity: vm.Self, LeaseTimeout: leaseTimeout}
	for n, d := range disksOf(devices) {
		b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			continue
		}
		file, fault := l.s.locate(ctx, dc, b.GetVirtualDeviceFileBackingInfo().FileName)
		if fault != nil {
			return fault
		}
		target := fmt.Sprintf("disk-%d.vmdk", n)
		key := fmt.Sprintf("%s:%d", devices.Type(d), n)
		l.files[target] = &leaseFile{key: "/" + vm.Self.Value + "/" + key, path: file, capacity: d.CapacityInBytes}
		info.TotalDiskCapacityInKB += d.CapacityInKB
		info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
			Key: "/" + vm.Self.Value + "/" + key, ImportKey: "/" + name + "/" + key, Url: "https://" + path.Join(l.s.cfg.Listen, "nfc", l.Self.Value, target),
			SslThumbprint: l.s.thumb, Disk: types.NewBool(true), TargetId: target,
		})
	}
	ctx.WithLock(l, func() {
		ctx.Update(l, []types.PropertyChange{{Name: "info", Val: info}, {Name: "initializeProgress", Val: int32(100)}, {Name: "state", Val: types.HttpNfcLeaseStateReady}})
	})
	return nil
}

func (l *nfcLease) failed(ctx *simulator.Context, fault types.BaseMethodFault) {
	ctx.WithLock(l, func() {
		ctx.Update(l, []types.PropertyChange{
			{Name: "error", Val: &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: fmt.Sprintf("%T", fault)}},
			{Name: "state", Val: types.HttpNfcLeaseStateError},
		})
	})
}

func (l *nfcLease) file(name string) *leaseFile {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.files[name]
}

// transferred notes what went over the wire, for the manifest.
func (l *nfcLease) transferred(name string, sum []byte, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.files[name]; f != nil && len(sum) == sha1.Size {
		f.sum, f.size = hex.EncodeToString(sum), size
	}
}

func (l *nfcLease) HttpNfcLeaseProgress(ctx *simulator.Context, req *types.HttpNfcLeaseProgress) soap.HasFault {
	ctx.Update(l, []types.PropertyChange{{Name: "transferProgress", Val: req.Percent}})
	return &methods.HttpNfcLeaseProgressBody{Res: new(types.HttpNfcLeaseProgressResponse)}
}

func (l *nfcLease) HttpNfcLeaseGetManifest(*simulator.Context, *types.HttpNfcLeaseGetManifest) soap.HasFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []types.HttpNfcLeaseManifestEntry{}
	for _, f := range l.files {
		if f.sum != "" {
			list = append(list, types.HttpNfcLeaseManifestEntry{Key: f.key, Sha1: f.sum, Size: f.size, Disk: true, Capacity: f.capacity})
		}
	}
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: list}}
}

// HttpNfcLeaseComplete ends a transfer that succeeded.
func (l *nfcLease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	if l.State != types.HttpNfcLeaseStateReady {
		return &methods.HttpNfcLeaseCompleteBody{Fault_: simulator.Fault("", &types.InvalidState{})}
	}
	l.end(ctx)
	return &methods.HttpNfcLeaseCompleteBody{Res: new(types.HttpNfcLeaseCompleteResponse)}
}

// HttpNfcLeaseAbort ends a transfer, and with it a machine that was being imported.
func (l *nfcLease) HttpNfcLeaseAbort(ctx *simulator.Context, _ *types.HttpNfcLeaseAbort) soap.HasFault {
	l.end(ctx)
	if vm, ok := ctx.Map.Get(l.vm).(*simulator.VirtualMachine); ok && l.upload {
		l.s.run(func() { _ = l.s.destroyMachine(l.s.context(), vm) })
	}
	return &methods.HttpNfcLeaseAbortBody{Res: new(types.HttpNfcLeaseAbortResponse)}
}

// end tells those who follow the lease that it is over, and closes its addresses.
func (l *nfcLease) end(ctx *simulator.Context) {
	ctx.Update(l, []types.PropertyChange{{Name: "state", Val: types.HttpNfcLeaseStateDone}})
	ctx.Map.Remove(ctx, l.Self)
}

// ExportVm offers the disks of a machine that is off for download.
func (v *virtualMachine) ExportVm(ctx *simulator.Context, _ *types.ExportVm) soap.HasFault {
	if v.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: v.Runtime.PowerState,
		})}
	}
	l := v.s.newLease(ctx, false)
	if fault := l.ready(ctx, v.VirtualMachine); fault != nil {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: l.Self}}
}
