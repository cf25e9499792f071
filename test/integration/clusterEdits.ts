import { element, refElement, type Ref } from "../../verification/vcenter/xml";
import type { Administrator } from "./smallCluster";

/** Takes an edit back. */
export type Undo = () => unknown;

const clusterName = "compute-1";

export async function inReverse(undo: Undo[]): Promise<void> {
  for (const one of undo.reverse()) await one();
}

export async function reconfigure(admin: Administrator, spec: string): Promise<void> {
  await admin.reconfigure(await admin.find("ClusterComputeResource", clusterName), spec);
}

export async function settings(admin: Administrator, broken: string, right: string): Promise<Undo> {
  await reconfigure(admin, broken);
  return () => reconfigure(admin, right);
}

export function das(admin: Administrator, broken: string, right: string): Promise<Undo> {
  return settings(admin, `<dasConfig>${broken}</dasConfig>`, `<dasConfig>${right}</dasConfig>`);
}

export function option(admin: Administrator, key: string, value: string): Promise<void> {
  const content = `${element("key", key)}<value xsi:type="xsd:string">${value}</value>`;
  return reconfigure(admin, `<dasConfig><option>${content}</option></dasConfig>`);
}

export async function vms(admin: Administrator): Promise<[Ref, Ref]> {
  return [await admin.find("VirtualMachine", "ubuntu-1"), await admin.find("VirtualMachine", "xp-1")];
}

export function vmElement(vm: Ref): string {
  return refElement("vm", vm);
}

/** A rule of the cluster; the result removes it. */
export async function rule(admin: Administrator, name: string, type: string, content: string): Promise<Undo> {
  const info = `<info xsi:type="${type}"><enabled>true</enabled>${element("name", name)}${content}</info>`;
  await reconfigure(admin, `<rulesSpec><operation>add</operation>${info}</rulesSpec>`);
  return async () => {
    const key = await admin.ruleKey(await admin.find("ClusterComputeResource", clusterName), name);
    await reconfigure(
      admin,
      `<rulesSpec><operation>remove</operation><removeKey xsi:type="xsd:int">${key}</removeKey></rulesSpec>`,
    );
  };
}

export async function group(admin: Administrator, name: string, type: string, members: string): Promise<Undo> {
  const info = `<info xsi:type="${type}">${element("name", name)}${members}</info>`;
  await reconfigure(admin, `<groupSpec><operation>add</operation>${info}</groupSpec>`);
  const removeKey = `<removeKey xsi:type="xsd:string">${name}</removeKey>`;
  return () => reconfigure(admin, `<groupSpec><operation>remove</operation>${removeKey}</groupSpec>`);
}

/** A VM that must run on these hosts. */
export async function vmHostRule(admin: Administrator, name: string, vm: Ref, hosts: string[]): Promise<Undo> {
  const members = await Promise.all(
    hosts.map(async (host) => refElement("host", await admin.find("HostSystem", host))),
  );
  const undo = [
    await group(admin, `${name}-vms`, "ClusterVmGroup", vmElement(vm)),
    await group(admin, `${name}-hosts`, "ClusterHostGroup", members.join("")),
    await rule(
      admin,
      name,
      "ClusterVmHostRuleInfo",
      element("mandatory", "true") +
        element("vmGroupName", `${name}-vms`) +
        element("affineHostGroupName", `${name}-hosts`),
    ),
  ];
  return () => inReverse(undo);
}

/** HA settings of one VM. */
export async function override(admin: Administrator, vm: Ref, dasSettings: string): Promise<Undo> {
  const info = `<info>${refElement("key", vm)}<dasSettings>${dasSettings}</dasSettings></info>`;
  await reconfigure(admin, `<dasVmConfigSpec><operation>add</operation>${info}</dasVmConfigSpec>`);
  const removeKey = `<removeKey xsi:type="ManagedObjectReference" type="VirtualMachine">${vm.id}</removeKey>`;
  return () => reconfigure(admin, `<dasVmConfigSpec><operation>remove</operation>${removeKey}</dasVmConfigSpec>`);
}
