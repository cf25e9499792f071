package vc_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// What nova's vCenter driver and oslo.vmware ask of vCenter, each as they ask it.

func TestTheDescriptionOfTheAPIIsServedToWhoeverAsks(t *testing.T) {
	l := labtest.Start(t, 200)
	res, err := l.HTTP.Get("https://" + l.Config.Listen + "/sdk/vimService.wsdl")
	l.Must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	l.Must(err)
	if res.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`<operation name="RetrievePropertiesEx">`)) {
		t.Errorf("%s, %d octets", res.Status, len(text))
	}
}

// soapCall sends a call as oslo.vmware writes it, with the session of the test's client.
func soapCall(l *labtest.Lab, body string) (int, string) {
	envelope := `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>` + body +
		`</soapenv:Body></soapenv:Envelope>`
	url := l.Client.URL()
	req, err := http.NewRequest(http.MethodPost, url.String(), strings.NewReader(envelope))
	l.Must(err)
	req.Header.Set("SOAPAction", `"urn:vim25/8.0.0.0"`)
	for _, cookie := range l.Client.Client.Client.Jar.Cookies(url) {
		req.AddCookie(cookie)
	}
	res, err := l.HTTP.Do(req)
	l.Must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	l.Must(err)
	return res.StatusCode, string(text)
}

func TestATimeWithoutAZoneIsTakenAsUTC(t *testing.T) {
	l := labtest.Start(t, 200)
	status, text := soapCall(l, `<RegisterExtension xmlns="urn:vim25"><_this type="ExtensionManager">ExtensionManager</_this><extension>`+
		`<description><label>OpenStack Nova support</label><summary>s</summary></description><key>org.openstack.compute</key>`+
		`<version>1.0</version><lastHeartbeatTime>2026-11-23T14:47:51.123456</lastHeartbeatTime></extension></RegisterExtension>`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	m, err := object.GetExtensionManager(l.Client.Client)
	l.Must(err)
	e, err := m.Find(l.Ctx(), "org.openstack.compute")
	l.Must(err)
	if e == nil || e.LastHeartbeatTime.UTC().Hour() != 14 {
		t.Errorf("registered as %+v", e)
	}
}

// recursion is oslo.vmware's traversal of the whole inventory: every step names others, those of pools name themselves.
func recursion() []types.BaseSelectionSpec {
	named := func(names ...string) (set []types.BaseSelectionSpec) {
		for _, n := range names {
			set = append(set, &types.SelectionSpec{Name: n})
		}
		return set
	}
	step := func(name, kind, path string, next ...string) *types.TraversalSpec {
		return &types.TraversalSpec{SelectionSpec: types.SelectionSpec{Name: name}, Type: kind, Path: path, Skip: types.NewBool(false), SelectSet: named(next...)}
	}
	folders := step("visitFolders", "Folder", "childEntity", "visitFolders")
	folders.SelectSet = append(folders.SelectSet,
		step("h_to_vm", "HostSystem", "vm", "visitFolders"),
		step("dc_to_hf", "Datacenter", "hostFolder", "visitFolders"),
		step("dc_to_vmf", "Datacenter", "vmFolder", "visitFolders"),
		step("dc_to_df", "Datacenter", "datastoreFolder", "visitFolders"),
		step("dc_to_netf", "Datacenter", "networkFolder", "visitFolders"),
		step("cr_to_h", "ComputeResource", "host"),
		step("cr_to_ds", "ComputeResource", "datastore"),
		step("cr_to_rp", "ComputeResource", "resourcePool", "rp_to_rp", "rp_to_vm"),
		step("ccr_to_h", "ClusterComputeResource", "host"),
		step("ccr_to_rp", "ClusterComputeResource", "resourcePool", "rp_to_rp", "rp_to_vm"),
		step("rp_to_rp", "ResourcePool", "resourcePool", "rp_to_rp", "rp_to_vm"),
		step("rp_to_vm", "ResourcePool", "vm", "rp_to_rp", "rp_to_vm"),
	)
	return []types.BaseSelectionSpec{folders}
}

func TestARecursiveTraversalFindsEverythingOnceAndEnds(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(3)
	ds := l.NAS("ha-a", 0, hosts...)
	c := l.Cluster("ha", hosts)
	vm := l.Clone("ubuntu-13.10", "guest", c, ds)
	for kind, want := range map[string][]types.ManagedObjectReference{
		"VirtualMachine":         {vm.Reference()},
		"ClusterComputeResource": {c.Reference()},
		"HostSystem":             {hosts[0].Reference(), hosts[1].Reference(), hosts[2].Reference()},
		"Datastore":              {ds},
	} {
		res, err := methods.RetrievePropertiesEx(l.Ctx(), l.Client.Client, &types.RetrievePropertiesEx{
			This: l.Client.ServiceContent.PropertyCollector,
			SpecSet: []types.PropertyFilterSpec{{
				PropSet: []types.PropertySpec{{Type: kind, PathSet: []string{"name"}}},
				ObjectSet: []types.ObjectSpec{{
					Obj: l.Client.ServiceContent.RootFolder, Skip: types.NewBool(false), SelectSet: recursion(),
				}},
			}},
		})
		l.Must(err)
		found := map[types.ManagedObjectReference]int{}
		for _, o := range res.Returnval.Objects {
			found[o.Obj]++
			if o.Obj.Type != kind {
				t.Errorf("asked for %s, got %s", kind, o.Obj)
			}
		}
		for _, ref := range want {
			if found[ref] != 1 {
				t.Errorf("%s found %d times", ref, found[ref])
			}
		}
	}
}

func diskOf(l *labtest.Lab, vm *object.VirtualMachine) string {
	devices, err := vm.Device(l.Ctx())
	l.Must(err)
	disk := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk)
	return disk.Backing.(types.BaseVirtualDeviceFileBackingInfo).GetVirtualDeviceFileBackingInfo().FileName
}

