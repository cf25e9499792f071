/** Two clusters of one vCenter, each with a compute service and an availability zone of its own in one OpenStack. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { EsxiCluster, OpenStackCompute, OpenStackVm, PostDeployCheck, verificationDocument } from "vsphere-ha";

/** Where vCenter and the node of nova-compute are, and who logs in: see README.md. */
function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new pulumi.RunError(`${name} is not set: README.md tells what it is`);
  return value;
}

const [server = "", port] = environment("VSPHERE_SERVER").split(":");
const vcenter = {
  server,
  ...(port !== undefined && { port: Number(port) }),
  username: environment("VSPHERE_USER"),
  password: environment("VSPHERE_PASSWORD"),
  caFile: environment("VSPHERE_HA_COMPUTE_CA_FILE"),
};
const node = {
  host: environment("VSPHERE_HA_COMPUTE_HOST"),
  port: Number(process.env.VSPHERE_HA_COMPUTE_PORT ?? 22),
  user: process.env.VSPHERE_HA_COMPUTE_USER ?? "root",
  hostKey: environment("VSPHERE_HA_COMPUTE_HOST_KEY"),
  privateKey: readFileSync(environment("VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE"), "utf8"),
  configDirectory: process.env.VSPHERE_HA_COMPUTE_CONFIG_DIR ?? "/etc/nova",
  stateDirectory: process.env.VSPHERE_HA_COMPUTE_STATE_DIR ?? "/var/lib/nova",
};
const image = join(environment("VSPHERE_HA_IMAGE_DIR"), "ubuntu-13.10.vmdk");
const password = environment("VSPHERE_HA_HOST_PASSWORD");

interface Zone {
  hosts: string[];
  /** NFS exports of this cluster alone: a datastore belongs to one stack's cluster. */
  storage: string[];
  cidr: string;
}

/** A cluster, its zone of the same name and a test virtual machine there. @returns what `vsphere-ha check` reads */
function zone(name: string, { hosts, storage, cidr }: Zone) {
  const { target } = new EsxiCluster(name, {
    datacenter: { name: "Lab", existing: true },
    hosts: hosts.map((host) => ({ name: host, password })),
    datastores: storage.map((share) => ({ name: share, nfs: { server: "nfs.lab.test", path: `/exports/${share}` } })),
  });
  const compute = new OpenStackCompute(`${name}-openstack`, {
    target,
    vcenter,
    node,
    flavors: [{ name: `${name}-small`, vcpus: 1, memoryMb: 512, diskGb: 8 }],
    images: [{ name: `${name}-ubuntu`, guestOs: "ubuntu", file: image }],
    networks: [{ name: `${name}-tenants`, cidr, enableDhcp: false }],
    securityGroup: { probesFrom: cidr, probePorts: [2222] },
  });
  const { testVm } = new OpenStackVm(`${name}-vm`, {
    target: compute.target,
    image: `${name}-ubuntu`,
    flavor: `${name}-small`,
    network: `${name}-tenants`,
    probePort: 2222,
  });
  const { cloud, digest } = compute.target;
  new PostDeployCheck(
    `${name}-verified`,
    { target, vms: [testVm], cloud, digests: [digest] },
    { dependsOn: [compute] },
  );
  return verificationDocument(target, [testVm], { cloud });
}

export const north = zone("north", {
  hosts: ["esx-01.lab.test", "esx-02.lab.test"],
  storage: ["ha-a", "ha-b"],
  cidr: "192.0.2.0/24",
});
export const south = zone("south", {
  hosts: ["esx-03.lab.test", "esx-04.lab.test"],
  storage: ["ha-c", "ha-d"],
  cidr: "198.51.100.0/24",
});
