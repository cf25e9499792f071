package vc

import (
	"context"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

type template struct {
	name    string
	guestID string
	nic     string
	memory  int64
}

var templates = []template{
	{name: "ubuntu-13.10", guestID: "ubuntu64Guest", nic: "vmxnet3", memory: 1024},
	{name: "windows-xp-sp3", guestID: "winXPProGuest", nic: "e1000", memory: 512},
}

const templateDiskKB = 8 << 20

func (s *Sim) createTemplate(ctx context.Context, folder *object.Folder, host *object.HostSystem, t template) error {
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("lsilogic")
	if err != nil {
		return err
	}
	devices = append(devices, scsi)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = templateDiskKB
	devices = append(devices, disk)
	nic, err := devices.CreateEthernetCard(t.nic, &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: defaultNetwork},
	})
	if err != nil {
		return err
	}
	devices = append(devices, nic)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		return err
	}
	pool, err := host.ResourcePool(ctx)
	if err != nil {
		return err
	}
	task, err := folder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: t.name, GuestId: t.guestID, NumCPUs: 1, MemoryMB: t.memory, DeviceChange: changes,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + libraryDatastore + "]"},
	}, pool, host)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx)
	if err != nil {
		return err
	}
	return object.NewVirtualMachine(s.client, info.Result.(types.ManagedObjectReference)).MarkAsTemplate(ctx)
}
