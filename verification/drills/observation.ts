import type { DownInterval, Inventory, VmAvailability } from "../model";
import type { TimedEvent } from "./events";

/** All that was seen of one drill; what the verdict is computed from. Instants are wall ms since the epoch. */
export interface DrillObservation {
  /** When the power was asked to be cut, and when the BMC confirmed it: the fault lies between. */
  faultSent: number;
  faultConfirmed: number;
  /** The same of a second host, failed during the failover. */
  second?: { sent: number; confirmed: number } | undefined;
  /** When the host was given its power back; restarts after it prove nothing. */
  undone: number;
  /** By VM name, over the whole drill. */
  availability: ReadonlyMap<string, VmAvailability>;
  events: readonly TimedEvent[];
  /** Why events may be missing; undefined when all were read. */
  eventsMissing: string | undefined;
  /** Just before the power came back; undefined when vCenter did not answer. */
  failedOver: Inventory | undefined;
  /** At the end, the host back. */
  after: Inventory | undefined;
  /** How far the system clock was stepped against the monotonic one, in seconds of the Clock. */
  clockStepSeconds: number;
}

/**
 * The outage that the fault caused: from its first down interval to the end of its last one, so that a service that
 * comes and goes is back only when it stays. Undefined when the service was never seen down from the fault on.
 */
export function outage(availability: VmAvailability, faultSent: number): DownInterval | undefined {
  const intervals = availability.intervals.filter(({ endBefore }) => endBefore === undefined || endBefore > faultSent);
  const [first] = intervals;
  const last = intervals.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return { ...first, endAfter: last.endAfter, endBefore: last.endBefore };
}
