import type { Finding, SettingValue } from "../model";
import { settings } from "../vcenter/settings";
import { notApplicable, outcome, plural, type Check, type CheckInput, type Outcome } from "./check";

const sourceOfSettings = "vSphere API reference, ClusterConfigInfoEx; provider vsphere, ComputeCluster";

export const haSettings: Check = {
  id: "ha-settings-as-declared",
  title: "HA settings are as declared",
  severity: "error",
  settles: false,
  expected: "every declared HA setting has its declared value in vCenter",
  why: "a setting changed by hand changes what happens when a host fails",
  source: sourceOfSettings,
  remedy: "run pulumi up --refresh to set it again, or declare the new value",
  judge: (input) => compare(input, "HA", (name) => name.startsWith("ha")),
};

export const drsSettings: Check = {
  id: "drs-settings-as-declared",
  title: "DRS settings are as declared",
  severity: "error",
  settles: false,
  expected: "every declared DRS, DPM and proactive HA setting has its declared value in vCenter",
  why: "DRS places restarted VMs and keeps room on the hosts",
  source: sourceOfSettings,
  remedy: "run pulumi up --refresh to set it again, or declare the new value",
  judge: (input) => compare(input, "DRS", (name) => !name.startsWith("ha")),
};

/** A declared setting that has no effect under the others cannot drift. */
const hasEffect: Record<string, (declared: Record<string, SettingValue>) => boolean> = {
  haAdmissionControlHostFailureTolerance: (is) => is.haAdmissionControlPolicy !== "disabled",
  haAdmissionControlPerformanceTolerance: (is) => is.haAdmissionControlPolicy !== "disabled",
  haAdmissionControlResourcePercentageAutoCompute: (is) => is.haAdmissionControlPolicy === "resourcePercentage",
  haAdmissionControlResourcePercentageCpu: percentagesStated,
  haAdmissionControlResourcePercentageMemory: percentagesStated,
  haAdmissionControlSlotPolicyUseExplicitSize: (is) => is.haAdmissionControlPolicy === "slotPolicy",
  haAdmissionControlSlotPolicyExplicitCpu: slotSizeStated,
  haAdmissionControlSlotPolicyExplicitMemory: slotSizeStated,
  haAdmissionControlFailoverHostSystemIds: (is) => is.haAdmissionControlPolicy === "failoverHosts",
};

function percentagesStated(is: Record<string, SettingValue>): boolean {
  return (
    is.haAdmissionControlPolicy === "resourcePercentage" && is.haAdmissionControlResourcePercentageAutoCompute === false
  );
}

function slotSizeStated(is: Record<string, SettingValue>): boolean {
  return is.haAdmissionControlPolicy === "slotPolicy" && is.haAdmissionControlSlotPolicyUseExplicitSize === true;
}

function compare({ inventory, config }: CheckInput, what: string, concerns: (name: string) => boolean): Outcome {
  const declared = config.cluster.declared;
  // The policy that decides what has effect: the declared one, else the one that is set.
  const effective = { ...inventory.cluster.settings, ...declared };
  const compared = settings.flatMap(({ name }) => {
    const value = declared[name];
    if (value === undefined || !concerns(name) || hasEffect[name]?.(effective) === false) return [];
    return [{ name, declared: value, read: inventory.cluster.settings[name] }];
  });
  if (compared.length === 0) return notApplicable(`no ${what} setting is declared`);
  const drifted: Finding[] = [];
  const unread: Finding[] = [];
  for (const { name, declared: value, read } of compared) {
    const expected = show(value);
    if (read === undefined) unread.push({ subject: name, read: "vCenter does not tell", expected });
    else if (!sameSetting(value, read)) drifted.push({ subject: name, read: show(read), expected });
  }
  const differ = drifted.length === 0 ? "" : `, ${drifted.length.toString()} drifted`;
  return outcome(`${plural(compared.length, "setting")} compared${differ}`, drifted, unread);
}

/** Lists of ids are sets, options are compared key by key; everything else is compared as it is. */
function sameSetting(a: SettingValue, b: SettingValue): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: SettingValue): string {
  if (Array.isArray(value)) return JSON.stringify([...new Set(value)].sort());
  if (typeof value === "object") return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value);
}

function show(value: SettingValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