func TestADiskIsCopiedAndMovedWithinItsDatacenter(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	ds := l.NAS("ha-a", 0, hosts...)
	vm := l.Clone("ubuntu-13.10", "guest", l.Cluster("ha", hosts), ds)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	source, m := dc.Reference(), *l.Client.ServiceContent.VirtualDiskManager
	copied, err := methods.CopyVirtualDisk_Task(l.Ctx(), l.Client.Client, &types.CopyVirtualDisk_Task{
		This: m, SourceName: diskOf(l, vm), SourceDatacenter: &source, DestName: "[ha-a] guest/copy.vmdk",
	})
	l.Must(err)
	l.Run(object.NewTask(l.Client.Client, copied.Returnval), nil)
	moved, err := methods.MoveVirtualDisk_Task(l.Ctx(), l.Client.Client, &types.MoveVirtualDisk_Task{
		This: m, SourceName: "[ha-a] guest/copy.vmdk", SourceDatacenter: &source, DestName: "[ha-a] guest/moved.vmdk",
	})
	l.Must(err)
	l.Run(object.NewTask(l.Client.Client, moved.Returnval), nil)
	if files := search(l, ds, "[ha-a] guest", nil); !strings.Contains(files, "moved.vmdk") || strings.Contains(files, "copy.vmdk") {
		t.Errorf("the folder holds %s", files)
	}
}

func search(l *labtest.Lab, ds types.ManagedObjectReference, folder string, spec *types.HostDatastoreBrowserSearchSpec) string {
	var d mo.Datastore
	l.Must(l.Client.RetrieveOne(l.Ctx(), ds, []string{"browser"}, &d))
	task, err := methods.SearchDatastore_Task(l.Ctx(), l.Client.Client, &types.SearchDatastore_Task{
		This: d.Browser, DatastorePath: folder, SearchSpec: spec,
	})
	l.Must(err)
	var names []string
	for _, f := range l.Run(object.NewTask(l.Client.Client, task.Returnval), nil).(types.HostDatastoreBrowserSearchResults).File {
		names = append(names, f.GetFileInfo().Path)
	}
	return fmt.Sprint(names)
}

func TestADatastoreIsSearchedWithoutASpecification(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	ds := l.NAS("ha-a", 0, hosts...)
	vm := l.Clone("ubuntu-13.10", "guest", l.Cluster("ha", hosts), ds)
	disk := path.Base(diskOf(l, vm))
	for name, spec := range map[string]*types.HostDatastoreBrowserSearchSpec{"none": nil, "empty": {}, "pattern": {MatchPattern: []string{"*.vmdk"}}} {
		if files := search(l, ds, "[ha-a] guest", spec); !strings.Contains(files, disk) {
			t.Errorf("%s: %s is not among %s", name, disk, files)
		}
	}
}

func TestASCSIControllerTakesUnit7OfItsBus(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	vm := l.Clone("ubuntu-13.10", "guest", l.Cluster("ha", hosts), l.NAS("ha-a", 0, hosts...))
	l.Must(vm.AddDevice(l.Ctx(), &types.VirtualLsiLogicController{VirtualSCSIController: types.VirtualSCSIController{
		SharedBus: types.VirtualSCSISharingNoSharing, VirtualController: types.VirtualController{BusNumber: 1, VirtualDevice: types.VirtualDevice{Key: -1}},
	}}))
	devices, err := vm.Device(l.Ctx())
	l.Must(err)
	controllers := devices.SelectByType((*types.VirtualSCSIController)(nil))
	if len(controllers) != 2 {
		t.Fatalf("%d controllers", len(controllers))
	}
	for _, d := range controllers {
		if unit := d.(types.BaseVirtualSCSIController).GetVirtualSCSIController().ScsiCtlrUnitNumber; unit != 7 {
			t.Errorf("unit %d", unit)
		}
	}
}

