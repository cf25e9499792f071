import type { DowntimeShares, VmAvailability } from "../model";
import {
  hostFailedEvent,
  hostIsolatedEvent,
  vmResetEvent,
  vmRestartedEvent,
  vmTerminatedEvent,
  type TimedEvent,
} from "./events";
import { outage, type DrillObservation } from "./observation";

/**
 * Splits a VM's downtime: detection is from the fault to HA declaring what is wrong, restart from there to the VM
 * restarted, boot from there to the service answering (the middle of its bounds). A VM that HA itself stopped, after that
 * declaration, was down for none of the detection. A part is undefined when one of its ends was not seen.
 *
 * @param seconds converts wall ms: Clock.seconds
 */
export function downtimeShares(
  seen: DrillObservation,
  ids: { host: string; vm: string },
  availability: VmAvailability,
  seconds: (wallMs: number) => number,
): DowntimeShares {
  const reset = vmResetEvent(seen.events, ids.vm)?.at;
  const declared = declaredEvent(seen, ids)?.at ?? reset;
  const restarted = vmRestartedEvent(seen.events, ids.vm)?.at ?? reset;
  const down = outage(availability, seen.faultSent);
  const stopped = down === undefined ? undefined : (down.startAfter + down.startBefore) / 2;
  const stoppedByHa = declared !== undefined && stopped !== undefined && stopped > declared;
  const answered = down?.endBefore === undefined ? undefined : (down.endAfter + down.endBefore) / 2;
  const span = (from: number | undefined, to: number | undefined): number | undefined =>
    from === undefined || to === undefined ? undefined : Math.max(0, seconds(to - from));
  return {
    detectionSeconds: stoppedByHa ? 0 : span(seen.faultConfirmed, declared),
    restartSeconds: span(stoppedByHa ? stopped : declared, restarted),
    bootSeconds: span(restarted, answered),
  };
}

/** HA says what is wrong: with the host, or with the VM's storage. */
function declaredEvent({ events }: DrillObservation, ids: { host: string; vm: string }): TimedEvent | undefined {
  return hostFailedEvent(events, ids.host) ?? hostIsolatedEvent(events, ids.host) ?? vmTerminatedEvent(events, ids.vm);
}
