/**
 * Configuration of the reference stack: from what Pulumi.<stack>.yaml says to the components' arguments.
 * Pure: takes what was read and reports every problem at once, in all of it.
 */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { clusterRules } from "./clusterRules";
import type { ClusterTarget, EsxiClusterArgs } from "./esxiCluster";
import { placementRules } from "./placementRules";
import { hidden, plain, Problem, problemsOf, refuse, Rule, unique, valuesAt } from "./validation";
import { bmcSchema, clusterSchema, placementSchema, vmSchema } from "./stackSchema";
import type { GuestOs } from "./values";
import type { BmcArgs } from "./verificationDocument";
import type { VmArgs } from "./virtualMachine";
import type { VmPlacementArgs } from "./vmPlacement";
import { vmRules } from "./vmRules";

/** What was read: objects and texts by their keys without the project's name, and the environment. */
export interface StackInput {
  cluster: unknown;
  vms: unknown;
  placement: unknown;
  bmcs: unknown;
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
}

function at(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

const pathText = (path: PropertyKey[]): string =>
  path.reduce<string>(
    (whole, key) => (typeof key === "number" ? `${whole}[${String(key)}]` : `${whole}${whole && "."}${String(key)}`),
    "",
  );

/** The problems of form: missing, of another type, or unknown to the stack. */
function formProblems(input: unknown, error: z.ZodError, base: string): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: pathText([base, ...issue.path, key]),
        // Nobody knows what it is: a password in the wrong place, perhaps.
        value: hidden,
        rule: "is not a setting of this stack",
        remedy: "correct its name, or leave it out",
      }));
    }
    const value = at(input, issue.path);
    const rule = issue.message.replace(/^Invalid (input|option|URL): /, "").replace(/, received .*$/, "");
    return [
      {
        path: pathText([base, ...issue.path]),
        value,
        rule,
        remedy: value === undefined ? "set it" : "correct the value",
      },
    ];
  });
}

const vmListRules: Rule<{ vms: { name: string }[] }>[] = [unique("vms[].name", "virtual machine")];

const byName = (found: { value: unknown }[]): Record<string, string> =>
  Object.fromEntries(found.map(({ value }) => [String(value), ""]));

/** Stands for the cluster that is not there yet: rules on virtual machines ask it for names only. */
function futureTarget(input: unknown): ClusterTarget {
  return {
    datacenterName: "",
    datacenterId: "",
    clusterName: "",
    clusterId: "",
    resourcePoolId: "",
    hostIds: byName(valuesAt(input, "cluster.hosts[].name")),
    datastoreIds: byName(valuesAt(input, "cluster.datastores[].name")),
    networkIds: byName(valuesAt(input, "cluster.portGroups[].name")),
    declared: {},
    digest: "",
  };
}

/** Splits one part of the input into what has the right form and the problems of the rest. */
function read<S extends z.ZodType>(part: S, value: unknown, path: string): { data?: z.output<S>; problems: Problem[] } {
  const parsed = part.safeParse(value);
  if (parsed.success) {
    return { data: parsed.data, problems: [] };
  }
  // Without what is malformed the rest may be whole: then its content is checked too, in the same run.
  const rest = structuredClone(value);
  for (const issue of parsed.error.issues) {
    const holder = at(rest, issue.path.slice(0, -1));
    const keys = issue.code === "unrecognized_keys" ? issue.keys : issue.path.slice(-1);
    const parent = issue.code === "unrecognized_keys" ? at(rest, issue.path) : holder;
    keys.forEach((key) => typeof parent === "object" && parent !== null && Reflect.deleteProperty(parent, key));
  }
  return { data: part.safeParse(rest).data, problems: formProblems(value, parsed.error, path) };
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
  const clusterArgs = cluster.data && withPassword(cluster.data, password);

  refuse("the stack's configuration", [
    ...cluster.problems,
    ...(clusterArgs ? problemsOf(plain(clusterArgs), clusterRules, "cluster.") : []),
    ...(Array.isArray(input.vms) ? [] : [missingList("vms", input.vms)]),
    ...vms.flatMap(({ problems }) => problems),
    ...problemsOf({ vms: vmParts as { name: string }[] }, vmListRules),
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
    ...Object.keys(plain(input.bmcs) ?? {})
      .filter((host) => !(host in target.hostIds))
      .map(strangeBmc),
  ]);
  return {
    cluster: clusterArgs,
    vms: vms.map(({ data }) => data),
    placement: placement.data,
    bmcs: bmcs.data,
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

const strangeBmc = (host: string): Problem => ({
  path: `bmcs.${host}`,
  value: host,
  rule: "must be the BMC of a host of this cluster",
  remedy: "correct the name, or leave it out",
});
