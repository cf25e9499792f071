package vc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	// perFolder bounds how many machines lie in one folder: the simulator looks through all of them for each that it adds.
	perFolder = 100
)

// populateCluster makes the inventory that the settings ask for, by the calls that a client would use.
func (s *Sim) populateCluster(ctx context.Context, folders *object.DatacenterFolders) error {
	want := s.cfg.Inventory
	cluster, err := folders.HostFolder.CreateCluster(ctx, want.Cluster, types.ClusterConfigSpecEx{})
	if err != nil {
		return err
	}
	var hosts []types.ManagedObjectReference
	for _, h := range s.cfg.Hosts {
		spec := types.HostConnectSpec{HostName: h.Name, UserName: s.cfg.HostUser, Password: s.cfg.HostPassword}
		task, err := cluster.AddHost(ctx, spec, true, nil, nil)
		if err != nil {
			return err
		}
		info, err := task.WaitForResult(ctx)
		if err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
		hosts = append(hosts, info.Result.(types.ManagedObjectReference))
	}
	store, err := s.mountFirstExport(ctx, hosts)
	if err != nil {
		return err
	}
	pool, err := cluster.ResourcePool(ctx)
	if err != nil {
		return err
	}
	if err := s.populateMachines(ctx, folders, pool, store, hosts); err != nil {
		return err
	}
	task, err := cluster.Reconfigure(ctx, &types.ClusterConfigSpecEx{
		DasConfig: &types.ClusterDasConfigInfo{Enabled: types.NewBool(true)},
		DrsConfig: &types.ClusterDrsConfigInfo{Enabled: types.NewBool(true), DefaultVmBehavior: types.DrsBehaviorFullyAutomated},
	}, true)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

func (s *Sim) mountFirstExport(ctx context.Context, hosts []types.ManagedObjectReference) (types.ManagedObjectReference, error) {
	const name = "nfs-1"
	var ref types.ManagedObjectReference
	for _, h := range hosts {
		dss, err := object.NewHostSystem(s.client, h).ConfigManager().DatastoreSystem(ctx)
		if err != nil {
			return ref, err
		}
		ds, err := dss.CreateNasDatastore(ctx, types.HostNasVolumeSpec{
			RemoteHost: s.cfg.NFS[0].Server, RemotePath: s.cfg.NFS[0].Path, LocalPath: name, AccessMode: "readWrite", Type: "NFS",
		})
		if err != nil {
			return ref, err
		}
		ref = ds.Reference()
	}
	return ref, nil
}

// populateMachines deploys the template once, as a client would, and copies what came of it: to deploy ten thousand takes minutes.
func (s *Sim) populateMachines(ctx context.Context, folders *object.DatacenterFolders, pool *object.ResourcePool, store types.ManagedObjectReference, hosts []types.ManagedObjectReference) error {
	model, err := s.deployModel(ctx, folders.VmFolder, pool, store, hosts[0])
	if err != nil {
		return err
	}
	own := s.context()
	dir := own.Map.Get(store).(*simulator.Datastore).Summary.Url
	var all []types.ManagedObjectReference
	at := map[types.ManagedObjectReference][]types.ManagedObjectReference{}
	for from := 0; from < s.cfg.Inventory.Machines; from += perFolder {
		folder, err := folders.VmFolder.CreateFolder(ctx, fmt.Sprintf("%s-%03d", s.cfg.Inventory.Cluster, from/perFolder+1))
		if err != nil {
			return err
		}
		var made []types.ManagedObjectReference
		for i := from; i < min(from+perFolder, s.cfg.Inventory.Machines); i++ {
			host := hosts[i%len(hosts)]
			ref, err := s.copyModel(own, model, i, dir, folder.Reference(), host)
			if err != nil {
				return err
			}
			made, at[host] = append(made, ref), append(at[host], ref)
		}
		s.change(own, folder.Reference(), types.PropertyChange{Name: "childEntity", Val: made})
		all = append(all, made...)
	}
	for host, vms := range at {
		s.addMachines(own, host, vms)
	}
	s.addMachines(own, pool.Reference(), all)
	s.addMachines(own, store, all)
	for _, n := range model.Network {
		s.addMachines(own, n, all)
	}
	task, err := object.NewVirtualMachine(s.client, model.Self).Destroy(ctx)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

func (s *Sim) deployModel(ctx context.Context, folder *object.Folder, pool *object.ResourcePool, store, host types.ManagedObjectReference) (*simulator.VirtualMachine, error) {
	source := s.selectMachines(func(m *machine) bool { return m.name == templates[0].name })
	if len(source) == 0 {
		return nil, errors.New("the template is missing")
	}
	in := pool.Reference()
	task, err := object.NewVirtualMachine(s.client, source[0].ref).Clone(ctx, folder, s.cfg.Inventory.Cluster+"-model", types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &in, Datastore: &store, Host: &host},
	})
	if err != nil {
		return nil, err
	}
	info, err := task.WaitForResult(ctx)
	if err != nil {
		return nil, err
	}
	return s.context().Map.Get(info.Result.(types.ManagedObjectReference)).(*simulator.VirtualMachine), nil
}

