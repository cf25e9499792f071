package vc_test

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/labtest"
)

// pod makes a datastore cluster of two NFS datastores, beside a pair of hosts that mount them.
func pod(l *labtest.Lab, hosts []*object.HostSystem) (types.ManagedObjectReference, []types.ManagedObjectReference) {
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	p, err := folders.DatastoreFolder.CreateStoragePod(l.Ctx(), "pod")
	l.Must(err)
	members := []types.ManagedObjectReference{l.NAS("nfs-a", 0, hosts...), l.NAS("nfs-b", 1, hosts...)}
	l.Run(object.NewFolder(l.Client.Client, p.Reference()).MoveInto(l.Ctx(), members))
	l.Run(object.NewStorageResourceManager(l.Client.Client).ConfigureStorageDrsForPod(l.Ctx(), p, types.StorageDrsConfigSpec{
		PodConfigSpec: &types.StorageDrsPodConfigSpec{Enabled: types.NewBool(true)},
	}, true))
	return p.Reference(), members
}

func TestStorageDRSPlacesAMachineWhereMostIsFree(t *testing.T) {
	l := labtest.Start(t, 200)
	hosts := l.Hosts(2)
	chosen, members := pod(l, hosts)
	c := l.Cluster("ha", hosts)
	l.Clone("ubuntu-13.10", "vm-1", c, members[0]) // takes space of the first
	manager := object.NewStorageResourceManager(l.Client.Client)
	source, err := l.Finder.VirtualMachine(l.Ctx(), "vm-1")
	l.Must(err)
	dc, err := l.Finder.Datacenter(l.Ctx(), l.Config.Datacenter)
	l.Must(err)
	folders, err := dc.Folders(l.Ctx())
	l.Must(err)
	folder, vm := folders.VmFolder.Reference(), source.Reference()
	spec := types.StoragePlacementSpec{
		Type: "clone", Vm: &vm, Folder: &folder, CloneName: "vm-2", CloneSpec: &types.VirtualMachineCloneSpec{},
		PodSelectionSpec: types.StorageDrsPodSelectionSpec{StoragePod: &chosen},
	}
	result, err := manager.RecommendDatastores(l.Ctx(), spec)
	l.Must(err)
	if len(result.Recommendations) != 2 {
		t.Fatalf("%d recommendations", len(result.Recommendations))
	}
	key := result.Recommendations[0].Key
	made := l.Run(manager.ApplyStorageDrsRecommendation(l.Ctx(), []string{key})).(types.ApplyStorageRecommendationResult)
	if used := l.VM(object.NewVirtualMachine(l.Client.Client, *made.Vm)).Datastore; !slices.Equal(used, members[1:]) {
		t.Errorf("the machine is on %v, not on %v", used, members[1])
	}
	if _, err := manager.ApplyStorageDrsRecommendation(l.Ctx(), []string{key}); !failsWith(err, "InvalidArgument") {
		t.Errorf("the recommendation was applied twice: %v", err)
	}
	spec.CloneName = ""
	if _, err := manager.RecommendDatastores(l.Ctx(), spec); !failsWith(err, "InvalidArgument") {
		t.Errorf("an order without a name: %v", err)
	}
	l.Run(manager.ConfigureStorageDrsForPod(l.Ctx(), object.NewStoragePod(l.Client.Client, chosen), types.StorageDrsConfigSpec{
		PodConfigSpec: &types.StorageDrsPodConfigSpec{Enabled: types.NewBool(false)},
	}, true))
	spec.CloneName = "vm-3"
	if _, err := manager.RecommendDatastores(l.Ctx(), spec); !failsWith(err, "InvalidArgument") {
		t.Errorf("a datastore cluster without Storage DRS: %v", err)
	}
}
