package vc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

func datacenterFolders(l *labtest.Lab) *object.DatacenterFolders {
	l.T.Helper()
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	return folders
}

func children(l *labtest.Lab, f *object.Folder) []types.ManagedObjectReference {
	l.T.Helper()
	var p mo.Folder
	l.Must(f.Properties(l.Ctx(), f.Reference(), []string{"childEntity"}, &p))
	return p.ChildEntity
}

func outcomeOf(l *labtest.Lab, task *object.Task, err error) error {
	l.T.Helper()
	l.Must(err)
	return task.Wait(l.Ctx())
}

func TestEntitiesMoveBetweenFoldersOfTheirKind(t *testing.T) {
	l := labtest.Start(t, 10)
	folders := datacenterFolders(l)
	hosts := l.Hosts(2)
	cluster := l.Cluster("c", nil)
	dvs := newSwitch(l, "dvs")
	nas := l.NAS("nas", 0, hosts[0])
	for _, c := range []struct {
		root  *object.Folder
		child types.ManagedObjectReference
	}{
		{folders.HostFolder, cluster.Reference()}, {folders.HostFolder, *l.Host(hosts[0]).Parent},
		{folders.NetworkFolder, dvs.Reference()}, {folders.DatastoreFolder, nas},
	} {
		to, err := c.root.CreateFolder(l.Ctx(), "folder-of-"+c.child.Value)
		l.Must(err)
		l.Run(to.MoveInto(l.Ctx(), []types.ManagedObjectReference{c.child}))
		if slices.Contains(children(l, c.root), c.child) || !slices.Contains(children(l, to), c.child) {
			t.Errorf("%s did not move", c.child)
		}
		var e mo.ManagedEntity
		l.Must(l.Client.RetrieveOne(l.Ctx(), c.child, []string{"parent"}, &e))
		if *e.Parent != to.Reference() {
			t.Errorf("the parent of %s is %s", c.child, e.Parent)
		}
		if task, err := to.MoveInto(l.Ctx(), []types.ManagedObjectReference{to.Reference()}); !failsWith(outcomeOf(l, task, err), "InvalidFolder") {
			t.Errorf("%s moved into itself", to.Reference())
		}
		other := folders.VmFolder
		if task, err := other.MoveInto(l.Ctx(), []types.ManagedObjectReference{c.child}); !failsWith(outcomeOf(l, task, err), "NotSupported") {
			t.Errorf("%s moved into a folder of another kind", c.child)
		}
		l.Run(c.root.MoveInto(l.Ctx(), []types.ManagedObjectReference{c.child}))
	}
	task, err := folders.VmFolder.MoveInto(l.Ctx(), []types.ManagedObjectReference{folders.HostFolder.Reference()})
	if !failsWith(outcomeOf(l, task, err), "NotSupported") {
		t.Error("a datacenter lost its host folder")
	}
}

func TestFolderIdentifiersTellTheirKind(t *testing.T) {
	l := labtest.Start(t, 10)
	folders := datacenterFolders(l)
	for prefix, root := range map[string]*object.Folder{
		"group-v": folders.VmFolder, "group-h": folders.HostFolder, "group-s": folders.DatastoreFolder, "group-n": folders.NetworkFolder,
		"group-d": object.NewRootFolder(l.Client.Client),
	} {
		f, err := root.CreateFolder(l.Ctx(), "x/y")
		l.Must(err)
		if !strings.HasPrefix(f.Reference().Value, prefix) {
			t.Errorf("a folder of %s is %s", root.Reference(), f.Reference())
		}
		if name, err := f.ObjectName(l.Ctx()); err != nil || name != "x%2fy" {
			t.Errorf("name %q, %v", name, err)
		}
		if _, err := root.CreateFolder(l.Ctx(), "x/y"); !failsWith(err, "DuplicateName") {
			t.Errorf("a second folder of the name: %v", err)
		}
	}
}

