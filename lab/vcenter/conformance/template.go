package main

import (
	"context"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	templateName = "template-1"
	// templateDiskGB stays what it is in clones, which are linked.
	templateDiskGB = 20
)

// addTemplate makes the machine that the tests clone: scripts/acc_setup/main.tf of the provider describes it, with the
// snapshot that linked clones need; the tests of vApp properties want one called hostname, carried by an ISO image.
func addTemplate(ctx context.Context, dc *object.Datacenter, folder *object.Folder, pool *object.ResourcePool) error {
	finder := find.NewFinder(folder.Client()).SetDatacenter(dc)
	network, err := finder.Network(ctx, portGroupName)
	if err != nil {
		return err
	}
	devices, err := templateDevices(ctx, network)
	if err != nil {
		return err
	}
	task, err := folder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: templateName, GuestId: "ubuntu64Guest", NumCPUs: 2, MemoryMB: 2048, DeviceChange: devices,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + datastoreName + "]"},
	}, pool, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx)
	if err != nil {
		return err
	}
	vm := object.NewVirtualMachine(folder.Client(), info.Result.(types.ManagedObjectReference))
	steps := []func() (*object.Task, error){
		func() (*object.Task, error) {
			return vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{VAppConfig: &types.VmConfigSpec{
				OvfEnvironmentTransport: []string{"iso"},
				Property: []types.VAppPropertySpec{{
					ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd},
					Info:            &types.VAppPropertyInfo{Key: 0, Id: "hostname", Type: "string", UserConfigurable: types.NewBool(true)},
				}},
			}})
		},
		func() (*object.Task, error) {
			return vm.CreateSnapshot(ctx, "Snapshot1", "for linked clones", false, false)
		},
	}
	for _, step := range steps {
		task, err := step()
		if err != nil {
			return err
		}
		if err := task.Wait(ctx); err != nil {
			return err
		}
	}
	return vm.MarkAsTemplate(ctx)
}

func templateDevices(ctx context.Context, network object.NetworkReference) ([]types.BaseVirtualDeviceConfigSpec, error) {
	var list object.VirtualDeviceList
	scsi, err := list.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	list = append(list, scsi)
	disk := list.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = templateDiskGB << 20
	list = append(list, disk)
	backing, err := network.EthernetCardBackingInfo(ctx)
	if err != nil {
		return nil, err
	}
	nic, err := list.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return nil, err
	}
	list = append(list, nic)
	ide, err := list.CreateIDEController()
	if err != nil {
		return nil, err
	}
	list = append(list, ide)
	cdrom, err := list.CreateCdrom(ide.(*types.VirtualIDEController))
	if err != nil {
		return nil, err
	}
	return append(list, cdrom).ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
}
