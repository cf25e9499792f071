package access_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/access"
)

func ref(kind, value string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: kind, Value: value}
}

type inventory struct{ on, template bool }

func (i inventory) PoweredOn(types.ManagedObjectReference) bool { return i.on }
func (i inventory) Template(types.ManagedObjectReference) bool  { return i.template }

// Everything lies in something of its own name; networks and datastores are called after what they are.
func (inventory) Parent(of types.ManagedObjectReference) (types.ManagedObjectReference, bool) {
	kind := map[string]string{"HostSystem": "ClusterComputeResource"}[of.Type]
	if kind == "" {
		kind = "Folder"
	}
	return ref(kind, "of-"+of.Value), true
}

func (inventory) Find(kind, name string) (types.ManagedObjectReference, bool) {
	return ref(kind, name), name != "nowhere"
}

func TestPrivilegesThatACallAsksFor(t *testing.T) {
	vm, pool, folder, datastore := ref("VirtualMachine", "vm-1"), ref("ResourcePool", "resgroup-1"), ref("Folder", "group-1"), ref("Datastore", "datastore-1")
	cluster := ref("ClusterComputeResource", "domain-c1")
	host, net, portgroup := ref("HostSystem", "host-1"), ref("Network", "vms"), ref("DistributedVirtualPortgroup", "dvportgroup-1")
	home, hosts := ref("Folder", "of-vm-1"), ref("Folder", "hosts")
	disk := func(op types.VirtualDeviceConfigSpecOperation, file types.VirtualDeviceConfigSpecFileOperation) types.BaseVirtualDeviceConfigSpec {
		backing := &types.VirtualDiskFlatVer2BackingInfo{VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: "[ha-a] vm/vm.vmdk"}}
		return &types.VirtualDeviceConfigSpec{Operation: op, FileOperation: file, Device: &types.VirtualDisk{VirtualDevice: types.VirtualDevice{Backing: backing}}}
	}
	nic := func(op types.VirtualDeviceConfigSpecOperation, backing types.BaseVirtualDeviceBackingInfo) types.BaseVirtualDeviceConfigSpec {
		card := &types.VirtualVmxnet3{}
		card.Backing = backing
		return &types.VirtualDeviceConfigSpec{Operation: op, Device: card}
	}
	standard := &types.VirtualEthernetCardNetworkBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "vms"}}
	distributed := &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: "dvportgroup-1"}}
	machine := types.VirtualMachineConfigSpec{
		Files: &types.VirtualMachineFileInfo{VmPathName: "[ha-b]"}, ExtraConfig: []types.BaseOptionValue{&types.OptionValue{}},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{disk("add", "create"), nic("add", standard)},
	}
	made := []access.Need{
		{folder, "VirtualMachine.Config.AddNewDisk"}, {folder, "VirtualMachine.Config.AdvancedConfig"},
		{ref("Datastore", "ha-b"), "Datastore.AllocateSpace"}, {ref("Datastore", "ha-a"), "Datastore.AllocateSpace"}, {net, "Network.Assign"}}
	for name, c := range map[string]struct {
		this   types.ManagedObjectReference
		method string
		body   any
		in     inventory
		want   []access.Need
	}{
		"power on":            {vm, "PowerOnVM_Task", &types.PowerOnVM_Task{}, inventory{}, []access.Need{{vm, "VirtualMachine.Interact.PowerOn"}}},
		"several power-on":    {ref("Datacenter", "dc"), "PowerOnMultiVM_Task", &types.PowerOnMultiVM_Task{Vm: []types.ManagedObjectReference{vm}}, inventory{}, []access.Need{{vm, "VirtualMachine.Interact.PowerOn"}, {ref("Datacenter", "dc"), access.View}}},
		"create":              {folder, "CreateVM_Task", &types.CreateVM_Task{Pool: pool}, inventory{}, []access.Need{{pool, "Resource.AssignVMToPool"}, {folder, "VirtualMachine.Inventory.Create"}}},
		"create with devices": {folder, "CreateVM_Task", &types.CreateVM_Task{Pool: pool, Config: machine}, inventory{}, append([]access.Need{{pool, "Resource.AssignVMToPool"}, {folder, "VirtualMachine.Inventory.Create"}}, made...)},
		"import":              {pool, "ImportVApp", &types.ImportVApp{Folder: &folder, Spec: &types.VirtualMachineImportSpec{ConfigSpec: machine}}, inventory{}, append([]access.Need{{folder, "VApp.Import"}, {pool, "VApp.Import"}}, made...)},
		"move a host out":     {hosts, "MoveIntoFolder_Task", &types.MoveIntoFolder_Task{List: []types.ManagedObjectReference{host}}, inventory{}, []access.Need{{hosts, "Host.Inventory.AddStandaloneHost"}, {host, "Host.Inventory.MoveHost"}, {ref("ClusterComputeResource", "of-host-1"), "Host.Inventory.EditCluster"}}},
		"relocate while running": {vm, "RelocateVM_Task", &types.RelocateVM_Task{Spec: types.VirtualMachineRelocateSpec{Datastore: &datastore, Pool: &pool}}, inventory{on: true}, []access.Need{
			{vm, "Resource.ColdMigrate"}, {vm, "Resource.HotMigrate"}, {datastore, "Datastore.AllocateSpace"}, {pool, "Resource.AssignVMToPool"}}},
		"cluster settings":          {cluster, "ReconfigureComputeResource_Task", &types.ReconfigureComputeResource_Task{}, inventory{}, []access.Need{{cluster, "Host.Inventory.EditCluster"}}},
		"destroy a machine":         {vm, "Destroy_Task", &types.Destroy_Task{}, inventory{}, []access.Need{{vm, "VirtualMachine.Inventory.Delete"}, {home, "VirtualMachine.Inventory.Delete"}}},
		"destroy a cluster":         {cluster, "Destroy_Task", &types.Destroy_Task{}, inventory{}, []access.Need{{cluster, "Host.Inventory.DeleteCluster"}, {ref("Folder", "of-domain-c1"), "Host.Inventory.DeleteCluster"}}},
		"migrate a running machine": {vm, "MigrateVM_Task", &types.MigrateVM_Task{}, inventory{on: true}, []access.Need{{vm, "Resource.HotMigrate"}}},
		"migrate one that is off":   {vm, "MigrateVM_Task", &types.MigrateVM_Task{}, inventory{}, []access.Need{{vm, "Resource.ColdMigrate"}}},
		"deploy a template": {vm, "CloneVM_Task", &types.CloneVM_Task{Folder: folder, Spec: types.VirtualMachineCloneSpec{Location: types.VirtualMachineRelocateSpec{Pool: &pool, Datastore: &datastore, DeviceChange: []types.BaseVirtualDeviceConfigSpec{nic("edit", distributed)}}}}, inventory{template: true}, []access.Need{
			{vm, "VirtualMachine.Provisioning.DeployTemplate"}, {folder, "VirtualMachine.Inventory.CreateFromExisting"}, {folder, "VirtualMachine.Config.AddNewDisk"}, {datastore, "Datastore.AllocateSpace"}, {pool, "Resource.AssignVMToPool"}, {portgroup, "Network.Assign"}}},
		"reconfigure": {vm, "ReconfigVM_Task", &types.ReconfigVM_Task{Spec: types.VirtualMachineConfigSpec{NumCPUs: 2, DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			disk("add", "create"), disk("remove", ""), nic("edit", standard), nic("remove", standard)}}}, inventory{}, []access.Need{
			{vm, "VirtualMachine.Config.CPUCount"}, {vm, "VirtualMachine.Config.AddNewDisk"}, {vm, "VirtualMachine.Config.RemoveDisk"}, {vm, "VirtualMachine.Config.EditDevice"}, {vm, "VirtualMachine.Config.AddRemoveDevice"},
			{ref("Datastore", "ha-a"), "Datastore.AllocateSpace"}, {net, "Network.Assign"}}},
		"move a machine":      {folder, "MoveIntoFolder_Task", &types.MoveIntoFolder_Task{List: []types.ManagedObjectReference{vm}}, inventory{}, []access.Need{{folder, "VirtualMachine.Inventory.Move"}, {vm, "VirtualMachine.Inventory.Move"}, {home, "VirtualMachine.Inventory.Move"}}},
		"apply":               {cluster, "ApplyRecommendation", &types.ApplyRecommendation{}, inventory{}, []access.Need{{cluster, "Resource.ApplyRecommendation"}}},
		"a method nobody has": {vm, "ExplodeVM_Task", nil, inventory{}, []access.Need{{vm, "Global.VCServer"}}},
		"read":                {ref("PropertyCollector", "pc"), "RetrievePropertiesEx", nil, inventory{}, []access.Need{{ref("PropertyCollector", "pc"), access.Anonymous}}},
	} {
		if got := access.Needs(c.this, c.method, c.body, c.in); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
}

