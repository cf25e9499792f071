import type { Clock } from "../clock";
import { NoAnswer, type SshConnection } from "../net/ssh";
import { CouldNotRun } from "../problems";
import { parseList } from "./esxcli";
import type { Fault, IsolationRecord } from "./fault";
import type { HostShell } from "./hostShell";

/** Stands in the command that undoes an isolation, so that a list of processes shows whether it waits. */
const marker = "vsphere-ha-undo";
/** Further attempts of the host to undo it, after so many seconds: its agents may be busy. */
const retrySeconds = [10, 60];
/** A host that says nothing for so long after it was told to disable its adapters has done so; seconds, and wall ms. */
const silentSeconds = 5;
const silentMs = 500;
/** For the host to be back after its own undo was due, and between two looks; seconds of the Clock. */
const returnSeconds = 180;
const pollSeconds = 2;

/**
 * A host cut off from the management network, as by a fault of the switches: its VMs keep their own networks. As that cuts
 * its SSH, too, it is told first to end it by itself after a while.
 */
export function hostIsolationFault(
  { host, adapters, undoSeconds }: IsolationRecord,
  shell: HostShell,
  clock: Pick<Clock, "now" | "wait" | "seconds" | "wallMs">,
): Fault {
  // A journal is a file, and these words go into a shell.
  if (adapters.length === 0 || !adapters.every((name) => /^vmk\d+$/.test(name)) || !(undoSeconds > 0)) {
    throw new CouldNotRun(`the isolation of ${host} names no VMkernel adapters, or no time after which it ends`);
  }

  /** Open and ready, so that only the command itself lies between the instant of the fault and its effect. */
  let ready: SshConnection | undefined;

  const set = (adapter: string, enabled: boolean): string =>
    `esxcli network ip interface set -e ${enabled.toString()} -i ${adapter}`;

  async function disabled(): Promise<string[]> {
    const list = parseList(await shell.ask("esxcli network ip interface list", "list the VMkernel adapters"));
    return adapters.filter((name) => {
      const adapter = list.find((one) => one.get("Name") === name);
      if (adapter === undefined) throw new CouldNotRun(`${host} has no VMkernel adapter ${name}, says its esxcli`);
      return adapter.get("Enabled") !== "true";
    });
  }

  async function undoWaits(): Promise<boolean> {
    return (await shell.ask("ps -c", "list the processes")).includes(marker);
  }

  return {
    async check() {
      const [down] = await disabled();
      if (down !== undefined) throw new CouldNotRun(`${down} of ${host} is disabled; enable it first`);
      if (await undoWaits()) {
        throw new CouldNotRun(`${host} still waits to undo an earlier isolation; begin when that is over`);
      }
    },
    async arm() {
      const undo = adapters.map((name) => {
        const again = retrySeconds.map((seconds) => `(sleep ${seconds.toString()}; ${set(name, true)})`);
        return `(${[set(name, true), ...again].join(" || ")})`;
      });
      const script = `: ${marker}; sleep ${undoSeconds.toString()}; ${undo.join("; ")}`;
      await shell.ask(`setsid sh -c '${script}' </dev/null >/dev/null 2>&1 &`, "start the undo of the isolation");
      if (!(await undoWaits())) {
        throw new CouldNotRun(`${host} does not keep the command that would end its isolation; nothing was broken`);
      }
      ready = await shell.connect();
    },
    async inject() {
      const connection = ready ?? (await shell.connect());
      try {
        const limit = Math.max(silentMs, clock.wallMs(silentSeconds));
        const { code, stdout } = await connection.run(adapters.map((name) => set(name, false)).join("; "), limit);
        if (code !== 0) throw new CouldNotRun(`${host} did not disable ${adapters.join(", ")}: ${stdout.trim()}`);
        // It answers, so SSH comes by another way; the adapters are what counts.
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      } finally {
        connection.end();
      }
    },
    async restore() {
      const until = clock.now() + clock.wallMs(undoSeconds + returnSeconds);
      for (;;) {
        try {
          for (const name of await disabled()) await shell.ask(set(name, true), `enable ${name}`);
          return;
        } catch (error) {
          if (!(error instanceof CouldNotRun) || clock.now() > until) throw error;
        }
        await clock.wait(pollSeconds);
      }
    },
    close() {
      ready?.end();
      return Promise.resolve();
    },
  };
}
