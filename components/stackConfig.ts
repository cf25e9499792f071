/**
 * Configuration of the reference stack: from what Pulumi.<stack>.yaml says to the components' arguments.
 * Pure: takes what was read and reports every problem at once, in all of it.
 */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { clusterRules } from "./clusterRules";
import type { ClusterTarget, EsxiClusterArgs } from "./esxiCluster";
import { placementRules } from "./placementRules";
import { OpenStackConfig, openstackConfig, OpenStackSecrets } from "./openstackConfig";
import { read } from "./stackForm";
import { plain, Problem, problemsOf, refuse, Rule, unique, valuesAt } from "./validation";
import { shellRules } from "./shellRules";
import { unknownKeys } from "./stackKeys";
import { bmcSchema, clusterSchema, placementSchema, sshSchema, vmSchema } from "./stackSchema";
import type { GuestOs } from "./values";
import type { BmcArgs, ShellArgs } from "./verificationDocument";
import type { VmArgs } from "./virtualMachine";
import type { VmPlacementArgs } from "./vmPlacement";
import { vmRules } from "./vmRules";

/** What was read: objects and texts by their keys without the project's name, and the environment. */
export interface StackInput {
  /** The project's name, which the keys of the stack begin with. */
  project: string;
  /** Keys of the whole configuration, with project names. */
  keys: readonly string[];
  cluster: unknown;
  vms: unknown;
  placement: unknown;
  bmcs: unknown;
  ssh?: unknown;
  /** Undefined: no OpenStack. */
  openstack?: unknown;
  /** What OpenStack needs of the stack's secrets and of files. */
  openstackSecrets?: OpenStackSecrets;
  /** Password of the hosts' administrator from the stack's secrets. */
  hostPassword: pulumi.Output<string> | undefined;
  environment: Record<string, string | undefined>;
}

/** A virtual machine of the stack: VmArgs but for the cluster, which the program adds. */
export type StackVm = Omit<VmArgs, "target"> & { name: string; guestOs: GuestOs };

/** What the program hands to the components. */
export interface StackConfig {
  cluster: EsxiClusterArgs;
  vms: StackVm[];
  placement: Omit<VmPlacementArgs, "target" | "vms">;
  bmcs: Record<string, BmcArgs>;
  ssh: Record<string, ShellArgs>;
  /** Undefined: no OpenStack. */
  openstack: OpenStackConfig | undefined;
}

/** Of both lists together: verification and reports know virtual machines by their names. */
const vmListRules: Rule<{ vms: { name: string }[]; openstack: { vms: { name: string }[] } }>[] = [
  unique("vms[].name", "virtual machine"),
  unique("openstack.vms[].name", "virtual machine"),
  {
    rule: "must not be the name of a virtual machine under vms",
    remedy: "choose another name",
    broken: ({ vms, openstack }) => {
      const names = vms.map(({ name }) => name);
      return valuesAt({ openstack }, "openstack.vms[].name").filter(({ value }) => names.includes(value as string));
    },
  },
];

/** Names that stand for ids which are not there yet. */
const byName = (found: { value: unknown }[]): Record<string, string> =>
  Object.fromEntries(found.map(({ value }) => [String(value), ""]));

/** Stands for the cluster that is not there yet: rules on virtual machines ask it for names only. */
function futureTarget(input: unknown): ClusterTarget {
  return {
    datacenterName: "",
    datacenterId: "",
    clusterName: valuesAt(input, "cluster.name").map(({ value }) => String(value))[0] ?? "",
    clusterId: "",
    resourcePoolId: "",
    hostIds: byName(valuesAt(input, "cluster.hosts[].name")),
    datastoreIds: byName(valuesAt(input, "cluster.datastores[].name")),
    networkIds: byName(valuesAt(input, "cluster.portGroups[].name")),
    declared: Object.fromEntries(
      [...valuesAt(input, "cluster.drs.enabled"), ...valuesAt(input, "cluster.drs.automationLevel")].map(
        ({ path, value }) => [path.endsWith("enabled") ? "drsEnabled" : "drsAutomationLevel", value],
      ),
    ),
    digest: "",
  };
}

