/** vsphere-ha: Pulumi components for a redundant vSphere cluster and its test virtual machines. */
export { DpmArgs, DrsArgs, ProactiveHaArgs } from "./drsSettings";
export * from "./esxiCluster";
export { HaArgs } from "./haSettings";
export * from "./openstackArgs";
export * from "./openstackCompute";
export * from "./openstackVm";
export * from "./postDeployCheck";
export * from "./sharedTarget";
export * from "./ubuntuVm";
export * from "./values";
export * from "./verificationDocument";
export { OvaArgs, VmArgs } from "./virtualMachine";
export * from "./vmPlacement";
export * from "./windowsXpVm";