func TestEntitiesAreRenamed(t *testing.T) {
	l := labtest.Start(t, 200)
	folders := datacenterFolders(l)
	hosts := l.Hosts(2)
	s := &site{Lab: l, hosts: hosts}
	s.ds = l.NAS("nas", 0, hosts...)
	s.cluster = l.Cluster("c", hosts)
	vm := l.Clone("ubuntu-13.10", "vm", s.cluster, s.ds)
	pod, err := folders.DatastoreFolder.CreateStoragePod(l.Ctx(), "pod")
	l.Must(err)
	folder, err := folders.VmFolder.CreateFolder(l.Ctx(), "f")
	l.Must(err)
	dvs := newSwitch(l, "dvs")
	pg := newPortGroup(l, dvs.Reference(), types.DVPortgroupConfigSpec{Name: "pg"})
	for _, ref := range []types.ManagedObjectReference{s.ds, s.cluster.Reference(), pod.Reference(), folder.Reference(), dvs.Reference(), pg} {
		e := object.NewCommon(l.Client.Client, ref)
		l.Run(e.Rename(l.Ctx(), "new-"+ref.Value))
		if name, err := e.ObjectName(l.Ctx()); err != nil || name != "new-"+ref.Value {
			t.Errorf("%s is called %q, %v", ref, name, err)
		}
	}
	path := l.VM(vm).Config.Files.VmPathName
	if want := "[new-" + s.ds.Value + "]"; !strings.HasPrefix(path, want) {
		t.Errorf("the machine's files are at %s, not %s", path, want)
	}
	l.Run(vm.PowerOff(l.Ctx()))
	l.Run(vm.PowerOn(l.Ctx()))
	if task, err := object.NewCommon(l.Client.Client, folder.Reference()).Rename(l.Ctx(), "vCLS"); !failsWith(outcomeOf(l, task, err), "DuplicateName") {
		t.Error("two siblings have one name")
	}
}

func TestDatastoreClusterKeepsItsSettings(t *testing.T) {
	l := labtest.Start(t, 10)
	folders := datacenterFolders(l)
	nas := l.NAS("nas", 0, l.Hosts(1)...)
	pod, err := folders.DatastoreFolder.CreateStoragePod(l.Ctx(), "pod")
	l.Must(err)
	read := func() (p mo.StoragePod) {
		l.Must(pod.Properties(l.Ctx(), pod.Reference(), nil, &p))
		return p
	}
	cfg := read().PodStorageDrsEntry.StorageDrsConfig.PodConfig
	if cfg.Enabled || cfg.SpaceLoadBalanceConfig.SpaceUtilizationThreshold != 80 || cfg.LoadBalanceInterval != 480 || cfg.DefaultVmBehavior != "manual" {
		t.Errorf("defaults %+v", cfg)
	}
	configure := func(spec types.StorageDrsConfigSpec) {
		t.Helper()
		res, err := methods.ConfigureStorageDrsForPod_Task(l.Ctx(), l.Client, &types.ConfigureStorageDrsForPod_Task{
			This: *l.Client.ServiceContent.StorageResourceManager, Pod: pod.Reference(), Spec: spec, Modify: true,
		})
		l.Must(err)
		l.Run(object.NewTask(l.Client.Client, res.Returnval), nil)
	}
	configure(types.StorageDrsConfigSpec{PodConfigSpec: &types.StorageDrsPodConfigSpec{
		Enabled: types.NewBool(true), IoLoadBalanceConfig: &types.StorageDrsIoLoadBalanceConfig{IoLatencyThreshold: 20},
		Option: []types.StorageDrsOptionSpec{{Option: &types.OptionValue{Key: "IgnoreAffinityRulesForMaintenance", Value: "1"}}},
	}})
	configure(types.StorageDrsConfigSpec{PodConfigSpec: &types.StorageDrsPodConfigSpec{LoadBalanceInterval: 960}})
	cfg = read().PodStorageDrsEntry.StorageDrsConfig.PodConfig
	if !cfg.Enabled || cfg.IoLoadBalanceConfig.IoLatencyThreshold != 20 || cfg.IoLoadBalanceConfig.ReservablePercentThreshold != 60 ||
		cfg.LoadBalanceInterval != 960 || len(cfg.Option) != 1 {
		t.Errorf("what was not named changed: %+v", cfg)
	}
	l.Run(pod.MoveInto(l.Ctx(), []types.ManagedObjectReference{nas}))
	if p := read(); p.Summary.Capacity != 500<<30 || !slices.Contains(p.ChildEntity, nas) {
		t.Errorf("members %v of %d bytes", p.ChildEntity, p.Summary.Capacity)
	}
	l.Run(pod.Destroy(l.Ctx()))
	if !slices.Contains(children(l, folders.DatastoreFolder), nas) {
		t.Error("the datastore went with its cluster")
	}
}