func book() *access.Book { return access.NewBook(esx.RoleList) }

func TestNearestPermissionOfAUserCounts(t *testing.T) {
	b := book()
	root, folder, vm := ref("Folder", "root"), ref("Folder", "f"), ref("VirtualMachine", "vm-1")
	path := []types.ManagedObjectReference{vm, folder, root}
	can := func(user, privilege string, on ...types.ManagedObjectReference) bool {
		return slices.Contains(b.Granted(user, on), privilege)
	}
	permit := func(on types.ManagedObjectReference, user string, role int32, propagate bool) {
		if fault := b.Permit(on, []types.Permission{{Principal: user, RoleId: role, Propagate: propagate}}); fault != nil {
			t.Fatalf("%#v", fault)
		}
	}
	const power = "VirtualMachine.Interact.PowerOn"
	permit(root, "ann@vsphere.local", access.ReadOnly, true)
	if !can("ann@vsphere.local", access.Read, path...) || can("ann@vsphere.local", power, path...) {
		t.Error("a reader reads, and does nothing else")
	}
	permit(folder, `VSPHERE.LOCAL\Ann`, access.Admin, true)
	if !can("ann@vsphere.local", power, path...) || can("ann@vsphere.local", power, root) {
		t.Error("a nearer permission overrides one above it, for what lies below")
	}
	permit(vm, "ann@vsphere.local", access.NoAccess, true)
	if can("ann@vsphere.local", access.Read, path...) {
		t.Error("no access on the machine itself")
	}
	permit(folder, "bob", access.Admin, false)
	if can("bob", power, path...) || !can("bob", power, folder, root) {
		t.Error("a permission that does not propagate counts on its object alone")
	}
	if !b.Forbid(vm, "ANN@vsphere.local", false) || !can("ann@vsphere.local", power, path...) {
		t.Error("a permission that was removed still counts")
	}
	if can("eve", access.View, path...) {
		t.Error("somebody without a permission looks")
	}
}