// A stream-optimized image is imported as a virtual machine whose disk is uploaded to a lease.
func TestAnImageIsUploadedToAnImportLease(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	l.NAS("ha-a", 0, hosts...)
	c := l.Cluster("ha", hosts)
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	spec := &types.VirtualMachineImportSpec{ConfigSpec: types.VirtualMachineConfigSpec{
		Name: "image", GuestId: "ubuntu64Guest", NumCPUs: 1, MemoryMB: 128,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[ha-a]"},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: &types.VirtualLsiLogicController{
				VirtualSCSIController: types.VirtualSCSIController{
					SharedBus: types.VirtualSCSISharingNoSharing, VirtualController: types.VirtualController{VirtualDevice: types.VirtualDevice{Key: -101}},
				},
			}},
			&types.VirtualDeviceConfigSpec{
				Operation: types.VirtualDeviceConfigSpecOperationAdd, FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate,
				Device: &types.VirtualDisk{CapacityInKB: 1 << 20, VirtualDevice: types.VirtualDevice{
					Key: -100, ControllerKey: -101, UnitNumber: types.NewInt32(0),
					Backing: &types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent", VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: ""}},
				}},
			},
		},
	}}
	lease, err := pool.ImportVApp(l.Ctx(), spec, folders.VmFolder, nil)
	l.Must(err)
	info, err := lease.Wait(l.Ctx(), nil)
	l.Must(err)
	uploaded := false
	for i := range info.DeviceUrl {
		if info.DeviceUrl[i].Disk != nil && *info.DeviceUrl[i].Disk || strings.HasSuffix(info.DeviceUrl[i].Url, ".vmdk") {
			uploaded = true
			url := strings.Replace(info.DeviceUrl[i].Url, "*", l.Config.Listen, 1)
			req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(make([]byte, 1<<20)))
			l.Must(err)
			for _, cookie := range l.Client.Client.Client.Jar.Cookies(l.Client.URL()) {
				req.AddCookie(cookie)
			}
			res, err := l.HTTP.Do(req)
			l.Must(err)
			res.Body.Close()
			if res.StatusCode >= 300 {
				t.Errorf("upload to %s: %s", url, res.Status)
			}
		}
	}
	if !uploaded {
		t.Fatalf("the lease names no disk: %+v", info.DeviceUrl)
	}
	l.Must(lease.Complete(l.Ctx()))
	vm := object.NewVirtualMachine(l.Client.Client, info.Entity)
	if l.VM(vm).Name != "image" {
		t.Errorf("the machine is called %s", l.VM(vm).Name)
	}
}

func TestAnUploadedDescriptorIsMovedAsAFile(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(1)
	ds := l.NAS("ha-a", 0, hosts...)
	datastore, err := l.Finder.Datastore(l.Ctx(), "ha-a")
	l.Must(err)
	l.Must(datastore.Upload(l.Ctx(), strings.NewReader("# Disk DescriptorFile\n"), "sent.vmdk", nil))
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	move := func(from, to string) error {
		ref := dc.Reference()
		res, err := methods.MoveVirtualDisk_Task(l.Ctx(), l.Client, &types.MoveVirtualDisk_Task{
			This: *l.Client.ServiceContent.VirtualDiskManager, SourceName: from, SourceDatacenter: &ref, DestName: to,
		})
		l.Must(err)
		return object.NewTask(l.Client.Client, res.Returnval).Wait(l.Ctx())
	}
	l.Must(move("[ha-a] sent.vmdk", "[ha-a] kept.vmdk"))
	if files := search(l, ds, "[ha-a]", nil); !strings.Contains(files, "kept.vmdk") || strings.Contains(files, "sent.vmdk") {
		t.Errorf("the datastore holds %s", files)
	}
	if err := move("[ha-a] sent.vmdk", "[ha-a] other.vmdk"); !failsWith(err, "FileNotFound") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestADiskIsCalledWhatItWasMadeAs(t *testing.T) {
	l := labtest.Start(t, 200)
	l.NAS("ha-a", 0, l.Hosts(1)...)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	m := object.NewVirtualDiskManager(l.Client.Client)
	for _, kind := range []types.VirtualDiskType{types.VirtualDiskTypeThin, types.VirtualDiskTypePreallocated, types.VirtualDiskTypeEagerZeroedThick} {
		name := fmt.Sprintf("[ha-a] %s.vmdk", kind)
		l.Run(m.CreateVirtualDisk(l.Ctx(), name, dc, &types.FileBackedVirtualDiskSpec{
			CapacityKb: 1024, VirtualDiskSpec: types.VirtualDiskSpec{DiskType: string(kind), AdapterType: "lsiLogic"},
		}))
		info, err := m.QueryVirtualDiskInfo(l.Ctx(), name, dc, false)
		if err != nil || len(info) != 1 || info[0].DiskType != string(kind) {
			t.Errorf("%s: %+v, %v", kind, info, err)
		}
	}
	if _, err := m.QueryVirtualDiskInfo(l.Ctx(), "[ha-a] none.vmdk", dc, false); err == nil {
		t.Error("a disk that is not there was described")
	}
}
