/** A program that uses every part of the library, so that every kind of child is made once. */
import { resolve, join } from "node:path";
import {
  EsxiCluster,
  OpenStackCompute,
  OpenStackVm,
  PostDeployCheck,
  UbuntuVm,
  VmPlacement,
  WindowsXpVm,
} from "../../components";
import { apiReport } from "../../bin/apiReport";
import { declared, registered } from "./components/mocks";

const root = resolve(__dirname, "../..");

function everything(): void {
  const cluster = new EsxiCluster("c", {
    datacenter: { name: "datacenter" },
    hosts: ["host-1", "host-2"].map((name) => ({ name, password: "p" })),
    datastores: [
      { name: "nfs", nfs: { server: "nfs", path: "/a" } },
      { name: "vmfs", vmfs: { disk: "naa.1" } },
    ],
    portGroups: [{ name: "network" }],
  });
  const { target } = cluster;
  const u = new UbuntuVm("u", { target, datastore: "nfs", network: "network" });
  const x = new WindowsXpVm("x", { target, datastore: "vmfs", network: "network" });
  const compute = new OpenStackCompute("o", {
    target,
    vcenter: { server: "vcenter", username: "nova", password: "p", caFile: "/etc/nova/ca.pem" },
    node: { host: "node", privateKey: "-----BEGIN PRIVATE KEY-----", hostKey: "ssh-ed25519 AAAA" },
    controller: { host: "control", privateKey: "-----BEGIN PRIVATE KEY-----", hostKey: "ssh-ed25519 AAAA" },
    flavors: [{ name: "flavor", vcpus: 1, memoryMb: 512, diskGb: 8 }],
    images: [{ name: "image", guestOs: "ubuntu", file: __filename, convert: true }],
    networks: [{ name: "tenants", cidr: "192.0.2.0/24" }],
    securityGroup: { probesFrom: "192.0.2.0/24" },
    publicKey: "ssh-ed25519 AAAA me",
    quota: { instances: 5 },
  });
  new OpenStackVm("i", { target: compute.target, image: "image", flavor: "flavor", network: "tenants" });
  new VmPlacement("p", {
    target,
    vms: { u: u.vmId, x: x.vmId },
    haOverrides: [{ vm: "u" }],
    drsOverrides: [{ vm: "u" }],
    affinityRules: [{ name: "together", vms: ["u", "x"] }],
    antiAffinityRules: [{ name: "apart", vms: ["u", "x"], enabled: false }],
    vmGroups: [
      { name: "first", vms: ["u"] },
      { name: "later", vms: ["x"] },
    ],
    hostGroups: [{ name: "hosts", hosts: ["host-1"] }],
    vmHostRules: [{ name: "on", vmGroup: "first", hostGroup: "hosts" }],
    dependencyRules: [{ name: "order", vmGroup: "later", dependsOnVmGroup: "first" }],
  });
  new PostDeployCheck("v", { target, vms: [u.testVm, x.testVm] });
}

/** The report as the sources are now. */
export async function currentReport(): Promise<string> {
  const entries = {
    "vsphere-ha": join(root, "components", "index.ts"),
    "vsphere-ha/verification": join(root, "verification", "index.ts"),
    "vsphere-ha/policies": join(root, "policies", "policies.ts"),
  };
  return apiReport(root, entries, declared(await registered(everything)));
}
