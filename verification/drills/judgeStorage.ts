import { storageLostEvent, vmResetEvent, vmRestartedEvent, vmTerminatedEvent } from "./events";
import type { Expected } from "./expected";
import { failed, inconclusive, missingEvent, one, passed, range, within, type Judged } from "./judged";
import type { DrillObservation } from "./observation";

/** Whether there was a loss at all: without one, VMs that go on show nothing. */
export function judgeStorageLost(
  kind: "storage-apd" | "storage-pdl",
  seen: DrillObservation,
  hostId: string,
  seconds: (wallMs: number) => number,
): Judged {
  const event = storageLostEvent(seen.events, hostId, kind === "storage-apd" ? "apd" : "pdl");
  if (event === undefined || event.at > seen.undone) return missingEvent(seen, "vCenter reported none of this host");
  return passed(`reported ${one(Math.max(0, seconds(event.at - seen.faultSent)))} s after the fault`);
}

export function judgeTerminated(
  { limitSeconds = 0, notBeforeSeconds = 0 }: Expected,
  seen: DrillObservation,
  vmId: string,
  seconds: (wallMs: number) => number,
): Judged {
  const event = vmTerminatedEvent(seen.events, vmId);
  if (event === undefined) return missingEvent(seen, "vCenter reported no termination");
  // It may come before the loss is confirmed.
  const early = Math.max(0, seconds(event.at - seen.faultConfirmed));
  const late = seconds(event.at - seen.faultSent);
  const line = `terminated ${range(early, late)} after the fault`;
  if (late < notBeforeSeconds) return failed(`${line}; expected not before ${one(notBeforeSeconds)} s`);
  if (early < notBeforeSeconds) {
    return inconclusive(`${line}; expected not before ${one(notBeforeSeconds)} s, which lies between the bounds`);
  }
  return within(early, late, limitSeconds, line);
}

/** Also not when its storage is back: a reset then is a reaction, too. */
export function judgeLeftAlone({ events, eventsMissing }: DrillObservation, vmId: string): Judged {
  if (vmTerminatedEvent(events, vmId) !== undefined) return failed("HA terminated it");
  if (vmResetEvent(events, vmId) !== undefined) return failed("HA reset it");
  if (vmRestartedEvent(events, vmId) !== undefined) return failed("HA restarted it");
  if (eventsMissing !== undefined) return inconclusive(`events are missing: ${eventsMissing}`);
  return passed("vCenter reported none of these");
}
