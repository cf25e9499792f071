import type { Sample } from "./sample";
import { connectTcp, type TcpOutcome } from "./tcp";

export interface ProbeTarget {
  vm: string;
  address: string;
  port: number;
}

/** Wall ms. */
export interface ProbeTiming {
  /** The k-th probe of a target is due at its start + k · period. */
  period: number;
  /** No answer this long after sending: down. */
  timeout: number;
  /** A probe that ended later than this after it was due is lost: this process was late or paused. */
  limit: number;
}

/**
 * Timing that makes every edge known within one interval. An edge lies between the sending of one sample and the end of
 * the next (see observe()), so at most period + limit apart: together they are the interval. Three probes an interval,
 * so that a single lost one leaves no gap, and a time limit of one period, so that probes of a dead host do not overlap.
 *
 * @param interval wall ms
 */
export function probeTiming(interval: number): ProbeTiming {
  return { period: interval / 3, timeout: interval / 3, limit: (interval * 2) / 3 };
}

/** How the schedule asks a target; replaced in tests. */
export type Ask = (target: ProbeTarget, timeoutMs: number) => Promise<TcpOutcome>;

const askTcp: Ask = ({ address, port }, timeoutMs) => connectTcp(address, port, timeoutMs);

/**
 * Probes all targets from one timer, on a schedule fixed at the start: whatever happened to a probe, the next ones are
 * due when they were. Targets are spread evenly over the period.
 */
export class ProbeSchedule {
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #start = 0;
  /** Number of the next probe, counted over all targets. */
  #next = 0;

  /**
   * @param now wall ms since the epoch, monotonic: Clock.now
   * @param told gets each sample when it has ended
   */
  constructor(
    private readonly targets: readonly ProbeTarget[],
    private readonly timing: ProbeTiming,
    private readonly now: () => number,
    private readonly told: (sample: Sample) => void,
    private readonly ask: Ask = askTcp,
  ) {}

  /** Begins; the first probe is due now. */
  start(): void {
    this.#start = this.now();
    this.#arm();
  }

  /** Sends no more probes, and waits for those under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.#open);
  }

  #due(): number {
    return this.#start + (this.#next * this.timing.period) / this.targets.length;
  }

  #arm(): void {
    if (this.targets.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#sendDue();
        this.#arm();
      },
      Math.max(0, this.#due() - this.now()),
    );
  }

  #sendDue(): void {
    // What comes due meanwhile has its own turn: where sending takes longer than a probe's share of the period, answers
    // would never be read.
    const now = this.now();
    for (let due = this.#due(); due <= now; due = this.#due()) {
      const target = this.targets[this.#next % this.targets.length];
      this.#next += 1;
      if (target !== undefined) this.#send(target, due);
    }
  }

  #send(target: ProbeTarget, due: number): void {
    const sent = this.now();
    if (sent - due > this.timing.limit) {
      this.told({ vm: target.vm, due, sent, done: sent, outcome: "lost" });
      return;
    }
    const probe = this.ask(target, this.timing.timeout).then((answer) => {
      const done = this.now();
      const outcome = answer === "up" ? "up" : answer === "unknown" ? "lost" : "down";
      this.told({ vm: target.vm, due, sent, done, outcome: done - due <= this.timing.limit ? outcome : "lost" });
    });
    this.#open.add(probe);
    void probe.finally(() => this.#open.delete(probe));
  }
}
