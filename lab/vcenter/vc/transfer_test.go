package vc_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"

	"vsphere-ha/lab/vcenter/labtest"
)

// exported downloads the first disk of a machine.
func exported(l *labtest.Lab, vm *object.VirtualMachine) []byte {
	l.T.Helper()
	lease, err := vm.Export(l.Ctx())
	l.Must(err)
	info, err := lease.Wait(l.Ctx(), nil)
	l.Must(err)
	res, err := l.HTTP.Get(info.DeviceUrl[0].Url)
	l.Must(err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	l.Must(err)
	if res.StatusCode != http.StatusOK || res.ContentLength != int64(len(content)) {
		l.T.Fatalf("%s, %d bytes announced, %d sent", res.Status, res.ContentLength, len(content))
	}
	l.Must(lease.Complete(l.Ctx()))
	return content
}

// streamed makes a stream-optimized disk of flat content.
func streamed(l *labtest.Lab, flat []byte, capacity int64) []byte {
	l.T.Helper()
	file := filepath.Join(l.T.TempDir(), "disk.vmdk")
	w, err := vmdk.NewStreamOptimizedWriter(file, capacity)
	l.Must(err)
	l.Must(w.Write(bytes.NewReader(flat)))
	l.Must(w.Close())
	content, err := os.ReadFile(file)
	l.Must(err)
	return content
}

func TestAnExportIsAStreamOptimizedDisk(t *testing.T) {
	l, c, ds := twoHosts(t, 200)
	vm := l.Clone("ubuntu-13.10", "exported", c, ds)
	if _, err := vm.Export(l.Ctx()); err == nil {
		t.Fatal("a machine that runs was exported")
	}
	l.Run(vm.PowerOff(l.Ctx()))
	if got := exported(l, vm); !bytes.Equal(got, streamed(l, nil, 8<<30)) {
		t.Fatalf("a blank disk of %d bytes", len(got))
	}
	flat := bytes.Repeat([]byte("written by the guest "), 10_000)
	file := filepath.Join(l.Config.DataDir, "datastores", "nfs", l.Config.NFS[0].Server, l.Config.NFS[0].Path, "exported", "exported-flat.vmdk")
	l.Must(os.WriteFile(file, flat, 0o600))
	const grain = vmdk.GrainSize * vmdk.SectorSize
	padded := append(flat, make([]byte, grain-len(flat)%grain)...)
	if got := exported(l, vm); !bytes.Equal(got, streamed(l, padded, 8<<30)) {
		t.Fatalf("content was lost: %d bytes", len(got))
	}
}

func TestWhatIsImportedIsExportedAndCloned(t *testing.T) {
	l, c, ds := twoHosts(t, 200)
	pool, err := c.ResourcePool(l.Ctx())
	l.Must(err)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	lease, err := pool.ImportVApp(l.Ctx(), imported(), folders.VmFolder, nil)
	l.Must(err)
	info, err := lease.Wait(l.Ctx(), nil)
	l.Must(err)
	image := streamed(l, bytes.Repeat([]byte{7}, 1<<20), 64<<20)
	req, err := http.NewRequestWithContext(l.Ctx(), http.MethodPut, info.DeviceUrl[0].Url, bytes.NewReader(image))
	l.Must(err)
	res, err := l.HTTP.Do(req)
	l.Must(err)
	_ = res.Body.Close()
	manifest, err := lease.GetManifest(l.Ctx())
	l.Must(err)
	if len(manifest) != 1 || manifest[0].Size != int64(len(image)) {
		t.Fatalf("%+v", manifest)
	}
	l.Must(lease.Complete(l.Ctx()))
	vm := object.NewVirtualMachine(l.Client.Client, info.Entity)
	if !bytes.Equal(exported(l, vm), image) {
		t.Fatal("the export differs from the import")
	}
	root := pool.Reference()
	made := l.Run(vm.Clone(l.Ctx(), folders.VmFolder, "copy", types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &root, Datastore: &ds},
	})).(types.ManagedObjectReference)
	if !bytes.Equal(exported(l, object.NewVirtualMachine(l.Client.Client, made)), image) {
		t.Fatal("the clone's disk differs from its source's")
	}
}

// imported describes a machine with one disk of 64 MiB.
func imported() *types.VirtualMachineImportSpec {
	scsi, disk := &types.VirtualLsiLogicController{}, &types.VirtualDisk{CapacityInKB: 64 << 10}
	scsi.Key, disk.Key, disk.ControllerKey, disk.UnitNumber = -1, -2, -1, types.NewInt32(0)
	disk.Backing = &types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent"}
	return &types.VirtualMachineImportSpec{ConfigSpec: types.VirtualMachineConfigSpec{
		Name: "image", GuestId: "ubuntu64Guest", NumCPUs: 1, MemoryMB: 128, Files: &types.VirtualMachineFileInfo{VmPathName: "[ds-a]"},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: scsi},
			&types.VirtualDeviceConfigSpec{
				Operation: types.VirtualDeviceConfigSpecOperationAdd, FileOperation: types.VirtualDeviceConfigSpecFileOperationCreate, Device: disk,
			},
		},
	}}
}

func TestADiskInOneFileIsCopiedToTwo(t *testing.T) {
	l, _, _ := twoHosts(t, 200)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	dir := filepath.Join(l.Config.DataDir, "datastores", "nfs", l.Config.NFS[0].Server, l.Config.NFS[0].Path)
	sparse := streamed(l, bytes.Repeat([]byte{7}, 1<<20), 64<<20)
	l.Must(os.WriteFile(filepath.Join(dir, "sparse.vmdk"), sparse, 0o600))
	disks := object.NewVirtualDiskManager(l.Client.Client)
	l.Run(disks.CopyVirtualDisk(l.Ctx(), "[ds-a] sparse.vmdk", dc, "[ds-a] flat.vmdk", nil, nil, false))
	content, err := os.ReadFile(filepath.Join(dir, "flat-flat.vmdk"))
	l.Must(err)
	f, err := os.Open(filepath.Join(dir, "flat.vmdk"))
	l.Must(err)
	defer func() { _ = f.Close() }()
	desc, err := vmdk.ParseDescriptor(f)
	l.Must(err)
	if !bytes.Equal(content, sparse) || desc.Capacity() != 64<<20 {
		t.Fatalf("%d bytes, capacity %d", len(content), desc.Capacity())
	}
	task, err := disks.CopyVirtualDisk(l.Ctx(), "[ds-a] sparse.vmdk", dc, "[ds-a] flat.vmdk", nil, nil, false)
	l.Must(err)
	if task.Wait(l.Ctx()) == nil {
		t.Fatal("a disk was overwritten")
	}
	l.Run(disks.DeleteVirtualDisk(l.Ctx(), "[ds-a] flat.vmdk", dc))
	if left, _ := filepath.Glob(filepath.Join(dir, "flat*")); len(left) > 0 {
		t.Fatal(left)
	}
}
