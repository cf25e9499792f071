import type { DownInterval, Expectation, Inventory, Verdict, VmAvailability } from "../model";
import {
  hostFailedEvent,
  hostIsolatedEvent,
  hostPartitionedEvent,
  restartFailedEvent,
  vmResetEvent,
  vmRestartedEvent,
} from "./events";
import type { Expected } from "./expected";
import { judgeLeftAlone, judgeStorageLost, judgeTerminated } from "./judgeStorage";
import { failed, inconclusive, missingEvent, one, passed, range, within, type Judged } from "./judged";
import { outage, type DrillObservation } from "./observation";

/** A larger share of the window without evidence from probes, and a VM was not observed. */
const mostUnobserved = 0.05;
/** A larger step of the system clock, in seconds of the Clock, makes events and probes incomparable. */
const largestStep = 1;

/** The host that was failed, and how it is told that it was put back. */
export interface FailedHost {
  id: string;
  name: string;
  /** FaultWords.tooLate. */
  tooLate: string;
  /** Another one that was failed during the failover. */
  second?: { id: string; name: string } | undefined;
}

/**
 * Compares what was expected with what was seen. An expectation fails only on evidence: where the bounds of a
 * measurement, or missing observations, leave it open, it is inconclusive.
 */
export function judge(
  expected: readonly Expected[],
  seen: DrillObservation,
  host: FailedHost,
  seconds: (wallMs: number) => number,
): Expectation[] {
  return expected.map((one) => ({
    id: one.id,
    statement: one.statement,
    basis: one.basis,
    ...judgeOne(one, one.mayBeUnreported === true ? unreported(seen) : seen, host, seconds),
  }));
}

/** Of the parts of a whole: one failure fails it; what was not observed keeps it from passing; what does not apply does not count. */
export function overall(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("failed")) return "failed";
  if (verdicts.includes("inconclusive")) return "inconclusive";
  if (verdicts.includes("passed")) return "passed";
  return verdicts.includes("not-applicable") ? "not-applicable" : "inconclusive";
}

function judgeOne(
  expected: Expected,
  seen: DrillObservation,
  host: FailedHost,
  seconds: (wallMs: number) => number,
): Judged {
  const { kind, vm, limitSeconds = 0 } = expected;
  if (kind === "observed") return judgeObserved(seen);
  if (kind === "host-declared-failed") {
    const event = hostFailedEvent(seen.events, host.id);
    if (event === undefined) return missingEvent(seen, "vCenter reported no failure of the host");
    const early = seconds(event.at - seen.faultConfirmed);
    const late = seconds(event.at - seen.faultSent);
    return within(early, late, limitSeconds, `declared failed ${range(Math.max(0, early), late)} after the fault`);
  }
  if (kind === "second-declared-failed") return judgeSecond(seen, host.second, limitSeconds, seconds);
  if (kind === "host-isolated") return judgeIsolated(seen, host.id, limitSeconds, seconds);
  if (kind === "host-evacuated") return judgeEvacuated(seen.failedOver, host);
  if (kind === "storage-apd" || kind === "storage-pdl") return judgeStorageLost(kind, seen, host.id, seconds);
  if (vm === undefined) return { verdict: "inconclusive", seen: "no VM named" };
  const availability = seen.availability.get(vm.name);
  switch (kind) {
    case "vm-fails":
      return judgeFails(availability, seen);
    case "vm-runs-until":
      return judgeRunsUntil(availability, seen, limitSeconds, seconds);
    case "vm-answers":
      return judgeAnswers(availability, seen, limitSeconds, seconds);
    case "vm-undisturbed":
      return judgeUndisturbed(availability);
    case "vm-restarted": {
      const event = vmRestartedEvent(seen.events, vm.id);
      if (event === undefined) {
        const refused = restartFailedEvent(seen.events, vm.id);
        return missingEvent(
          seen,
          refused === undefined ? "vCenter reported no restart" : `vCenter says: ${refused.message || refused.type}`,
        );
      }
      if (event.at > seen.undone) return failed(`restarted only ${host.tooLate}`);
      return passed(`restarted ${one(seconds(event.at - seen.faultSent))} s after the fault`);
    }
    case "vm-reset":
      return judgeReset(seen, vm.id, limitSeconds, seconds, host);
    case "vm-stays":
      return judgeStays(seen.failedOver, vm.id, host);
    case "vm-elsewhere":
      return judgeElsewhere(seen.failedOver, vm.id, host);
    case "vm-terminated":
      return judgeTerminated(expected, seen, vm.id, seconds);
    case "vm-left-alone":
      return judgeLeftAlone(seen, vm.id);
    case "vm-not-restarted":
      return judgeNotRestarted(seen, vm.id, host);
    case "vm-protected": {
      const state = seen.after?.vms.find(({ id }) => id === vm.id)?.haProtected;
      if (seen.after === undefined || state === undefined) return inconclusive("vCenter did not tell");
      return state ? passed("protected") : failed("not protected");
    }
  }
}

