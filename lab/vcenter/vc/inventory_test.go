package vc_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// inventory lists every entity by type and name.
func inventory(l *labtest.Lab) []string {
	v, err := view.NewManager(l.Client.Client).CreateContainerView(l.Ctx(), l.Client.ServiceContent.RootFolder, nil, true)
	l.Must(err)
	defer func() { l.Must(v.Destroy(l.Ctx())) }()
	var all []mo.ManagedEntity
	l.Must(v.Retrieve(l.Ctx(), []string{"ManagedEntity"}, []string{"name"}, &all))
	var names []string
	for _, e := range all {
		names = append(names, e.Self.Type+" "+e.Name)
	}
	slices.Sort(names)
	return names
}

// takeApart removes what newSite made, as the provider does: hosts leave the cluster in maintenance mode.
func (s *site) takeApart() {
	dc, err := s.Finder.Datacenter(s.Ctx(), s.Config.Datacenter)
	s.Must(err)
	folders, err := dc.Folders(s.Ctx())
	s.Must(err)
	for _, h := range s.hosts {
		s.Run(h.EnterMaintenanceMode(s.Ctx(), 0, true, nil))
		s.Run(folders.HostFolder.MoveInto(s.Ctx(), []types.ManagedObjectReference{h.Reference()}))
		s.Run(h.ExitMaintenanceMode(s.Ctx(), 0))
	}
	s.Run(s.cluster.Destroy(s.Ctx()))
	for _, h := range s.hosts {
		p := s.Host(h)
		dss, err := h.ConfigManager().DatastoreSystem(s.Ctx())
		s.Must(err)
		for _, d := range p.Datastore {
			s.Must(dss.Remove(s.Ctx(), object.NewDatastore(s.Client.Client, d)))
		}
		s.Run(h.Disconnect(s.Ctx()))
		s.Run(object.NewComputeResource(s.Client.Client, *p.Parent).Destroy(s.Ctx()))
	}
}

func TestTakingEverythingApartLeavesTheInventoryAsItWas(t *testing.T) {
	l := labtest.Start(t, 200)
	before := inventory(l)
	s := &site{Lab: l, hosts: l.Hosts(3)}
	s.ds = l.NAS("ha-a", 0, s.hosts...)
	l.NAS("ha-b", 1, s.hosts...)
	s.cluster = l.Cluster("ha", s.hosts)
	l.Until("agent machines run", func() bool { return slices.Contains(inventory(l), "Folder vCLS") })
	vm := s.ubuntu("u1")
	s.Up(vm)
	s.Run(vm.PowerOff(s.Ctx()))
	s.Run(vm.Destroy(s.Ctx()))
	s.takeApart()
	if after := inventory(l); !slices.Equal(before, after) {
		t.Errorf("before %v\nafter  %v", before, after)
	}
}

func TestHostNeedsTheRightNameUserPasswordAndThumbprint(t *testing.T) {
	l := labtest.Start(t, 200)
	for name, spec := range map[string]types.HostConnectSpec{
		"unknown name":     {HostName: "nobody.lab.test", UserName: "root", Password: labtest.HostPassword},
		"wrong user":       {HostName: "esx-01.lab.test", UserName: "admin", Password: labtest.HostPassword},
		"wrong password":   {HostName: "esx-01.lab.test", UserName: "root", Password: "guess"},
		"wrong thumbprint": {HostName: "esx-01.lab.test", UserName: "root", Password: labtest.HostPassword, SslThumbprint: "00:11"},
	} {
		task, err := l.TryAddHost(spec)
		l.Must(err)
		if err := task.Wait(l.Ctx()); err == nil {
			t.Errorf("%s: the host was added", name)
		}
	}
	l.AddHost("esx-01.lab.test")
	task, err := l.TryAddHost(types.HostConnectSpec{HostName: "esx-01.lab.test", UserName: "root", Password: labtest.HostPassword})
	l.Must(err)
	if task.Wait(l.Ctx()) == nil {
		t.Error("the same host was added twice")
	}
}

