import { Clock } from "../../../verification/clock";

/** A clock that stands still until someone waits by it: minutes pass at once, and are told. */
export class ManualClock extends Clock {
  /** Wall ms since the epoch. */
  time = Date.parse("2026-01-01T00:00:00Z");
  /** Runs at the end of each wait. */
  afterWait: (() => void) | undefined;
  readonly #start = this.time;

  /** Seconds of this clock that have passed since its making. */
  get elapsed(): number {
    return this.seconds(this.time - this.#start);
  }

  override now(): number {
    return this.time;
  }

  override wait(seconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.time += this.wallMs(seconds);
    this.afterWait?.();
    return Promise.resolve();
  }
}
