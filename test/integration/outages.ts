import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { vmAvailability } from "../../verification/availability/availability";
import { Clock } from "../../verification/clock";
import { loadConfig } from "../../verification/config";
import type { VmAvailability } from "../../verification/model";
import { ProbeThread } from "../../verification/probes/probeThread";
import { probeTiming, type ProbeTarget } from "../../verification/probes/schedule";
import { serviceOf } from "../../verification/probes/target";
import { connect } from "../../verification/vcenter/client";
import { compareVms, parseTruth, type Comparison } from "../truth";
import type { DeployedLab } from "./deployedLab";

export interface Measured extends Comparison {
  vms: VmAvailability[];
  /** Edges at which a probe was lost: told as wider than an interval. */
  blurred: number;
}

/** The lab stamps its log just after it has opened or closed a socket. Wall ms. */
const stampMs = 5;

/**
 * Lets the services of guests fail and come back, again and again at random instants, measures that with the verifier's own
 * probes and arithmetic, and compares with what the lab knows really happened.
 *
 * @param intervalMs probe interval, wall ms
 */
export async function measureOutages(deployed: DeployedLab, count: number, intervalMs: number): Promise<Measured> {
  const clock = new Clock(1);
  const targets = await services(deployed);
  const prober = await ProbeThread.create(targets, probeTiming(intervalMs), clock);
  const from = clock.now();
  prober.start();
  let begun = 0;
  await Promise.all(
    targets.map(async ({ vm }) => {
      for (;;) {
        // Longer than an interval: a state must hold a whole probe to be seen at all.
        await sleep(intervalMs * (3 + 5 * Math.random()));
        if (begun >= count) return;
        begun++;
        const fault = await call(deployed, "POST", "/faults", { kind: "guestServiceDown", vm });
        const { id } = JSON.parse(fault) as { id: string };
        await sleep(intervalMs * (3 + 5 * Math.random()));
        await call(deployed, "DELETE", `/faults/${id}`);
      }
    }),
  );
  await sleep(3 * intervalMs);
  const samples = await prober.stop();
  const window = { from, to: clock.now() };
  const vms = targets.map(({ vm }) => {
    const own = samples.filter((sample) => sample.vm === vm);
    const measured = { vm, guestOs: "ubuntu" as const, samples: own, window, resolution: intervalMs };
    return vmAvailability(measured, (ms) => clock.seconds(ms));
  });
  const truth = parseTruth(readFileSync(deployed.lab.truthLog, "utf8"));
  const comparison = compareVms(truth, vms, window, stampMs);
  const lost = samples.filter(({ outcome }) => outcome === "lost");
  const blurred = comparison.edges.filter(({ vm, lower, upper }) =>
    lost.some((sample) => sample.vm === vm && sample.due > lower - intervalMs && sample.due < upper + intervalMs),
  );
  return { ...comparison, vms, blurred: blurred.length };
}

async function services(deployed: DeployedLab): Promise<ProbeTarget[]> {
  const env = { ...process.env, ...deployed.lab.env };
  const config = loadConfig([deployed.config], env);
  const vcenter = await connect(config, env);
  try {
    const { vms } = await vcenter.inventory();
    return config.vms.map((vm) => {
      const target = serviceOf(
        vm,
        vms.find(({ name }) => name === vm.name),
      );
      return target ?? assert.fail(`${vm.name} has no address`);
    });
  } finally {
    await vcenter.close();
  }
}

async function call({ lab }: DeployedLab, method: "POST" | "DELETE", path: string, body?: object): Promise<string> {
  const answer = await fetch(`${lab.faultUrl}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status.toString()}`);
  return answer.text();
}
