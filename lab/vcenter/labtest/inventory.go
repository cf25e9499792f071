package labtest

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// AddHost adds a server of the lab as a standalone host, as the provider does.
func (l *Lab) AddHost(name string) *object.HostSystem {
	l.T.Helper()
	ref := l.Run(l.TryAddHost(types.HostConnectSpec{HostName: name, UserName: "root", Password: HostPassword})).(types.ManagedObjectReference)
	hosts, err := object.NewComputeResource(l.Client.Client, ref).Hosts(l.Ctx())
	l.Must(err)
	hosts[0].InventoryPath = "/" + l.Config.Datacenter + "/host/" + name
	return hosts[0]
}

// TryAddHost starts the task that adds a standalone host.
func (l *Lab) TryAddHost(spec types.HostConnectSpec) (*object.Task, error) {
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	return folders.HostFolder.AddStandaloneHost(l.Ctx(), spec, true, nil, nil)
}

// Hosts adds the first n servers.
func (l *Lab) Hosts(n int) []*object.HostSystem {
	l.T.Helper()
	var hosts []*object.HostSystem
	for i := range n {
		hosts = append(hosts, l.AddHost(l.Config.Hosts[i].Name))
	}
	return hosts
}

// NAS mounts an export of the lab on hosts.
func (l *Lab) NAS(name string, export int, hosts ...*object.HostSystem) types.ManagedObjectReference {
	l.T.Helper()
	var ref types.ManagedObjectReference
	for _, h := range hosts {
		dss, err := h.ConfigManager().DatastoreSystem(l.Ctx())
		l.Must(err)
		e := l.Config.NFS[export]
		ds, err := dss.CreateNasDatastore(l.Ctx(), types.HostNasVolumeSpec{
			RemoteHost: e.Server, RemotePath: e.Path, LocalPath: name, AccessMode: "readWrite", Type: "NFS",
		})
		l.Must(err)
		ref = ds.Reference()
	}
	return ref
}

// VMFS formats the shared disk, for all hosts.
func (l *Lab) VMFS(name string, host *object.HostSystem) types.ManagedObjectReference {
	l.T.Helper()
	dss, err := host.ConfigManager().DatastoreSystem(l.Ctx())
	l.Must(err)
	options, err := dss.QueryVmfsDatastoreCreateOptions(l.Ctx(), "/vmfs/devices/disks/"+l.Config.LUN.Name)
	l.Must(err)
	spec := *options[0].Spec.(*types.VmfsDatastoreCreateSpec)
	spec.Vmfs.VolumeName = name
	ds, err := dss.CreateVmfsDatastore(l.Ctx(), spec)
	l.Must(err)
	return ds.Reference()
}

// Cluster makes a cluster of hosts with HA and DRS on, changed as given.
func (l *Lab) Cluster(name string, hosts []*object.HostSystem, change ...func(*types.ClusterConfigSpecEx)) *object.ClusterComputeResource {
	l.T.Helper()
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	c, err := folders.HostFolder.CreateCluster(l.Ctx(), name, types.ClusterConfigSpecEx{})
	l.Must(err)
	l.Run(c.MoveInto(l.Ctx(), hosts...))
	spec := &types.ClusterConfigSpecEx{
		DasConfig: &types.ClusterDasConfigInfo{Enabled: types.NewBool(true)},
		DrsConfig: &types.ClusterDrsConfigInfo{Enabled: types.NewBool(true), DefaultVmBehavior: types.DrsBehaviorFullyAutomated},
	}
	for _, f := range change {
		f(spec)
	}
	l.Run(c.Reconfigure(l.Ctx(), spec, true))
	return c
}

// Clone makes a running machine of a template in the cluster.
func (l *Lab) Clone(template, name string, c *object.ClusterComputeResource, datastore types.ManagedObjectReference) *object.VirtualMachine {
	l.T.Helper()
	source, err := l.Finder.VirtualMachine(l.Ctx(), template)
	l.Must(err)
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	poolRef := pool.Reference()
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	ref := l.Run(source.Clone(l.Ctx(), folders.VmFolder, name, types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &poolRef, Datastore: &datastore},
	})).(types.ManagedObjectReference)
	vm := object.NewVirtualMachine(l.Client.Client, ref)
	l.Run(vm.PowerOn(l.Ctx()))
	return vm
}

// Pair is a cluster of two hosts with a shared datastore and one running machine.
func (l *Lab) Pair() (*object.ClusterComputeResource, *object.VirtualMachine) {
	l.T.Helper()
	hosts := l.Hosts(2)
	ds := l.NAS("nfs-a", 0, hosts...)
	c := l.Cluster("ha", hosts)
	return c, l.Clone("ubuntu-13.10", "vm-1", c, ds)
}

// VM reads a machine.
func (l *Lab) VM(vm *object.VirtualMachine) mo.VirtualMachine {
	l.T.Helper()
	var p mo.VirtualMachine
	l.Must(vm.Properties(l.Ctx(), vm.Reference(), nil, &p))
	return p
}

// Host reads a host.
func (l *Lab) Host(h *object.HostSystem) mo.HostSystem {
	l.T.Helper()
	var p mo.HostSystem
	l.Must(h.Properties(l.Ctx(), h.Reference(), nil, &p))
	return p
}

// Settings reads a cluster's settings.
func (l *Lab) Settings(c *object.ClusterComputeResource) *types.ClusterConfigInfoEx {
	l.T.Helper()
	var p mo.ClusterComputeResource
	l.Must(c.Properties(l.Ctx(), c.Reference(), []string{"configurationEx"}, &p))
	return p.ConfigurationEx.(*types.ClusterConfigInfoEx)
}

// HostOf is the host that a machine runs on.
func (l *Lab) HostOf(vm *object.VirtualMachine) types.ManagedObjectReference {
	l.T.Helper()
	return *l.VM(vm).Runtime.Host
}

// Events lists what the event manager knows of one kind, oldest first; kinds are class names or EventEx identifiers.
func (l *Lab) Events(kinds ...string) []types.BaseEvent {
	l.T.Helper()
	res, err := methods.QueryEvents(l.Ctx(), l.Client.Client, &types.QueryEvents{
		This: *l.Client.ServiceContent.EventManager, Filter: types.EventFilterSpec{EventTypeId: kinds, MaxCount: 1000},
	})
	l.Must(err)
	list := res.Returnval
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}
