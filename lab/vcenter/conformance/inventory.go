package main

import (
	"context"
	"fmt"
	"net/url"
	"path"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// Names of what the tests expect to find. None may contain "testacc": the tests sweep away what does.
const (
	datacenterName   = "Lab"
	clusterName      = "cluster-1"
	poolName         = "pool-1"
	portGroupName    = "pg-1"
	datastoreName    = "nfs-1"
	nasHost          = "nfs.lab.test"
	nfsPath          = "/exports/ha-a"
	nfsPath2         = "/exports/ha-b"
	datacenterFolder = "datacenter-folder"
	vmFolder         = "folder-v0"
	datastoreFolder  = "datastore-folder/inner"
	hostCount        = 5
	// Hosts from the beginning of the list are in the cluster, the next stand alone, the last is not in the inventory.
	clusterHosts    = 2
	standaloneHosts = 2
)

func hostName(n int) string { return fmt.Sprintf("esx-%02d.lab.test", n) }

// env is what the tests read: the provider's own test helpers and tf-vsphere-devrc.mk.example list the variables.
func (s *site) env() []string {
	values := map[string]string{
		"USER": user, "PASSWORD": password, "SERVER": s.cfg.Listen, "ALLOW_UNVERIFIED_SSL": "true",
	}
	env := []string{"TF_ACC=1", "ESX_HOSTNAME=" + hostName(hostCount), "ESX_USERNAME=" + hostUser, "ESX_PASSWORD=" + hostPassword}
	for name, value := range values {
		env = append(env, "VSPHERE_"+name+"="+value)
	}
	for name, value := range map[string]string{
		"DATACENTER": datacenterName, "CLUSTER": clusterName, "RESOURCE_POOL": poolName, "PG_NAME": portGroupName,
		"NFS_DS_NAME": datastoreName, "NFS_DS_NAME2": "nfs-2", "NAS_HOST": nasHost, "NFS_PATH": nfsPath, "NFS_PATH2": nfsPath2,
		"DC_FOLDER": datacenterFolder, "DS_FOLDER": datastoreFolder, "HOST_NIC0": "vmnic2", "HOST_NIC1": "vmnic3",
		"ESXI_TRUNK_NIC": "vmnic2", "TEMPLATE": templateName, "USE_LINKED_CLONE": "true", "CLONED_VM_DISK_SIZE": fmt.Sprint(templateDiskGB),
		"DS_VMFS_NAME": "vmfs-1", "DS_VMFS_ESXI1_DISK0": s.cfg.LUN.Name, "VMFS_REGEXP": "naa.6000c29",
		"IPV4_ADDRESS": "192.0.2.10", "IPV4_PREFIX": "24", "IPV4_GATEWAY": "192.0.2.1", "DNS": "192.0.2.2",
		"ISO_DATASTORE": datastoreName, "ISO_FILE": "iso/test.iso", "STORAGE_POLICY": "vSAN Default Storage Policy",
		"TEST_OVF": s.images.url + ovfName, "TEST_OVA": s.images.url + ovaName, "VM_V1_PATH": "/" + datacenterName + "/vm/" + templateName,
		"CONTENT_LIBRARY": "1", "CONTENT_LIBRARY_ITEM": "1", "CONTENT_LIBRARY_FILES": fmt.Sprintf(`["%[1]s%[2]s", "%[1]s%[3]s"]`, s.images.url, ovfName, vmdkName),
		"VSWITCH_LOWER_VERSION": "7.0.0", "VSWITCH_UPPER_VERSION": "7.0.2",
		"FOLDER_V0_PATH":               vmFolder,
		"ENTITY_PERMISSION_USER_GROUP": `VSPHERE.LOCAL\\Administrators`, "LICENSE": "00000-00000-00000-00000-00000",
	} {
		values[name] = value
	}
	for n := range hostCount {
		values[fmt.Sprintf("ESXI%d", n+1)] = hostName(n + 1)
		values[fmt.Sprintf("ESXI%d_PASSWORD", n+1)] = hostPassword
	}
	for name, value := range values {
		env = append(env, "TF_VAR_VSPHERE_"+name+"="+value)
	}
	return env
}

// populate makes the inventory as an administrator would.
func (s *site) populate(ctx context.Context) error {
	client, err := govmomi.NewClient(ctx, &url.URL{
		Scheme: "https", Host: s.cfg.Listen, Path: "/sdk", User: url.UserPassword(user, password),
	}, true)
	if err != nil {
		return err
	}
	defer func() { _ = client.Logout(ctx) }()
	dc, err := find.NewFinder(client.Client).Datacenter(ctx, datacenterName)
	if err != nil {
		return err
	}
	folders, err := dc.Folders(ctx)
	if err != nil {
		return err
	}
	if _, err := folders.DatastoreFolder.CreateFolder(ctx, path.Dir(datastoreFolder)); err != nil { // the tests make the inner one
		return err
	}
	if _, err := folders.VmFolder.CreateFolder(ctx, vmFolder); err != nil {
		return err
	}
	cluster, err := addCluster(ctx, folders)
	if err != nil {
		return err
	}
	for n := range clusterHosts + standaloneHosts {
		if err := addHost(ctx, folders, cluster, n+1); err != nil {
			return fmt.Errorf("host %s: %w", hostName(n+1), err)
		}
	}
	pool, err := cluster.ResourcePool(ctx)
	if err != nil {
		return err
	}
	if _, err := pool.Create(ctx, poolName, types.DefaultResourceConfigSpec()); err != nil {
		return err
	}
	if err := addTemplate(ctx, dc, folders.VmFolder, pool); err != nil {
		return fmt.Errorf("template %s: %w", templateName, err)
	}
	return nil
}

func addCluster(ctx context.Context, folders *object.DatacenterFolders) (*object.ClusterComputeResource, error) {
	return folders.HostFolder.CreateCluster(ctx, clusterName, types.ClusterConfigSpecEx{
		DasConfig: &types.ClusterDasConfigInfo{Enabled: types.NewBool(true)},
		DrsConfig: &types.ClusterDrsConfigInfo{Enabled: types.NewBool(true), DefaultVmBehavior: types.DrsBehaviorFullyAutomated},
	})
}

func addHost(ctx context.Context, folders *object.DatacenterFolders, cluster *object.ClusterComputeResource, n int) error {
	spec := types.HostConnectSpec{HostName: hostName(n), UserName: hostUser, Password: hostPassword}
	add := func() (*object.Task, error) { return cluster.AddHost(ctx, spec, true, nil, nil) }
	if n > clusterHosts {
		add = func() (*object.Task, error) { return folders.HostFolder.AddStandaloneHost(ctx, spec, true, nil, nil) }
	}
	task, err := add()
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx)
	if err != nil {
		return err
	}
	ref := info.Result.(types.ManagedObjectReference)
	if ref.Type != "HostSystem" {
		hosts, err := object.NewComputeResource(cluster.Client(), ref).Hosts(ctx)
		if err != nil {
			return err
		}
		ref = hosts[0].Reference()
	}
	return equip(ctx, object.NewHostSystem(cluster.Client(), ref))
}

// equip gives a host the shared datastore and the port group of virtual machines.
func equip(ctx context.Context, host *object.HostSystem) error {
	datastores, err := host.ConfigManager().DatastoreSystem(ctx)
	if err != nil {
		return err
	}
	if _, err := datastores.CreateNasDatastore(ctx, types.HostNasVolumeSpec{
		RemoteHost: nasHost, RemotePath: nfsPath, LocalPath: datastoreName, AccessMode: "readWrite", Type: "NFS",
	}); err != nil {
		return err
	}
	networks, err := host.ConfigManager().NetworkSystem(ctx)
	if err != nil {
		return err
	}
	return networks.AddPortGroup(ctx, types.HostPortGroupSpec{Name: portGroupName, VswitchName: "vSwitch0"})
}