func TestOneExportMountedByManyHostsIsOneDatastore(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(3)
	ref := l.NAS("ha-a", 0, hosts[0])
	for _, h := range hosts[1:] {
		if got := l.NAS("ha-a", 0, h); got != ref {
			t.Errorf("%s and %s for one export", ref, got)
		}
	}
	var ds mo.Datastore
	l.Must(object.NewDatastore(l.Client.Client, ref).Properties(l.Ctx(), ref, nil, &ds))
	if len(ds.Host) != 3 || ds.Summary.MultipleHostAccess == nil || !*ds.Summary.MultipleHostAccess || ds.Summary.Capacity != 500<<30 {
		t.Errorf("mounts %d, summary %+v", len(ds.Host), ds.Summary)
	}
	dss, err := hosts[0].ConfigManager().DatastoreSystem(l.Ctx())
	l.Must(err)
	if _, err := dss.CreateNasDatastore(l.Ctx(), types.HostNasVolumeSpec{RemoteHost: "nfs.lab.test", RemotePath: "/nothing", LocalPath: "x", Type: "NFS"}); err == nil {
		t.Error("an export that does not exist was mounted")
	}
}

func TestSharedDiskBecomesOneDatastoreOfEveryHost(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(3)
	dss, err := hosts[0].ConfigManager().DatastoreSystem(l.Ctx())
	l.Must(err)
	disks, err := dss.QueryAvailableDisksForVmfs(l.Ctx())
	l.Must(err)
	if len(disks) != 1 || disks[0].CanonicalName != l.Config.LUN.Name {
		t.Fatalf("disks %+v", disks)
	}
	options, err := dss.QueryVmfsDatastoreCreateOptions(l.Ctx(), disks[0].DevicePath)
	l.Must(err)
	spec := options[0].Spec.(*types.VmfsDatastoreCreateSpec)
	spec.Vmfs.VolumeName = "vmfs"
	ds, err := dss.CreateVmfsDatastore(l.Ctx(), *spec)
	l.Must(err)
	late := l.AddHost(l.Config.Hosts[3].Name)
	for _, h := range append(hosts, late) {
		if !slices.Contains(l.Host(h).Datastore, ds.Reference()) {
			t.Errorf("%s does not mount it", h)
		}
	}
	if disks, err = dss.QueryAvailableDisksForVmfs(l.Ctx()); err != nil || len(disks) != 0 {
		t.Errorf("the disk is taken, but still offered: %v %v", disks, err)
	}
	l.Must(dss.Remove(l.Ctx(), ds))
	if got := len(l.Host(late).Datastore); got != 0 {
		t.Errorf("%d datastores left", got)
	}
}

func TestAgentMachinesRunOnTheClusterAndAreMarked(t *testing.T) {
	s := newSite(t, 200, 4)
	agents := func() []mo.VirtualMachine {
		var found []mo.VirtualMachine
		for _, h := range s.hosts {
			for _, ref := range s.Host(h).Vm {
				var p mo.VirtualMachine
				err := object.NewVirtualMachine(s.Client.Client, ref).Properties(s.Ctx(), ref, nil, &p)
				if err == nil && p.Config.ManagedBy != nil && p.Runtime.PowerState == "poweredOn" { // an error: it was just replaced
					found = append(found, p)
				}
			}
		}
		return found
	}
	s.Until("three agents run", func() bool { return len(agents()) == 3 })
	for _, p := range agents() {
		if p.Config.ManagedBy.ExtensionKey != "com.vmware.vim.eam" || p.Name[:5] != "vCLS-" {
			t.Errorf("%s managed by %+v", p.Name, p.Config.ManagedBy)
		}
	}
	s.Run(s.hosts[0].EnterMaintenanceMode(s.Ctx(), 0, true, nil))
	s.Until("three agents run on the other hosts", func() bool { return len(agents()) == 3 && len(s.Host(s.hosts[0]).Vm) == 0 })
}
