package access

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// clone lists what a clone asks for (API reference, CloneVM_Task; for its disks and networks vSphere Security, "Required
// Privileges for Common Tasks").
func clone(this types.ManagedObjectReference, r *types.CloneVM_Task, inventory Inventory) []Need {
	source := "VirtualMachine.Provisioning.Clone"
	switch template := inventory.Template(this); {
	case template && r.Spec.Template:
		source = "VirtualMachine.Provisioning.CloneTemplate"
	case template:
		source = "VirtualMachine.Provisioning.DeployTemplate"
	case r.Spec.Template:
		source = "VirtualMachine.Provisioning.CreateTemplateFromVM"
	}
	needs := []Need{{this, source}, {r.Folder, "VirtualMachine.Inventory.CreateFromExisting"}, {r.Folder, "VirtualMachine.Config.AddNewDisk"}}
	if d := r.Spec.Location.Datastore; d != nil {
		needs = append(needs, Need{*d, "Datastore.AllocateSpace"})
	}
	if p := r.Spec.Location.Pool; p != nil {
		needs = append(needs, Need{*p, "Resource.AssignVMToPool"})
	}
	changes := r.Spec.Location.DeviceChange
	if c := r.Spec.Config; c != nil {
		changes = append(changes[:len(changes):len(changes)], c.DeviceChange...)
	}
	needs = append(needs, networks(changes, inventory)...)
	if r.Spec.Customization != nil {
		needs = append(needs, Need{this, "VirtualMachine.Provisioning.Customize"})
	}
	return needs
}

// create lists what the properties of a new machine ask for (API reference, Folder.CreateVM_Task). Other settings than these
// are free to who may create it.
func create(folder types.ManagedObjectReference, s *types.VirtualMachineConfigSpec, inventory Inventory) []Need {
	var needs []Need
	when := func(set bool, privilege string) {
		if set {
			needs = append(needs, Need{folder, "VirtualMachine.Config." + privilege})
		}
	}
	for _, c := range s.DeviceChange {
		p := deviceChange(c.GetVirtualDeviceConfigSpec())
		when(p == "AddNewDisk" || p == "AddExistingDisk", p)
	}
	when(len(s.ExtraConfig) > 0, "AdvancedConfig")
	when(s.SwapPlacement != "", "SwapPlacement")
	when(s.ChangeTrackingEnabled != nil, "ChangeTracking")
	if s.Files != nil {
		needs = append(needs, space(s.Files.VmPathName, inventory)...)
	}
	needs = append(needs, disks(s.DeviceChange, inventory)...)
	return append(needs, networks(s.DeviceChange, inventory)...)
}

// relocate lists what a move asks for beside Resource.ColdMigrate (API reference, RelocateVM_Task).
func relocate(this types.ManagedObjectReference, s *types.VirtualMachineRelocateSpec, inventory Inventory) []Need {
	var needs []Need
	if inventory.PoweredOn(this) {
		needs = append(needs, Need{this, "Resource.HotMigrate"})
	}
	if s.Datastore != nil {
		needs = append(needs, Need{*s.Datastore, "Datastore.AllocateSpace"})
	}
	for _, d := range s.Disk {
		needs = append(needs, Need{d.Datastore, "Datastore.AllocateSpace"})
	}
	if s.Pool != nil {
		needs = append(needs, Need{*s.Pool, "Resource.AssignVMToPool"})
	}
	return append(needs, networks(s.DeviceChange, inventory)...)
}

// reconfigure lists what the parts of a specification ask for (API reference, VirtualMachine.ReconfigVM_Task).
func reconfigure(this types.ManagedObjectReference, s *types.VirtualMachineConfigSpec, inventory Inventory) []Need {
	var needs []Need
	when := func(set bool, privilege string) {
		if set {
			needs = append(needs, Need{this, "VirtualMachine.Config." + privilege})
		}
	}
	when(s.Name != "", "Rename")
	when(s.Annotation != "", "Annotation")
	when(s.NumCPUs != 0 || s.NumCoresPerSocket != nil, "CPUCount")
	when(s.MemoryMB != 0, "Memory")
	when(s.CpuAllocation != nil || s.MemoryAllocation != nil || s.CpuAffinity != nil || s.MemoryAffinity != nil, "Resource")
	when(len(s.ExtraConfig) > 0, "AdvancedConfig")
	when(s.ManagedBy != nil, "ManagedBy")
	when(s.ChangeTrackingEnabled != nil, "ChangeTracking")
	when(s.SwapPlacement != "", "SwapPlacement")
	when(s.GuestId != "" || s.Tools != nil || s.Flags != nil || s.PowerOpInfo != nil || s.BootOptions != nil || s.Firmware != "" ||
		s.AlternateGuestName != "" || s.ConsolePreferences != nil, "Settings")
	for _, c := range s.DeviceChange {
		when(true, deviceChange(c.GetVirtualDeviceConfigSpec()))
	}
	when(len(needs) == 0, "Settings")
	needs = append(needs, disks(s.DeviceChange, inventory)...)
	return append(needs, networks(s.DeviceChange, inventory)...)
}

func deviceChange(c *types.VirtualDeviceConfigSpec) string {
	_, disk := c.Device.(*types.VirtualDisk)
	switch {
	case disk && c.Operation == types.VirtualDeviceConfigSpecOperationAdd && c.FileOperation != "":
		return "AddNewDisk"
	case disk && c.Operation == types.VirtualDeviceConfigSpecOperationAdd:
		return "AddExistingDisk"
	case disk && c.Operation == types.VirtualDeviceConfigSpecOperationRemove:
		return "RemoveDisk"
	case disk:
		return "DiskExtend"
	case c.Operation == types.VirtualDeviceConfigSpecOperationEdit:
		return "EditDevice"
	}
	return "AddRemoveDevice"
}

// space is asked for on the datastore of a path, "[datastore] folder/file".
func space(path string, inventory Inventory) []Need {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
	if ref, ok := inventory.Find("Datastore", name); ok {
		return []Need{{ref, "Datastore.AllocateSpace"}}
	}
	return nil
}

// disks lists the space that new disks take.
func disks(changes []types.BaseVirtualDeviceConfigSpec, inventory Inventory) []Need {
	var needs []Need
	for _, change := range changes {
		c := change.GetVirtualDeviceConfigSpec()
		disk, ok := c.Device.(*types.VirtualDisk)
		if !ok || c.Operation != types.VirtualDeviceConfigSpecOperationAdd || c.FileOperation == "" {
			continue
		}
		if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			file := b.GetVirtualDeviceFileBackingInfo()
			if file.Datastore != nil {
				needs = append(needs, Need{*file.Datastore, "Datastore.AllocateSpace"})
			} else {
				needs = append(needs, space(file.FileName, inventory)...)
			}
		}
	}
	return needs
}

// networks lists those that adapters are connected to.
func networks(changes []types.BaseVirtualDeviceConfigSpec, inventory Inventory) []Need {
	var needs []Need
	for _, change := range changes {
		c := change.GetVirtualDeviceConfigSpec()
		nic, ok := c.Device.(types.BaseVirtualEthernetCard)
		if !ok || c.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		switch b := nic.GetVirtualEthernetCard().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			if b.Network != nil {
				needs = append(needs, Need{*b.Network, "Network.Assign"})
			} else if ref, ok := inventory.Find("Network", b.DeviceName); ok {
				needs = append(needs, Need{ref, "Network.Assign"})
			}
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			needs = append(needs, Need{types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey}, "Network.Assign"})
		}
	}
	return needs
}
