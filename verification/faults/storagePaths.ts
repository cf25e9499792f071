import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import { parseList } from "./esxcli";
import type { Ask } from "./hostShell";

/** For a device to be seen as lost, and to be back; seconds of the Clock. */
const confirmSeconds = 120;
const pollSeconds = 2;
/** Paths that carry I/O, or could (ESXCLI Reference, esxcli storage core path list). */
const usable = ["active", "standby"];

/** A host's disks and its paths to them, in its ESXi Shell. All errors are CouldNotRun. */
export interface HostDisks {
  /** Names of the paths to the disks, all of which must be usable, and the disks connected. */
  paths(ask: Ask, devices: readonly string[]): Promise<string[]>;
  /** Waits until every disk has one of these states. @param what for the error: `takes it for lost` */
  await(ask: Ask, devices: readonly string[], states: readonly DiskState[], what: string): Promise<void>;
}

/** As vSphere Storage, "Check the Connection Status of a Storage Device", has them: dead and dead timeout are APD, not connected is PDL. */
export type DiskState = "on" | "degraded" | "dead" | "dead timeout" | "not connected";

/** A disk that a host reaches; by one path only, it is degraded. */
export const connected: readonly DiskState[] = ["on", "degraded"];

export function hostDisks(host: string, clock: Pick<Clock, "now" | "wait" | "seconds">): HostDisks {
  async function status(ask: Ask, device: string): Promise<string> {
    const text = await ask(`esxcli storage core device list -d ${device}`, `look at the disk ${device}`);
    return parseList(text)[0]?.get("Status") ?? "unknown";
  }

  return {
    async paths(ask, devices) {
      const all: string[] = [];
      for (const device of devices) {
        const text = await ask(`esxcli storage core path list -d ${device}`, `list the paths to ${device}`);
        const paths = parseList(text).map((one) => ({ name: one.get("Runtime Name") ?? "", state: one.get("State") }));
        if (paths.length === 0) throw new CouldNotRun(`${host} has no path to ${device}`);
        const bad = paths.find(({ state = "unknown" }) => !usable.includes(state));
        if (bad !== undefined) {
          throw new CouldNotRun(`path ${bad.name} of ${host} is ${bad.state ?? "unknown"}; bring it back first`);
        }
        const state = await status(ask, device);
        if (!(connected as readonly string[]).includes(state))
          throw new CouldNotRun(`disk ${device} of ${host} is ${state}; bring it back first`);
        all.push(...paths.map(({ name }) => name));
      }
      return all;
    },
    async await(ask, devices, states, what) {
      const started = clock.now();
      for (const device of devices) {
        for (;;) {
          const state = await status(ask, device);
          if ((states as readonly string[]).includes(state)) break;
          if (clock.seconds(clock.now() - started) > confirmSeconds) {
            throw new CouldNotRun(
              `disk ${device} of ${host} is ${state} after ${confirmSeconds.toString()} s, and not ${states.join(" or ")}: the host does not ${what}`,
            );
          }
          await clock.wait(pollSeconds);
        }
      }
    },
  };
}

/** A journal is a file, and its words go into a shell. */
export function requireNames(what: string, names: readonly string[], form: RegExp): void {
  const bad = names.find((name) => !form.test(name));
  if (bad !== undefined) throw new CouldNotRun(`${JSON.stringify(bad)} is no ${what} of a host`);
}

export const pathForm = /^vmhba\d+:C\d+:T\d+:L\d+$/;
export const deviceForm = /^[A-Za-z0-9._:-]+$/;
