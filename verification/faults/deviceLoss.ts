import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import type { Fault, StorageRecord } from "./fault";
import { during, type HostShell, type OpenShell } from "./hostShell";
import { connected, deviceForm, hostDisks, pathForm, requireNames } from "./storagePaths";

// The VMkernel's own error injection, as VMware's tests of its container storage driver use it (kubernetes-sigs,
// vsphere-csi-driver, tests/e2e): an error a path, and a switch for all.
const injection = "/reliability/vmkstress/ScsiPathInjectError";
const errorOf = (path: string): string => `/storage/scsifw/paths/${path}/injectError`;
/**
 * Check condition (device status 02) with sense data 5/25, logical unit not supported, by which an array says that a device is
 * gone for good (VMware KB 2004684). That sense data follows the three status bytes is not documented: therefore nothing is
 * called lost before the host itself calls the device not connected.
 */
const gone = "0x250500000002";
const none = "0x0";

/** A host whose array says that a disk is gone for good, as after a LUN was taken from it. */
export function deviceLossFault(
  record: StorageRecord<"pdl">,
  shell: HostShell,
  clock: Pick<Clock, "now" | "wait" | "seconds">,
): Fault {
  const { host, devices } = record;
  requireNames("disk", devices, deviceForm);
  requireNames("path", record.paths, pathForm);
  if (devices.length === 0) throw new CouldNotRun(`the device loss of ${host} names no disk`);
  const disks = hostDisks(host, clock);
  let { paths } = record;
  /** Open before the fault, so that only the commands themselves lie between its instant and its effect. */
  let ready: OpenShell | undefined;

  const set = (node: string, value: string): string => `vsish -e set ${node} ${value}`;
  const setAll = (value: string): string => paths.map((path) => set(errorOf(path), value)).join(" && ");

  return {
    check: () =>
      during(shell.open(), async (ask) => {
        await ask(`vsish -e get ${injection}`, "find the VMkernel's error injection");
        paths = await disks.paths(ask, devices);
        requireNames("path", paths, pathForm);
      }),
    record: () => ({ ...record, paths }),
    async arm() {
      ready = await shell.open();
    },
    inject: () =>
      during(ready ?? shell.open(), async (ask) => {
        await ask(`${setAll(gone)} && ${set(injection, "1")}`, "inject the loss of the disk");
        await disks.await(ask, devices, ["not connected"], "take the disk for lost");
      }),
    restore: () =>
      during(shell.open(), async (ask) => {
        if (paths.length > 0) await ask(setAll(none), "end the injected errors");
        await ask(set(injection, "0"), "end the error injection");
        // A disk that was lost for good is looked for again only when somebody asks (vSphere Storage, "Recovering from PDL").
        await ask("esxcli storage core adapter rescan --all", "scan its storage again");
        await disks.await(ask, devices, connected, "have the disk back");
      }),
    close() {
      ready?.end();
      return Promise.resolve();
    },
  };
}