func TestRolesAreDefinedChangedAndRemoved(t *testing.T) {
	b := book()
	id, fault := b.AddRole("operator", []string{"VirtualMachine.Interact.PowerOn"})
	if fault != nil || id <= 0 {
		t.Fatalf("%d, %#v", id, fault)
	}
	if _, fault := b.AddRole("operator", nil); fault == nil {
		t.Error("two roles of a name")
	}
	if _, fault := b.AddRole("other", []string{"VirtualMachine.Explode"}); fault == nil {
		t.Error("a privilege that does not exist")
	}
	root := ref("Folder", "root")
	if fault := b.Permit(root, []types.Permission{{Principal: "ann", RoleId: id, Propagate: true}}); fault != nil {
		t.Fatalf("%#v", fault)
	}
	if got := b.Granted("ann", []types.ManagedObjectReference{root}); !slices.Equal(got, []string{access.Anonymous, access.Read, access.View, "VirtualMachine.Interact.PowerOn"}) {
		t.Errorf("granted %v", got)
	}
	if fault := b.UpdateRole(access.Admin, "Admin", nil); fault == nil {
		t.Error("a role of the system was changed")
	}
	if fault := b.RemoveRole(id, true); fault == nil {
		t.Error("a role in use was removed")
	}
	if fault := b.RemoveRole(id, false); fault != nil || b.Granted("ann", []types.ManagedObjectReference{root}) != nil {
		t.Errorf("%#v", fault)
	}
	if fault := b.Permit(root, []types.Permission{{Principal: "ann", RoleId: id}}); fault == nil {
		t.Error("a role that is gone was given")
	}
}
