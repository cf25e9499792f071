import { setTimeout as sleep } from "node:timers/promises";

/**
 * Converts wall time to the seconds that users read. On real hardware both are the same; a simulated vCenter runs
 * `scale` times faster. No other place knows the scale.
 */
export class Clock {
  /** @param scale seconds of this clock that pass in one second of wall time; 1 on real hardware */
  constructor(readonly scale = 1) {
    if (!(scale > 0) || !Number.isFinite(scale)) throw new RangeError(`time scale ${String(scale)} is not positive`);
  }

  /** Seconds of this clock in a span of wall milliseconds. */
  seconds(wallMs: number): number {
    return (wallMs / 1000) * this.scale;
  }

  /** Wall milliseconds in a span of seconds of this clock. */
  wallMs(seconds: number): number {
    return (seconds * 1000) / this.scale;
  }

  /** Wall milliseconds since the epoch, from the monotonic clock: a stepped system clock does not move it. */
  now(): number {
    return performance.timeOrigin + performance.now();
  }

  /** Waits so many seconds of this clock; rejects with the signal's reason when it aborts. */
  async wait(seconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await sleep(Math.max(0, this.wallMs(seconds)), undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
