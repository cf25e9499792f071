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
		return withParent(this, orUnstated(destroy[this.Type]), inventory)
	case *types.Rename_Task:
		return on(orUnstated(rename[this.Type]))
	case *types.MoveIntoFolder_Task:
		return moveIntoFolder(this, r.List, inventory)
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
		return reconfigure(this, &r.Spec, inventory)
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

// further lists what some methods ask for beside the privilege that they state.
func further(this types.ManagedObjectReference, body any, inventory Inventory) []Need {
	switch r := body.(type) {
	case *types.CreateVM_Task:
		return create(this, &r.Config, inventory)
	case *types.ImportVApp:
		if vm, ok := r.Spec.(*types.VirtualMachineImportSpec); ok && r.Folder != nil {
			return create(*r.Folder, &vm.ConfigSpec, inventory)
		}
	case *types.RelocateVM_Task:
		return relocate(this, &r.Spec, inventory)
	}
	return nil
}

// withParent: what destroys an object needs its privilege on what the object lies in, too (API reference, Destroy_Task).
func withParent(this types.ManagedObjectReference, privilege string, inventory Inventory) []Need {
	needs := []Need{{this, privilege}}
	if parent, ok := inventory.Parent(this); ok {
		needs = append(needs, Need{parent, privilege})
	}
	return needs
}

// moveIntoFolder: a host leaves its cluster and stands alone in the folder; for anything else one privilege counts on the
// object, where it was and where it goes (API reference, Folder.MoveIntoFolder_Task).
func moveIntoFolder(folder types.ManagedObjectReference, list []types.ManagedObjectReference, inventory Inventory) []Need {
	var needs []Need
	for _, ref := range list {
		parent, inside := inventory.Parent(ref)
		if ref.Type == "HostSystem" {
			needs = append(needs, Need{folder, "Host.Inventory.AddStandaloneHost"}, Need{ref, "Host.Inventory.MoveHost"})
			if inside {
				needs = append(needs, Need{parent, "Host.Inventory.EditCluster"})
			}
			continue
		}
		privilege := orUnstated(move[ref.Type])
		needs = append(needs, Need{folder, privilege}, Need{ref, privilege})
		if inside {
			needs = append(needs, Need{parent, privilege})
		}
	}
	return needs
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

// Reads tells whether a privilege allows nothing but looking.
func Reads(privilege string) bool { return strings.HasPrefix(privilege, "System.") }