function judgeSecond(
  seen: DrillObservation,
  host: FailedHost["second"],
  limit: number,
  seconds: (wallMs: number) => number,
): Judged {
  if (seen.second === undefined || host === undefined) return inconclusive("no second host was failed");
  const event = hostFailedEvent(seen.events, host.id);
  if (event === undefined) return missingEvent(seen, "vCenter reported no failure of the host");
  const [early, late] = [seconds(event.at - seen.second.confirmed), seconds(event.at - seen.second.sent)];
  return within(early, late, limit, `declared failed ${range(Math.max(0, early), late)} after its failure`);
}

function judgeObserved(seen: DrillObservation): Judged {
  const lossy = [...seen.availability.values()].filter(isUnobserved);
  const faults = [
    ...lossy.map(
      ({ vm, samples, unobservedSeconds }) =>
        `${vm} was not observed for ${one(unobservedSeconds)} s: ` +
        `${samples.lost.toString()} of its ${samples.sent.toString()} probes were lost`,
    ),
    ...(Math.abs(seen.clockStepSeconds) > largestStep
      ? [`the system clock was stepped by ${one(seen.clockStepSeconds)} s`]
      : []),
    ...(seen.eventsMissing === undefined ? [] : [`events are missing: ${seen.eventsMissing}`]),
  ];
  if (faults.length > 0) return inconclusive(faults.join("; "));
  const all = [...seen.availability.values()].map(({ samples }) => samples);
  const sent = all.reduce((sum, samples) => sum + samples.sent, 0);
  const lost = all.reduce((sum, samples) => sum + samples.lost, 0);
  return passed(`${sent.toString()} probes, ${lost.toString()} lost; ${seen.events.length.toString()} events`);
}

function isUnobserved({ unobservedSeconds, windowSeconds }: VmAvailability): boolean {
  return unobservedSeconds > mostUnobserved * windowSeconds;
}

function judgeFails(availability: VmAvailability | undefined, seen: DrillObservation): Judged {
  if (availability === undefined) return inconclusive("it was not probed");
  const down = outage(availability, seen.faultSent);
  // Not a failure of HA: the power was cut, and yet the service went on, so the probe asks something else.
  if (down === undefined) return inconclusive("it went on answering: the probe does not reach this VM");
  return passed("it stopped answering");
}

function judgeIsolated(
  seen: DrillObservation,
  hostId: string,
  limit: number,
  seconds: (wallMs: number) => number,
): Judged {
  const during = seen.events.filter(({ at }) => at <= seen.undone);
  const event = hostIsolatedEvent(during, hostId);
  if (event !== undefined) {
    const [early, late] = [seconds(event.at - seen.faultConfirmed), seconds(event.at - seen.faultSent)];
    return within(early, late, limit, `reported isolated ${range(Math.max(0, early), late)} after the fault`);
  }
  const partitioned = hostPartitionedEvent(during, hostId) !== undefined;
  return missingEvent(
    seen,
    partitioned
      ? "vCenter reported it as partitioned: an isolation address, or another agent, still answers it"
      : "vCenter did not report it as isolated",
  );
}

/** It may stop at the limit, and not before. */
function judgeRunsUntil(
  availability: VmAvailability | undefined,
  seen: DrillObservation,
  limit: number,
  seconds: (wallMs: number) => number,
): Judged {
  if (availability === undefined) return inconclusive("it was not probed");
  const down = outage(availability, seen.faultSent);
  if (down === undefined) return failed("it went on answering");
  const [early, late] = [seconds(down.startAfter - seen.faultConfirmed), seconds(down.startBefore - seen.faultSent)];
  const line = `stopped ${range(Math.max(0, early), late)} after the fault; expected not before ${one(limit)} s`;
  if (late < limit) return failed(line);
  return early >= limit ? passed(line) : inconclusive(`${line}, which lies between the bounds`);
}