/** @throws pulumi.RunError that lists every problem of the configuration, with paths as in Pulumi.<stack>.yaml. */
export function stackConfig(input: StackInput): StackConfig {
  const target = futureTarget(input);
  const password = input.hostPassword ?? input.environment.VSPHERE_HA_HOST_PASSWORD;
  const cluster = read(clusterSchema, input.cluster, "cluster");
  const vmParts = Array.isArray(input.vms) ? input.vms : [];
  const vms = vmParts.map((vm, index) => read(vmSchema, vm, `vms[${String(index)}]`));
  const placement = read(placementSchema, input.placement ?? {}, "placement");
  const bmcs = read(bmcSchema, input.bmcs ?? {}, "bmcs");
  const ssh = read(sshSchema, input.ssh ?? {}, "ssh");
  const openstack =
    input.openstack === undefined
      ? undefined
      : openstackConfig(input.openstack, input.openstackSecrets ?? {}, input.environment, target);
  const clusterArgs = cluster.data && withPassword(cluster.data, password);

  refuse("the stack's configuration", [
    ...unknownKeys(input.project, input.keys),
    ...cluster.problems,
    ...(clusterArgs ? problemsOf(plain(clusterArgs), clusterRules, "cluster.") : []),
    ...(Array.isArray(input.vms) ? [] : [missingList("vms", input.vms)]),
    ...vms.flatMap(({ problems }) => problems),
    ...problemsOf(
      {
        vms: vmParts.filter((vm) => typeof vm === "object" && vm !== null) as { name: string }[],
        openstack: { vms: valuesAt(input, "openstack.vms[]").map(({ value }) => value as { name: string }) },
      },
      vmListRules,
    ),
    ...vms.flatMap(({ data }, index) =>
      data ? problemsOf(plain({ ...(data as StackVm), target }), vmRules[data.guestOs], `vms[${String(index)}].`) : [],
    ),
    ...placement.problems,
    ...(placement.data
      ? problemsOf(
          plain({
            ...(placement.data as StackConfig["placement"]),
            target,
            vms: byName(valuesAt(input, "vms[].name")),
          }),
          placementRules,
          "placement.",
        )
      : []),
    ...bmcs.problems,
    ...ssh.problems,
    ...Object.entries(ssh.data ?? {}).flatMap(([host, shell]) => problemsOf(plain(shell), shellRules, `ssh.${host}.`)),
    ...["bmcs", "ssh"].flatMap((part) => strangers(part, plain(input[part as "bmcs" | "ssh"]), target)),
    ...(openstack?.problems ?? []),
  ]);
  return {
    cluster: clusterArgs,
    vms: vms.map(({ data }) => data),
    placement: placement.data,
    bmcs: bmcs.data,
    ssh: ssh.data,
    openstack: openstack?.data,
  } as StackConfig;
}

/** The administrator's password is one for all hosts of the stack. */
function withPassword(
  { name, hosts, ...rest }: z.output<typeof clusterSchema>,
  password: pulumi.Input<string> | undefined,
): EsxiClusterArgs {
  return {
    ...rest,
    clusterName: name,
    hosts: hosts.map((host) => ({
      ...host,
      ...(password !== undefined && password !== "" && !host.existing && { password: pulumi.secret(password) }),
    })),
  } as EsxiClusterArgs;
}

const missingList = (path: string, value: unknown): Problem => ({
  path,
  value,
  rule: "expected array",
  remedy: "list the virtual machines to make; [] for none",
});

/** Hosts that a part describes and the cluster does not have. */
const strangers = (part: string, hosts: unknown, { hostIds }: ClusterTarget): Problem[] =>
  Object.keys(hosts ?? {})
    .filter((host) => !(host in hostIds))
    .map((host) => ({
      path: `${part}.${host}`,
      value: host,
      rule: "must be a host of this cluster",
      remedy: "correct the name, or leave it out",
    }));