// copyModel adds a running machine like the model to the inventory.
func (s *Sim) copyModel(ctx *simulator.Context, model *simulator.VirtualMachine, i int, dir string, folder, host types.ManagedObjectReference) (types.ManagedObjectReference, error) {
	name, old := fmt.Sprintf("%s-vm-%05d", s.cfg.Inventory.Cluster, i+1), model.Name
	vm := *model // with what the simulator keeps beside the properties
	vm.VirtualMachine = clone(model.VirtualMachine)
	rename := func(path *string) { *path = strings.ReplaceAll(*path, old, name) }
	id, boot := uuid.NewString(), time.Now()
	vm.Name, vm.Parent, vm.Runtime.Host, vm.Summary.Runtime.Host = name, &folder, &host, &host
	vm.Config.Name, vm.Config.Uuid, vm.Config.InstanceUuid = name, uuid.NewString(), id
	vm.Summary.Config.Name, vm.Summary.Config.Uuid, vm.Summary.Config.InstanceUuid = name, vm.Config.Uuid, id
	for _, path := range []*string{
		&vm.Config.Files.VmPathName, &vm.Config.Files.SnapshotDirectory, &vm.Config.Files.SuspendDirectory, &vm.Config.Files.LogDirectory,
		&vm.Summary.Config.VmPathName,
	} {
		rename(path)
	}
	for _, d := range vm.Config.Hardware.Device {
		if nic, ok := d.(types.BaseVirtualEthernetCard); ok {
			nic.GetVirtualEthernetCard().MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|i>>16, i>>8&0xff, i&0xff)
		}
		if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok {
			rename(&b.FileName)
		}
	}
	for _, r := range []*types.VirtualMachinePowerState{&vm.Runtime.PowerState, &vm.Summary.Runtime.PowerState} {
		*r = types.VirtualMachinePowerStatePoweredOn
	}
	vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = &boot, &boot
	ctx.Map.NewEntity(&vm)
	vm.Summary.Vm = &vm.Self
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		return vm.Self, err
	}
	ctx.Map.Put(&vm)
	m, _ := s.machine(vm.Self)
	s.powerChanged(m)
	return vm.Self, nil
}

// addMachines adds to the list of machines that a host, pool, datastore or network has.
func (s *Sim) addMachines(ctx *simulator.Context, ref types.ManagedObjectReference, vms []types.ManagedObjectReference) {
	obj := ctx.Map.Get(ref)
	if obj == nil {
		return
	}
	ctx.WithLock(obj, func() {
		before := references(ctx, ref, "vm")
		ctx.Update(obj, []types.PropertyChange{{Name: "vm", Val: append(before, vms...)}})
	})
}
