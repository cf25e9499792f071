import { version } from "../../package.json";
import type { Inventory } from "../model";
import { certificateFile, fileNames, stackName, type Files, type Written } from "./files";

/** What was found, in a few lines. */
export function foundLines({ found, inventory, adoption, vms }: Written): string[] {
  const { cluster, hosts, datastores } = inventory;
  const of = (all: readonly unknown[], one: string): string =>
    `${all.length.toString()} ${one}${all.length === 1 ? "" : "s"}`;
  const machines = inventory.vms.filter(({ template, system }) => !template && !system);
  const names = (all: readonly { name: string }[]): string => {
    const shown = all.slice(0, 5).map(({ name }) => name);
    return all.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
  };
  const rest = [
    ...(cluster.rules.length > 0 ? [of(cluster.rules, "rule")] : []),
    ...(cluster.overrides.length > 0 ? [`overrides of ${of(cluster.overrides, "VM")}`] : []),
  ];
  return [
    `Cluster ${found.name} of datacenter ${found.datacenter}: ${of(hosts, "host")} (${names(hosts)}), ` +
      `${of(datastores, "datastore")}, ${of(machines, "VM")}.`,
    `  ${switches(cluster.settings)}`,
    `  Test VMs: ${vms.length === 0 ? "none" : names(vms)}.`,
    ...(rest.length > 0
      ? [`  ${rest.join(" and ")} are left as they are: they are no part of the stack, and the check judges them.`]
      : []),
    ...adoption.notes.map((note) => `  Note: ${note}`),
  ];
}

function switches(settings: Inventory["cluster"]["settings"]): string {
  const { haEnabled, haAdmissionControlPolicy: admission, drsEnabled, drsAutomationLevel } = settings;
  const ha = haEnabled === true ? `HA is on, admission control: ${word(admission)}` : "HA is off";
  const drs = drsEnabled === true ? `DRS is on, ${word(drsAutomationLevel)}` : "DRS is off";
  return `${ha}; ${drs}.`;
}

function word(value: unknown): string {
  return typeof value === "string" ? value : "not told";
}

/** Why the next commands need something of the environment. */
export interface Surroundings {
  /** The password was typed. */
  typed: boolean;
  /** A CA file proved vCenter, and the provider was told of none. */
  caFile: boolean;
}

/** What was written, and the commands that come next. */
export function nextLines(folder: string, files: Files, { typed, caFile }: Surroundings): string[] {
  const written = fileNames.filter((name) => files[name] !== undefined);
  const pem = files[certificateFile] !== undefined;
  const commands = [
    `cd ${quoted(folder)}`,
    `npm install /path/to/vsphere-ha-${version}.tgz   # "npm pack" makes it, in the folder of vsphere-ha`,
    ...(typed ? ["read -rs VSPHERE_PASSWORD && export VSPHERE_PASSWORD"] : []),
    ...(pem ? [`export SSL_CERT_FILE="$PWD/${certificateFile}"   # for Pulumi's provider`] : []),
    ...(caFile ? ['export SSL_CERT_FILE="$VSPHERE_HA_CA_FILE"   # for Pulumi\'s provider'] : []),
    `pulumi stack init ${stackName}`,
    "pulumi import --file import.json --protect=false --generate-code=false --yes",
    "pulumi preview --expect-no-changes",
    "npx vsphere-ha check --config verification.json",
  ];
  return [
    `Written to ${folder}: ${written.join(", ")}.`,
    "Nothing in vCenter was changed. Next:",
    "",
    ...commands.map((command) => `  ${command}`),
    "",
    "The password is in none of these files. To keep it with the stack, encrypted: pulumi config set --secret vsphere:password",
  ];
}

/** A word of a shell. */
function quoted(text: string): string {
  return /^[\w./@%+,:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
