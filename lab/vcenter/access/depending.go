package access

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// destroy, rename and move are the privileges of methods that all inventory objects have, by type (vSphere Web Services API
// reference, "Required Privileges" of ManagedEntity and its descendants; vSphere Security, "Defined Privileges").
var (
	destroy = map[string]string{
		"VirtualMachine": "VirtualMachine.Inventory.Delete", "Folder": "Folder.Delete", "StoragePod": "Folder.Delete",
		"Datacenter": "Datacenter.Delete", "ClusterComputeResource": "Host.Inventory.DeleteCluster",
		"ComputeResource": "Host.Inventory.RemoveHostFromCluster", "HostSystem": "Host.Inventory.RemoveHostFromCluster",
		"Datastore": "Datastore.Delete", "ResourcePool": "Resource.DeletePool", "VirtualApp": "VApp.Delete", "Network": "Network.Delete",
		"DistributedVirtualSwitch": "DVSwitch.Delete", "VmwareDistributedVirtualSwitch": "DVSwitch.Delete",
		"DistributedVirtualPortgroup": "DVPortgroup.Delete",
	}
	rename = map[string]string{
		"VirtualMachine": "VirtualMachine.Config.Rename", "Folder": "Folder.Rename", "StoragePod": "Folder.Rename",
		"Datacenter": "Datacenter.Rename", "ClusterComputeResource": "Host.Inventory.RenameCluster", "Datastore": "Datastore.Rename",
		"ResourcePool": "Resource.RenamePool", "VirtualApp": "VApp.Rename", "Network": "Network.Config",
		"DistributedVirtualSwitch": "DVSwitch.Modify", "VmwareDistributedVirtualSwitch": "DVSwitch.Modify",
		"DistributedVirtualPortgroup": "DVPortgroup.Modify",
	}
	move = map[string]string{
		"VirtualMachine": "VirtualMachine.Inventory.Move", "Folder": "Folder.Move", "StoragePod": "Folder.Move", "Datacenter": "Datacenter.Move",
		"ClusterComputeResource": "Host.Inventory.MoveCluster", "ComputeResource": "Host.Inventory.MoveHost",
		"HostSystem": "Host.Inventory.MoveHost", "Datastore": "Datastore.Move", "Network": "Network.Move",
		"DistributedVirtualSwitch": "DVSwitch.Move", "VmwareDistributedVirtualSwitch": "DVSwitch.Move", "VirtualApp": "VApp.Move",
	}
	// fixed are methods whose privilege the description of the API leaves out and the reference states.
	fixed = map[string]string{
		"ApplyRecommendation": "Resource.ApplyRecommendation", "UpdateConfig": "Resource.EditPool",
		"UpdateChildResourceConfiguration": "Resource.EditPool", "DestroyChildren": "Resource.DeletePool", "UpdateVAppConfig": "VApp.ApplicationConfig",
		"ReconfigureDvs_Task": "DVSwitch.Modify", "DVSRollback_Task": "DVSwitch.Modify",
		"ReconfigureDVPortgroup_Task": "DVPortgroup.Modify", "DVPortgroupRollback_Task": "DVPortgroup.Modify",
		"AddVirtualNic": "Host.Config.Network", "UpdateVirtualNic": "Host.Config.Network", "UpdateNetworkConfig": "Host.Config.Network",
		"AddServiceConsoleVirtualNic": "Host.Config.Network", "UpdateServiceConsoleVirtualNic": "Host.Config.Network",
		"UpdateOptions": "Global.Settings", "setCustomValue": "Global.SetCustomField", "CancelTask": "Global.CancelTask",
		"AcquireTicket": "VirtualMachine.Interact.ConsoleInteract", "BatchAddHostsToCluster_Task": "Host.Inventory.AddHostToCluster",
		"SearchDatastore_Task": "Datastore.Browse", "SearchDatastoreSubFolders_Task": "Datastore.Browse",
	}
	// own are types whose objects belong to a session or to whoever was handed them.
	own = []string{"EventHistoryCollector", "TaskHistoryCollector", "HistoryCollector", "PropertyFilter", "HttpNfcLease", "UserDirectory", "ListView"}
)

// depending lists the needs of a method that states none of its own: what it asks for depends on its object or arguments.
func depending(this types.ManagedObjectReference, name string, body any, inventory Inventory, stated bool) []Need {
	on := func(privilege string) []Need { return []Need{{this, privilege}} }
	switch r := body.(type) {
	case *types.Destroy_Task:
		return on(orUnstated(destroy[this.Type]))
	case *types.Rename_Task:
		return on(orUnstated(rename[this.Type]))
	case *types.MoveIntoFolder_Task:
		return each(r.List, func(ref types.ManagedObjectReference) string { return move[ref.Type] })
	case *types.MoveIntoResourcePool:
		return each(r.List, func(ref types.ManagedObjectReference) string {
			return map[string]string{"VirtualMachine": "Resource.AssignVMToPool", "ResourcePool": "Resource.MovePool"}[ref.Type]
		})
	case *types.CloneVM_Task:
		return clone(this, r, inventory)
	case *types.MigrateVM_Task:
		if inventory.PoweredOn(this) {
			return on("Resource.HotMigrate")
		}
		return on("Resource.ColdMigrate")
	case *types.ReconfigVM_Task:
		var needs []Need
		for _, p := range reconfigure(&r.Spec) {
			needs = append(needs, Need{this, p})
		}
		return needs
	}
	if p, ok := fixed[name]; ok {
		return on(p)
	}
	for _, kind := range own {
		if this.Type == kind {
			return on(View)
		}
	}
	if stated {
		return nil // its arguments say it all
	}
	return on(unstated)
}

func orUnstated(privilege string) string {
	if privilege == "" {
		return unstated
	}
	return privilege
}

func each(refs []types.ManagedObjectReference, of func(types.ManagedObjectReference) string) []Need {
	var needs []Need
	for _, ref := range refs {
		needs = append(needs, Need{ref, orUnstated(of(ref))})
	}
	return needs
}

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
	needs := []Need{{this, source}, {r.Folder, "VirtualMachine.Inventory.CreateFromExisting"}}
	if d := r.Spec.Location.Datastore; d != nil {
		needs = append(needs, Need{*d, "Datastore.AllocateSpace"})
	}
	if p := r.Spec.Location.Pool; p != nil {
		needs = append(needs, Need{*p, "Resource.AssignVMToPool"})
	}
	if r.Spec.Customization != nil {
		needs = append(needs, Need{this, "VirtualMachine.Provisioning.Customize"})
	}
	return needs
}

// reconfigure lists what the parts of a specification ask for (API reference, VirtualMachine.ReconfigVM_Task).
func reconfigure(s *types.VirtualMachineConfigSpec) []string {
	var needs []string
	when := func(set bool, privilege string) {
		if set {
			needs = append(needs, "VirtualMachine.Config."+privilege)
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
		needs = append(needs, "VirtualMachine.Config."+deviceChange(c.GetVirtualDeviceConfigSpec()))
	}
	if len(needs) == 0 {
		return []string{"VirtualMachine.Config.Settings"}
	}
	return needs
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

// Reads tells whether a privilege allows nothing but looking.
func Reads(privilege string) bool { return strings.HasPrefix(privilege, "System.") }
