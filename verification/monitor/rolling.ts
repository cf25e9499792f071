import type { Bounds } from "../model";
import type { Sample } from "../probes/sample";

/** Parts of a window that are kept: it moves on by such a part, and its memory never grows. */
const parts = 60;

interface Part {
  /** Which stretch of time, counted from the epoch. */
  number: number;
  up: number;
  down: number;
}

/** Proved up and down times of one service in the last stretch of time; what is neither is not known. */
class RollingWindow {
  readonly #part: number;
  readonly #ring: Part[] = Array.from({ length: parts + 1 }, () => ({ number: -1, up: 0, down: 0 }));

  constructor(
    readonly length: number,
    private readonly begun: number,
  ) {
    this.#part = length / parts;
  }

  add(from: number, to: number, state: "up" | "down"): void {
    for (let at = from; at < to;) {
      const number = Math.floor(at / this.#part);
      const end = Math.min(to, (number + 1) * this.#part);
      const index = number % this.#ring.length;
      const part = this.#ring[index];
      if (part?.number !== number) this.#ring[index] = { number, up: 0, down: 0, [state]: end - at };
      else part[state] += end - at;
      // At a part's very edge rounding may leave nothing: the next one begins all the same.
      at = end > at ? end : (number + 1) * this.#part;
    }
  }

  /** Whole parts, and the one that is under way. */
  state(now: number): Availability {
    const last = Math.floor(now / this.#part);
    const from = Math.max(this.begun, (last - parts) * this.#part);
    const kept = this.#ring.filter(({ number }) => number >= last - parts && number <= last);
    const sum = (pick: (part: Part) => number): number => kept.reduce((total, part) => total + pick(part), 0);
    const length = Math.max(0, now - from);
    if (length === 0) return { share: { lower: 0, upper: 1 }, length };
    const within = (share: number): number => Math.min(1, Math.max(0, share));
    const lower = within(sum(({ up }) => up) / length);
    return { share: { lower, upper: Math.max(lower, within(1 - sum(({ down }) => down) / length)) }, length };
  }
}

export interface Availability {
  /** 0 to 1: proved, and not disproved. */
  share: Bounds;
  /** How much of the window has passed since the beginning, wall ms. */
  length: number;
}

/**
 * What observe() tells of a whole run, told on and on: availability over windows that move with time, in memory that does
 * not grow.
 */
export class RollingAvailability {
  readonly #windows: RollingWindow[];
  #previous: { sent: number; done: number; outcome: "up" | "down" } | undefined;
  /** Up to here it is settled what was. */
  #settled: number;
  #downMs = 0;

  /**
   * @param lengths of the windows, wall ms
   * @param resolution longest span (wall ms) from the sending of a sample to the end of the next one over which the state
   *   is taken as known
   * @param begun wall ms since the epoch
   */
  constructor(
    lengths: readonly number[],
    private readonly resolution: number,
    begun: number,
  ) {
    this.#windows = lengths.map((length) => new RollingWindow(length, begun));
    this.#settled = begun;
  }

  /** Samples of one service in the order in which they were sent; lost ones tell nothing. */
  add({ sent, done, outcome }: Sample): void {
    if (outcome === "lost" || done < sent) return;
    const before = this.#previous;
    if (before !== undefined && sent < before.done) return; // They do not tell which came first.
    this.#previous = { sent, done, outcome };
    if (before === undefined) {
      // From the window's beginning nothing was known.
      this.#settled = done;
      return;
    }
    const known = before.outcome === outcome && done - before.sent <= this.resolution;
    if (known && sent > this.#settled) this.#settle(sent, outcome);
    // An edge, or too long without evidence: what was between is not known.
    if (!known) this.#settled = Math.max(this.#settled, done);
  }

  #settle(to: number, state: "up" | "down"): void {
    for (const window of this.#windows) window.add(this.#settled, to, state);
    if (state === "down") this.#downMs += to - this.#settled;
    this.#settled = to;
  }

  /** Of each window, in their order. @param now wall ms since the epoch */
  availability(now: number): Availability[] {
    return this.#windows.map((window) => window.state(now));
  }

  /** Proved downtime since the beginning, wall ms. */
  get downMs(): number {
    return this.#downMs;
  }

  get isUp(): boolean | undefined {
    return this.#previous && this.#previous.outcome === "up";
  }
}
