import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Clock } from "../clock";
import type { Environment, VerificationConfig } from "../config";
import type { VmState } from "../model";
import { CouldNotRun } from "../problems";
import { ProbeThread } from "../probes/probeThread";
import { probeTiming } from "../probes/schedule";
import { connect } from "../vcenter/client";
import { journalReader } from "./journalReader";
import { MonitorMetrics, type MonitorWindow } from "./metrics";
import { serveMetrics, type Address } from "./server";
import { findTargets, otherTargets, type TargetSource } from "./targets";

export interface MonitorRequest {
  config: VerificationConfig;
  env: Environment;
  listen: Address;
  windows: readonly MonitorWindow[];
  /** Journal of drills, read again whenever it changes; undefined: no drill is told. */
  journalFile: string | undefined;
  /** One line at a time. */
  progress: (line: string) => void;
  /** Ends the monitor, which is no error. */
  signal: AbortSignal;
}

/** Guests may get new addresses: wall ms between two looks. */
const refreshMs = 300_000;

/** Probes and serves metrics until it is told to end. Throws CouldNotRun when it cannot begin, or its probes end. */
export async function runMonitor(request: MonitorRequest): Promise<void> {
  const { config, env, signal, progress } = request;
  if (config.vms.length === 0) throw new CouldNotRun("the configuration names no VM to watch; set vms");
  const clock = new Clock(config.timeScale);
  const metrics = new MonitorMetrics({
    vms: config.vms.map(({ name, guestOs }) => ({ vm: name, guestOs })),
    windows: request.windows,
    clock,
    probeIntervalSeconds: config.probeIntervalSeconds,
    journal: journalReader(request.journalFile, progress),
  });
  const source: TargetSource = {
    vms: config.vms,
    read: () => vmsOf(config, env),
    reachable: (answers) => {
      metrics.vcenterReachable(answers);
    },
    progress,
  };
  const refresh = (): Promise<void> => sleep(refreshMs, undefined, { signal }).catch(() => undefined);
  let targets = await findTargets(source, []);
  const server = await serveMetrics(request.listen, metrics);
  const { address, port } = server.address() as AddressInfo;
  progress(`metrics of ${targets.length.toString()} VMs at http://${address}:${port.toString()}/metrics`);
  try {
    while (!signal.aborted) {
      const timing = probeTiming(clock.wallMs(config.probeIntervalSeconds));
      const prober = await ProbeThread.create(targets, timing, clock, (sample) => {
        metrics.add(sample);
      });
      prober.start();
      try {
        targets = await Promise.race([
          otherTargets(source, targets, refresh, signal),
          prober.ended.then(() => targets),
        ]);
      } finally {
        await prober.stop();
      }
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  progress("the monitor has ended");
}

async function vmsOf(config: VerificationConfig, env: Environment): Promise<VmState[]> {
  const vcenter = await connect(config, env);
  try {
    return (await vcenter.inventory()).vms;
  } finally {
    await vcenter.close();
  }
}
