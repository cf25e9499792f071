import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { DpmArgs, dpmDefaults, DrsArgs, drsDefaults, ProactiveHaArgs, proactiveHaDefaults } from "./drsSettings";
import { HaArgs, haDefaults } from "./haSettings";

/** The settings of a cluster as a program states them. */
export interface SettingsArgs {
  ha?: HaArgs;
  drs?: DrsArgs;
  dpm?: DpmArgs;
  proactiveHa?: ProactiveHaArgs;
}

/** Managed object ids by the names that settings use. */
export interface SettingsReferences {
  hostIds: Record<string, pulumi.Input<string>>;
  datastoreIds: Record<string, pulumi.Input<string>>;
}

/** Settings as the provider's ComputeCluster takes them. */
export type ClusterSettings = Omit<vsphere.ComputeClusterArgs, "datacenterId">;

type Prefixed<P extends string, T> = { [K in keyof T & string as `${P}${Capitalize<K>}`]: T[K] };

function prefixed<P extends string, T extends object>(prefix: P, settings: T): Prefixed<P, T> {
  const entries = Object.entries(settings).map(([key, value]) => [
    prefix + key.charAt(0).toUpperCase() + key.slice(1),
    value as unknown,
  ]);
  return Object.fromEntries(entries) as Prefixed<P, T>;
}

/** `{ ...defaults, ...stated }` would let an explicit `undefined` hide a default. */
function withDefaults<D extends object, S extends object>(defaults: D, stated: S | undefined): D & S {
  const given = Object.entries(stated ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as D & S;
}

function idsOf(names: string[], ids: Record<string, pulumi.Input<string>>): pulumi.Input<string>[] {
  return names.flatMap((name) => ids[name] ?? []);
}

/** Every HA and DRS setting, defaults included, so that the provider's own defaults (which changed once) never count. */
export function clusterSettings(args: SettingsArgs, references: SettingsReferences): ClusterSettings {
  const { admissionControlFailoverHosts, heartbeatDatastores, ...ha } = withDefaults(haDefaults, args.ha);
  return {
    ...prefixed("ha", ha),
    ...(admissionControlFailoverHosts && {
      haAdmissionControlFailoverHostSystemIds: idsOf(admissionControlFailoverHosts, references.hostIds),
    }),
    haHeartbeatDatastoreIds: idsOf(
      heartbeatDatastores ?? Object.keys(references.datastoreIds),
      references.datastoreIds,
    ),
    ...prefixed("drs", withDefaults(drsDefaults, args.drs)),
    ...prefixed("dpm", withDefaults(dpmDefaults, args.dpm)),
    ...prefixed("proactiveHa", withDefaults(proactiveHaDefaults, args.proactiveHa)),
  };
}

const admission = (field: string): string => `haAdmissionControl${field}`;

/**
 * Fields that take no effect beside the others: vCenter neither keeps nor returns them, so that a comparison with what
 * vCenter returns must leave them out.
 */
export function withoutEffect(settings: Record<string, unknown>): string[] {
  const percentages = [admission("ResourcePercentageCpu"), admission("ResourcePercentageMemory")];
  const percentage = [admission("ResourcePercentageAutoCompute"), ...percentages];
  const slotSizes = [admission("SlotPolicyExplicitCpu"), admission("SlotPolicyExplicitMemory")];
  const slot = [admission("SlotPolicyUseExplicitSize"), ...slotSizes];
  const hosts = [admission("FailoverHostSystemIds")];
  switch (settings[admission("Policy")]) {
    case "resourcePercentage":
      return [...(settings[admission("ResourcePercentageAutoCompute")] === true ? percentages : []), ...slot, ...hosts];
    case "slotPolicy":
      return [...(settings[admission("SlotPolicyUseExplicitSize")] === true ? [] : slotSizes), ...percentage, ...hosts];
    case "failoverHosts":
      return [...percentage, ...slot];
    default:
      return [
        ...[admission("HostFailureTolerance"), admission("PerformanceTolerance")],
        ...percentage,
        ...slot,
        ...hosts,
      ];
  }
}

/**
 * What an import reads of an existing cluster: a slot size that nobody stated is no value of vCenter, and the provider then
 * has none for the switch either.
 */
export function importedSettings(settings: Record<string, unknown>): Record<string, unknown> {
  const explicitSize = admission("SlotPolicyUseExplicitSize");
  return Object.fromEntries(
    Object.entries(declaredSettings(settings)).filter(([field, value]) => field !== explicitSize || value !== false),
  );
}

/** What a verification compares with vCenter: the settings that take effect, resolved. */
export function declaredSettings(settings: Record<string, unknown>): Record<string, unknown> {
  const omitted = new Set(withoutEffect(settings));
  return Object.fromEntries(
    Object.entries(settings).filter(([field, value]) => value !== undefined && !omitted.has(field)),
  );
}