function judgeAnswers(
  availability: VmAvailability | undefined,
  seen: DrillObservation,
  limit: number,
  seconds: (wallMs: number) => number,
): Judged {
  if (availability === undefined) return inconclusive("it was not probed");
  const down = outage(availability, seen.faultSent);
  if (down === undefined) return inconclusive("it was never seen to stop answering");
  const early = seconds(down.endAfter - seen.faultConfirmed);
  if (down.endBefore === undefined) {
    return early > limit
      ? failed(`still down ${one(early)} s after the fault`)
      : inconclusive(`still down when the observation ended, ${one(early)} s after the fault`);
  }
  const late = seconds(down.endBefore - seen.faultSent);
  return within(early, late, limit, `answered again ${range(early, late)} after the fault${again(availability, down)}`);
}

function again(availability: VmAvailability, { startAfter }: DownInterval): string {
  const outages = availability.intervals.filter((interval) => interval.startAfter >= startAfter).length;
  return outages > 1 ? `, after ${outages.toString()} outages` : "";
}

function judgeUndisturbed(availability: VmAvailability | undefined): Judged {
  if (availability === undefined || availability.samples.sent === 0) return inconclusive("it was not probed");
  const { downtimeSeconds, intervals, unobservedSeconds } = availability;
  if (intervals.length > 0) {
    return failed(
      `down for ${range(downtimeSeconds.lower, downtimeSeconds.upper)}, in ${intervals.length === 1 ? "one outage" : `${intervals.length.toString()} outages`}`,
    );
  }
  if (isUnobserved(availability)) {
    return inconclusive(`not observed for ${one(unobservedSeconds)} s`);
  }
  const { answered } = availability.samples;
  return passed(`${answered.toString()} probes answered, none refused`);
}

function judgeElsewhere(
  inventory: Inventory | undefined,
  vmId: string,
  host: Pick<FailedHost, "id" | "name" | "second">,
): Judged {
  const vm = inventory?.vms.find(({ id }) => id === vmId);
  if (inventory === undefined || vm === undefined) return inconclusive("vCenter did not tell");
  const runsOn = inventory.hosts.find(({ id }) => id === vm.hostId)?.name ?? "no host";
  if (vm.powerState !== "poweredOn") return failed(`${vm.powerState} on ${runsOn}`);
  return vm.hostId === host.id || vm.hostId === host.second?.id
    ? failed(`still on ${runsOn}`)
    : passed(`runs on ${runsOn}`);
}

function judgeReset(
  seen: DrillObservation,
  vmId: string,
  limit: number,
  seconds: (wallMs: number) => number,
  { tooLate }: FailedHost,
): Judged {
  const event = vmResetEvent(seen.events, vmId);
  if (event === undefined) return missingEvent(seen, "vCenter reported no reset by HA");
  if (event.at > seen.undone) return failed(`reset only ${tooLate}`);
  const [early, late] = [seconds(event.at - seen.faultConfirmed), seconds(event.at - seen.faultSent)];
  return within(early, late, limit, `reset ${range(Math.max(0, early), late)} after the fault`);
}

function judgeStays(inventory: Inventory | undefined, vmId: string, host: { id: string; name: string }): Judged {
  const elsewhere = judgeElsewhere(inventory, vmId, host);
  if (elsewhere.verdict === "passed") return failed(elsewhere.seen);
  const still = inventory?.vms.find(({ id }) => id === vmId);
  return still?.hostId === host.id && still.powerState === "poweredOn" ? passed(`on ${host.name}`) : elsewhere;
}

function judgeEvacuated(inventory: Inventory | undefined, { id, name }: { id: string; name: string }): Judged {
  const host = inventory?.hosts.find((one) => one.id === id);
  if (inventory === undefined || host === undefined) return inconclusive("vCenter did not tell");
  const left = inventory.vms.filter((vm) => vm.hostId === id && vm.powerState === "poweredOn" && !vm.system);
  const still = `${left.map((vm) => vm.name).join(", ")} still on it`;
  if (!host.inMaintenanceMode) {
    return failed(`${name} did not come into maintenance mode${left.length === 0 ? "" : `, ${still}`}`);
  }
  if (left.length > 0) return failed(still);
  return passed("in maintenance mode, no VM runs on it");
}

function judgeNotRestarted(seen: DrillObservation, vmId: string, host: { id: string; name: string }): Judged {
  const event = vmRestartedEvent(seen.events, vmId);
  if (event !== undefined && event.at < seen.undone) return failed("HA restarted it");
  const elsewhere = judgeElsewhere(seen.failedOver, vmId, host);
  if (elsewhere.verdict === "inconclusive") return elsewhere;
  return elsewhere.verdict === "passed" ? failed(elsewhere.seen) : passed("it was not restarted");
}

function unreported(seen: DrillObservation): DrillObservation {
  return { ...seen, eventsMissing: seen.eventsMissing ?? "vCenter did not run then" };
}
