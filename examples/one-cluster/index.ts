/** One cluster: which hosts, and where its storage is, comes from two lines of configuration. */
import * as pulumi from "@pulumi/pulumi";
import { EsxiCluster, PostDeployCheck, UbuntuVm, verificationDocument } from "vsphere-ha";

const config = new pulumi.Config();
const hosts = config.requireObject<string[]>("hosts");
const nfsServer = config.require("nfsServer");
const password = config.getSecret("hostPassword") ?? process.env.VSPHERE_HA_HOST_PASSWORD;

const { target } = new EsxiCluster("ha", {
  datacenter: { name: "Lab", existing: true },
  hosts: hosts.map((name) => ({ name, ...(password !== undefined && { password }) })),
  datastores: ["ha-a", "ha-b"].map((name) => ({ name, nfs: { server: nfsServer, path: `/exports/${name}` } })),
  portGroups: [{ name: "vm-ha" }],
});

const { testVm } = new UbuntuVm("canary", {
  target,
  template: "ubuntu-13.10",
  datastore: "ha-a",
  network: "vm-ha",
  probePort: 2222,
});

new PostDeployCheck("verified", { target, vms: [testVm] });

/** For other stacks, which take it with `sharedTarget`. */
export const cluster = target;
export const verification = verificationDocument(target, [testVm]);
