import { CouldNotRun } from "../problems";
import type { NovaSettings } from "./model";

/** nova, conf/compute.py: `sync_power_state_interval`, seconds. */
const defaultSyncInterval = 600;

/** Options by section, `DEFAULT` among them. */
type Options = Map<string, Map<string, string>>;

/**
 * What nova-compute is told by its configuration files, in the order in which it reads them: a later value replaces an
 * earlier one (oslo.config). Takes the few options that are judged; the files hold passwords, and nothing else leaves here.
 *
 * @throws CouldNotRun when a value is none that nova takes
 */
export function novaSettings(files: readonly string[]): NovaSettings {
  const options: Options = new Map();
  for (const file of files) readOptions(file, options);
  const interval = options.get("DEFAULT")?.get("sync_power_state_interval");
  const vmware = options.get("vmware");
  const certificate = vmware?.get("ca_file") ?? "";
  return {
    syncPowerStateInterval: interval === undefined ? defaultSyncInterval : integer(interval),
    // "This option is ignored if the ca_file option is set" (nova, conf/vmware.py).
    insecure: isTrue(vmware?.get("insecure")) && certificate === "",
  };
}

function readOptions(text: string, options: Options): void {
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    // A comment, or the continuation of a value that is none of ours.
    if (heading !== undefined || /^(\s|#|;|$)/.test(line)) continue;
    const [name = "", value = ""] = line.split(/[=:](.*)/s);
    const within = options.get(section) ?? new Map<string, string>();
    options.set(section, within.set(name.trim(), value.trim().replace(/^(["'])(.*)\1$/, "$2")));
  }
}

function integer(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new CouldNotRun(
    "sync_power_state_interval in nova's configuration is no whole number; nova-compute does not start with it",
  );
}

function isTrue(text: string | undefined): boolean {
  return ["true", "1", "on", "yes"].includes((text ?? "").toLowerCase());
}
