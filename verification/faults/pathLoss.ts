import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import type { Fault, StorageRecord } from "./fault";
import { during, type Ask, type HostShell, type OpenShell } from "./hostShell";
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
  const disks = hostDisks(host, clock);
  let { paths } = record;
  /** Open before the fault, so that only the commands themselves lie between its instant and its effect. */
  let ready: OpenShell | undefined;

  const setPaths = (state: "active" | "off"): string[] =>
    paths.map((path) => `esxcli storage core path set --state=${state} --path=${path}`);
  const setRulesets = (enabled: boolean): string[] =>
    rulesets.map((name) => `esxcli network firewall ruleset set --ruleset-id=${name} --enabled=${enabled.toString()}`);

  async function requireRulesets(ask: Ask, enabled: boolean): Promise<void> {
    const wrong = await firstOther(ask, enabled);
    if (wrong !== undefined) {
      throw new CouldNotRun(`the firewall of ${host} did not ${enabled ? "enable" : "disable"} ${wrong}`);
    }
  }

  /** A rule set that is not as it should be. */
  async function firstOther(ask: Ask, enabled: boolean): Promise<string | undefined> {
    for (const name of rulesets) {
      const text = await ask(`esxcli network firewall ruleset list --ruleset-id=${name}`, "read its firewall");
      const state = new RegExp(`^${name}\\s+(true|false)\\b`, "m").exec(text)?.[1];
      if (state === undefined) throw new CouldNotRun(`the firewall of ${host} has no rule set ${name}`);
      if (state !== enabled.toString()) return name;
    }
    return undefined;
  }

  return {
    check: () =>
      during(shell.open(), async (ask) => {
        paths = await disks.paths(ask, devices);
        requireNames("path", paths, pathForm);
        const disabled = await firstOther(ask, true);
        if (disabled !== undefined) {
          throw new CouldNotRun(
            `rule set ${disabled} of ${host}'s firewall is disabled, and yet it has NFS; look at it first`,
          );
        }
      }),
    record: () => ({ ...record, paths }),
    async arm() {
      ready = await shell.open();
    },
    inject: () =>
      during(ready ?? shell.open(), async (ask) => {
        await ask([...setPaths("off"), ...setRulesets(false)].join(" && "), "take the paths to its storage away");
        await requireRulesets(ask, false);
        await disks.await(ask, devices, ["dead", "dead timeout"], "take the disk for unreachable");
      }),
    restore: () =>
      during(shell.open(), async (ask) => {
        for (const command of [...setPaths("active"), ...setRulesets(true)]) await ask(command, "give the paths back");
        await requireRulesets(ask, true);
        await disks.await(ask, devices, connected, "reach the disk again");
      }),
    close() {
      ready?.end();
      return Promise.resolve();
    },
  };
}
