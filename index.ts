/** The reference stack: configuration in, components, outputs. Pulumi.dev.yaml shows every part of the configuration. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import {
  EsxiCluster,
  OpenStackCompute,
  OpenStackVm,
  PostDeployCheck,
  UbuntuVm,
  verificationDocument,
  VmPlacement,
  WindowsXpVm,
} from "./components";
import { stackConfig } from "./components/stackConfig";

const config = new pulumi.Config();
const keyFile = process.env.VSPHERE_HA_COMPUTE_PRIVATE_KEY_FILE;
const openstack = config.getObject("openstack");
const stack = stackConfig({
  project: config.name,
  keys: Object.keys(pulumi.runtime.allConfig()),
  cluster: config.getObject("cluster"),
  vms: config.getObject("vms"),
  placement: config.getObject("placement"),
  bmcs: config.getObject("bmcs"),
  ssh: config.getObject("ssh"),
  openstack,
  ...(openstack !== undefined && {
    openstackSecrets: {
      novaPassword: config.getSecret("novaPassword"),
      privateKey: config.getSecret("computePrivateKey") ?? (keyFile ? readFileSync(keyFile, "utf8") : undefined),
    },
  }),
  hostPassword: config.getSecret("hostPassword"),
  environment: process.env,
});

const cluster = new EsxiCluster("cluster", stack.cluster);
const { target } = cluster;

const guests = { ubuntu: UbuntuVm, windowsxp: WindowsXpVm };
const vms = stack.vms.map(({ name, guestOs, ...args }) => new guests[guestOs](name, { ...args, target }));
const testVms = vms.map(({ testVm }) => testVm);

const placement = new VmPlacement("placement", {
  ...stack.placement,
  target,
  vms: Object.fromEntries(vms.map(({ vmId, testVm }) => [testVm.name, vmId])),
});

const compute = stack.openstack && new OpenStackCompute("openstack", { ...stack.openstack.compute, target });
const instances = compute
  ? (stack.openstack?.vms ?? []).map(({ name, ...args }) => new OpenStackVm(name, { ...args, target: compute.target }))
  : [];
const allVms = [...testVms, ...instances.map(({ testVm }) => testVm)];

new PostDeployCheck(
  "verified",
  {
    target,
    vms: allVms,
    ...(compute && { cloud: compute.target.cloud }),
    digests: [placement.digest, ...(compute ? [compute.target.digest] : [])],
  },
  { dependsOn: [placement, ...(compute ? [compute] : []), ...instances] },
);

export const clusterId = cluster.clusterId;
export const vmIds = Object.fromEntries(vms.map(({ vmId, testVm }) => [testVm.name, vmId]));
export const verification = verificationDocument(target, allVms, {
  bmcs: stack.bmcs,
  shells: stack.ssh,
  ...(compute && { cloud: compute.target.cloud }),
});
