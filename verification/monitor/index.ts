import { stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Clock } from "../clock";
import type { Environment, VerificationConfig } from "../config";
import { readJournal } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun, Problems } from "../problems";
import { ProbeThread } from "../probes/probeThread";
import { probeTiming, type ProbeTarget } from "../probes/schedule";
import { serviceOf } from "../probes/target";
import { connect } from "../vcenter/client";
import { MonitorMetrics, type MonitorWindow } from "./metrics";
import { serveMetrics, type Address } from "./server";

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
  const { config, signal, progress } = request;
  if (config.vms.length === 0) throw new CouldNotRun("the configuration names no VM to watch; set vms");
  const clock = new Clock(config.timeScale);
  const metrics = new MonitorMetrics({
    vms: config.vms.map(({ name, guestOs }) => ({ vm: name, guestOs })),
    windows: request.windows,
    clock,
    probeIntervalSeconds: config.probeIntervalSeconds,
    journal: journalReader(request.journalFile, progress),
  });
  let targets = await look(request, [], metrics);
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
        targets = await Promise.race([changed(request, targets, metrics), prober.ended.then(() => targets)]);
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

/** Resolves to other targets as soon as there are some, or when the monitor ends. */
async function changed(
  request: MonitorRequest,
  targets: ProbeTarget[],
  metrics: MonitorMetrics,
): Promise<ProbeTarget[]> {
  for (;;) {
    await sleep(refreshMs, undefined, { signal: request.signal }).catch(() => undefined);
    if (request.signal.aborted) return targets;
    const now = await look(request, targets, metrics);
    if (JSON.stringify(now) === JSON.stringify(targets)) continue;
    request.progress("addresses have changed");
    return now;
  }
}

/** Where the services are. vCenter may be away: what it told before, or the configuration says, stands then. */
async function look(
  { config, env, progress }: MonitorRequest,
  before: readonly ProbeTarget[],
  metrics: MonitorMetrics,
): Promise<ProbeTarget[]> {
  const told = await addresses(config, env).catch((error: unknown) => {
    if (!(error instanceof CouldNotRun) || error instanceof Problems) throw error;
    return error;
  });
  metrics.vcenterReachable(Array.isArray(told));
  if (!Array.isArray(told)) progress(told.message);
  const missing: string[] = [];
  const targets = config.vms.flatMap((vm) => {
    const found =
      (Array.isArray(told) ? told : []).find((one) => one.vm === vm.name) ??
      before.find((one) => one.vm === vm.name) ??
      serviceOf(vm, undefined);
    if (found === undefined) missing.push(vm.name);
    return found ?? [];
  });
  if (missing.length === 0) return targets;
  throw new CouldNotRun(`${missing.join(", ")} has no address: set vms[].address, or let VMware Tools report one`);
}

async function addresses(config: VerificationConfig, env: Environment): Promise<ProbeTarget[]> {
  const vcenter = await connect(config, env);
  try {
    const { vms } = await vcenter.inventory();
    return config.vms.flatMap((vm) => {
      return (
        serviceOf(
          vm,
          vms.find(({ name }) => name === vm.name),
        ) ?? []
      );
    });
  } finally {
    await vcenter.close();
  }
}

/** Reads a journal anew when its file has changed; one that cannot be read is told once. */
function journalReader(file: string | undefined, progress: (line: string) => void): () => Promise<Journal | undefined> {
  let read: { changed: number; journal: Journal | undefined } | undefined;
  return async () => {
    if (file === undefined) return undefined;
    const changedAt = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (changedAt === undefined) return undefined;
    if (read?.changed === changedAt) return read.journal;
    try {
      read = { changed: changedAt, journal: readJournal(file) };
    } catch (error) {
      if (!(error instanceof CouldNotRun)) throw error;
      progress(error.message);
      read = { changed: changedAt, journal: undefined };
    }
    return read.journal;
  };
}
