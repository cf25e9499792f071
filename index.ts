/** The reference stack: configuration in, components, outputs. Pulumi.dev.yaml shows every part of the configuration. */
import * as pulumi from "@pulumi/pulumi";
import { EsxiCluster, PostDeployCheck, UbuntuVm, verificationDocument, VmPlacement, WindowsXpVm } from "./components";
import { stackConfig } from "./components/stackConfig";

const config = new pulumi.Config();
const stack = stackConfig({
  cluster: config.getObject("cluster"),
  vms: config.getObject("vms"),
  placement: config.getObject("placement"),
  bmcs: config.getObject("bmcs"),
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

new PostDeployCheck("verified", { target, vms: testVms, digests: [placement.digest] }, { dependsOn: [placement] });

export const clusterId = cluster.clusterId;
export const vmIds = Object.fromEntries(vms.map(({ vmId, testVm }) => [testVm.name, vmId]));
export const verification = verificationDocument(target, testVms, stack.bmcs);
