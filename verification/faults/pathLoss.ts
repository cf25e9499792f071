import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import type { Fault, StorageRecord } from "./fault";
import type { HostShell } from "./hostShell";
import { connected, deviceForm, hostDisks, pathForm, requireNames } from "./storagePaths";

/** A host that loses every path to its storage, as by a fault of the storage network: nobody says what became of it. */
export function pathLossFault(
  record: StorageRecord<"apd">,
  shell: HostShell,
  clock: Pick<Clock, "now" | "wait" | "seconds">,
): Fault {
  const { host, devices, rulesets } = record;
  requireNames("disk", devices, deviceForm);
  requireNames("path", record.paths, pathForm);
  requireNames("rule set", rulesets, /^[A-Za-z0-9]+$/);
  if (devices.length + rulesets.length === 0) throw new CouldNotRun(`the path loss of ${host} names no storage`);
  const disks = hostDisks(host, shell, clock);
  let { paths } = record;

  async function setPaths(state: "active" | "off"): Promise<void> {
    for (const path of paths) {
      await shell.ask(`esxcli storage core path set --state=${state} --path=${path}`, `set path ${path} ${state}`);
    }
  }

  async function setRulesets(enabled: boolean): Promise<void> {
    for (const name of rulesets) {
      const command = `esxcli network firewall ruleset set --ruleset-id=${name} --enabled=${enabled.toString()}`;
      await shell.ask(command, `${enabled ? "enable" : "disable"} the rule set ${name}`);
      if ((await isEnabled(name)) !== enabled) {
        throw new CouldNotRun(`the firewall of ${host} did not ${enabled ? "enable" : "disable"} ${name}`);
      }
    }
  }

  async function isEnabled(name: string): Promise<boolean> {
    const text = await shell.ask(`esxcli network firewall ruleset list --ruleset-id=${name}`, "read its firewall");
    const [, enabled] = new RegExp(`^${name}\\s+(true|false)\\b`, "m").exec(text) ?? [];
    if (enabled === undefined) throw new CouldNotRun(`the firewall of ${host} has no rule set ${name}`);
    return enabled === "true";
  }

  return {
    async check() {
      paths = await disks.paths(devices);
      requireNames("path", paths, pathForm);
      for (const name of rulesets) {
        if (!(await isEnabled(name))) {
          throw new CouldNotRun(
            `rule set ${name} of ${host}'s firewall is disabled, and yet it has NFS; look at it first`,
          );
        }
      }
    },
    record: () => ({ ...record, paths }),
    async inject() {
      await setPaths("off");
      await setRulesets(false);
      await disks.await(devices, ["dead", "dead timeout"], "take the disk for unreachable");
    },
    async restore() {
      await setPaths("active");
      await setRulesets(true);
      await disks.await(devices, connected, "reach the disk again");
    },
    close: () => Promise.resolve(),
  };
}
