/**
 * Configuration of the reference stack: from what Pulumi.<stack>.yaml says to the components' arguments.
 * Pure: takes what was read and reports every problem at once, in all of it.
 */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { clusterRules } from "./clusterRules";
import { dpmDefaults, drsDefaults, proactiveHaDefaults } from "./drsSettings";
import type { ClusterTarget, EsxiClusterArgs } from "./esxiCluster";
import { haDefaults } from "./haSettings";
import { placementRules } from "./placementRules";
import { hidden, plain, Problem, problemsOf, refuse, Rule, unique, valuesAt } from "./validation";
import { GuestOs, LockdownMode, NetworkAdapter, NfsVersion, ScsiType } from "./values";
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

const text = z.string();
const names = z.array(text);

/** The settings of one table: each like its default, none required, no other. */
function settings(defaults: Record<string, boolean | number | string>, others: z.ZodRawShape = {}): z.ZodType {
  const of = { boolean: z.boolean(), number: z.number(), string: text };
  const shape = Object.entries(defaults).map(([key, value]) => [key, of[typeof value as keyof typeof of].optional()]);
  return z.strictObject({ ...(Object.fromEntries(shape) as z.ZodRawShape), ...others }).optional();
}

const options = z.record(text, text).optional();

const clusterSchema = z.strictObject({
  name: text,
  datacenter: z.strictObject({ name: text, existing: z.boolean().optional() }),
  hosts: z.array(
    z.strictObject({
      name: text,
      existing: z.boolean().optional(),
      username: text.optional(),
      thumbprint: text.optional(),
      license: text.optional(),
      lockdown: z.enum(LockdownMode).optional(),
      maintenance: z.boolean().optional(),
    }),
  ),
  datastores: z.array(
    z.strictObject({
      name: text,
      nfs: z.strictObject({ server: text, path: text, version: z.enum(NfsVersion).optional() }).optional(),
      vmfs: z.strictObject({ disk: text }).optional(),
      existing: z.boolean().optional(),
    }),
  ),
  portGroups: z
    .array(z.strictObject({ name: text, virtualSwitch: text.optional(), vlanId: z.number().optional() }))
    .optional(),
  ha: settings(haDefaults, {
    admissionControlFailoverHosts: names.optional(),
    heartbeatDatastores: names.optional(),
    advancedOptions: options,
  }),
  drs: settings(drsDefaults, { advancedOptions: options }),
  dpm: settings(dpmDefaults),
  proactiveHa: settings(proactiveHaDefaults, { providerIds: names.optional() }),
  hostClusterExitTimeout: z.number().optional(),
  forceEvacuateOnDestroy: z.boolean().optional(),
});

const vmSchema = z.strictObject({
  name: text,
  guestOs: z.enum(GuestOs),
  template: text.optional(),
  ova: z.strictObject({ path: text.optional(), url: text.optional(), network: text.optional() }).optional(),
  datastore: text,
  network: text,
  cpus: z.number().optional(),
  memoryMb: z.number().optional(),
  diskGb: z.number().optional(),
  scsiType: z.enum(ScsiType).optional(),
  networkAdapter: z.enum(NetworkAdapter).optional(),
  probePort: z.number().optional(),
  bootSeconds: z.number().optional(),
});

const switches = { mandatory: z.boolean().optional(), enabled: z.boolean().optional() };
const vmRule = z.array(z.strictObject({ name: text, vms: names, ...switches })).optional();

const placementSchema = z.strictObject({
  haOverrides: z
    .array(
      z.strictObject({
        vm: text,
        vmRestartPriority: text.optional(),
        vmRestartTimeout: z.number().optional(),
        hostIsolationResponse: text.optional(),
        datastorePdlResponse: text.optional(),
        datastoreApdResponse: text.optional(),
        datastoreApdRecoveryAction: text.optional(),
        datastoreApdResponseDelay: z.number().optional(),
        monitoring: z
          .strictObject({
            vmMonitoring: text.optional(),
            vmFailureInterval: z.number().optional(),
            vmMinimumUptime: z.number().optional(),
            vmMaximumResets: z.number().optional(),
            vmMaximumFailureWindow: z.number().optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  drsOverrides: z
    .array(z.strictObject({ vm: text, enabled: z.boolean().optional(), automationLevel: text.optional() }))
    .optional(),
  affinityRules: vmRule,
  antiAffinityRules: vmRule,
  vmGroups: z.array(z.strictObject({ name: text, vms: names })).optional(),
  hostGroups: z.array(z.strictObject({ name: text, hosts: names })).optional(),
  vmHostRules: z
    .array(
      z.strictObject({
        name: text,
        vmGroup: text,
        hostGroup: text,
        keepOff: z.boolean().optional(),
        ...switches,
      }),
    )
    .optional(),
  dependencyRules: z
    .array(z.strictObject({ name: text, vmGroup: text, dependsOnVmGroup: text, ...switches }))
    .optional(),
});

const bmcSchema = z.record(
  text,
  z.strictObject({
    url: z.url({ protocol: /^https$/ }),
    username: text,
    systemId: text.optional(),
    passwordEnv: text.optional(),
    thumbprint: text.optional(),
  }),
);

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