func TestResourcePoolsAreConfiguredAndMoved(t *testing.T) {
	l := labtest.Start(t, 200)
	s := &site{Lab: l, hosts: l.Hosts(2)}
	s.ds = l.NAS("nas", 0, s.hosts...)
	s.cluster = l.Cluster("c", s.hosts)
	vm := l.Clone("ubuntu-13.10", "vm", s.cluster, s.ds)
	root, err := s.cluster.ResourcePool(l.Ctx())
	l.Must(err)
	parent, err := root.Create(l.Ctx(), "parent", types.DefaultResourceConfigSpec())
	l.Must(err)
	child, err := root.Create(l.Ctx(), "child", types.DefaultResourceConfigSpec())
	l.Must(err)
	read := func(p *object.ResourcePool) (pool mo.ResourcePool) {
		l.Must(p.Properties(l.Ctx(), p.Reference(), nil, &pool))
		return pool
	}
	if cfg := read(child).Config; cfg.CpuAllocation.Shares.Shares != 4000 || cfg.MemoryAllocation.Shares.Shares != 163840 {
		t.Errorf("normal shares are %d and %d", cfg.CpuAllocation.Shares.Shares, cfg.MemoryAllocation.Shares.Shares)
	}
	l.Must(child.UpdateConfig(l.Ctx(), "renamed", &types.ResourceConfigSpec{
		CpuAllocation: types.ResourceAllocationInfo{ExpandableReservation: types.NewBool(false), Limit: types.NewInt64(1000)},
	}))
	if p := read(child); p.Name != "renamed" || *p.Config.CpuAllocation.ExpandableReservation || *p.Config.CpuAllocation.Limit != 1000 || p.Config.CpuAllocation.Shares.Level != "normal" {
		t.Errorf("%s: %+v", p.Name, p.Config.CpuAllocation)
	}
	move := func(to *object.ResourcePool, refs ...types.ManagedObjectReference) error {
		_, err := methods.MoveIntoResourcePool(l.Ctx(), l.Client, &types.MoveIntoResourcePool{This: to.Reference(), List: refs})
		return err
	}
	l.Must(move(parent, child.Reference()))
	l.Must(move(child, vm.Reference()))
	if !slices.Contains(read(parent).ResourcePool, child.Reference()) || slices.Contains(read(root).ResourcePool, child.Reference()) {
		t.Error("the pool did not move")
	}
	if *l.VM(vm).ResourcePool != child.Reference() || slices.Contains(read(root).Vm, vm.Reference()) {
		t.Error("the machine did not move")
	}
	if err := move(child, parent.Reference()); !failsWith(err, "InvalidArgument") {
		t.Errorf("a pool moved below itself: %v", err)
	}
	l.Run(child.Destroy(l.Ctx()))
	if *l.VM(vm).ResourcePool != parent.Reference() || !slices.Contains(read(parent).Vm, vm.Reference()) {
		t.Error("a destroyed pool's machine is not its parent's")
	}
}

func TestDestroyedClusterTakesItsHostsAndMachinesAlong(t *testing.T) {
	l := labtest.Start(t, 200)
	before := inventory(l)
	s := &site{Lab: l, hosts: l.Hosts(3)}
	s.ds = l.NAS("nas", 0, s.hosts...)
	s.cluster = l.Cluster("c", s.hosts)
	vm := l.Clone("ubuntu-13.10", "vm", s.cluster, s.ds)
	root, err := s.cluster.ResourcePool(l.Ctx())
	l.Must(err)
	_, err = root.Create(l.Ctx(), "pool", types.DefaultResourceConfigSpec())
	l.Must(err)
	l.Run(s.cluster.Destroy(l.Ctx()))
	if after := inventory(l); !slices.Equal(before, after) {
		t.Errorf("the inventory was\n%v\nand is\n%v", before, after)
	}
	var gone mo.VirtualMachine
	if err := l.Client.RetrieveOne(l.Ctx(), vm.Reference(), []string{"name"}, &gone); err == nil {
		t.Error("the machine is still there")
	}
	if failed := l.Events("com.vmware.vc.HA.DasHostFailedEvent"); len(failed) > 0 {
		t.Errorf("HA took the removal for a failure: %v", failed)
	}
	l.Cluster("c", l.Hosts(3)) // the hosts can be added again
}
