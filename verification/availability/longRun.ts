import type { Bounds } from "../model";

/**
 * Share of a long time in which a VM is up, in percent: MTBF / (MTBF + MTTR), where its host fails every `mtbfHours` on
 * average and each failure costs it the time to restore. Bounds exchange: more downtime is less availability.
 *
 * @param restoreSeconds mean time to restore, seconds, 0 or more
 * @param mtbfHours mean time between failures of one host, above 0
 */
export function longRunAvailability(restoreSeconds: Bounds, mtbfHours: number): Bounds {
  if (!(mtbfHours > 0) || !Number.isFinite(mtbfHours)) throw new RangeError(`MTBF of ${mtbfHours.toString()} h`);
  const up = mtbfHours * 3600;
  const share = (seconds: number): number => 100 * (up / (up + Math.max(0, seconds)));
  return { lower: share(restoreSeconds.upper), upper: share(restoreSeconds.lower) };
}

/** How many nines a percentage begins with, as a real number: 3 for 99.9, 2.3 for 99.5; infinite for 100. */
export function nines(percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`${percent.toString()} is no percentage`);
  // Not 1 - x: 99.9 / 100 is no binary fraction.
  return percent === 0 ? 0 : -Math.log10((100 - percent) / 100);
}
