"""A redundant cluster and a test virtual machine. Not run here: see ../README.md."""

import pulumi
import pulumi_vsphere_ha as ha

password = pulumi.Config().require_secret("hostPassword")

cluster = ha.EsxiCluster(
    "ha",
    datacenter={"name": "Lab", "existing": True},
    hosts=[{"name": f"esx-0{n}.lab.test", "password": password} for n in (1, 2, 3)],
    datastores=[
        {"name": name, "nfs": {"server": "nfs.lab.test", "path": f"/exports/{name}"}} for name in ("ha-a", "ha-b")
    ],
    port_groups=[{"name": "vm-ha"}],
)

canary = ha.UbuntuVm(
    "canary",
    target=cluster.target,
    template="ubuntu-13.10",
    datastore="ha-a",
    network="vm-ha",
    probe_port=2222,
)

ha.PostDeployCheck("verified", target=cluster.target, vms=[canary.test_vm])

pulumi.export("clusterId", cluster.cluster_id)
