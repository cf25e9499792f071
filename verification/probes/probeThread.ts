import { once } from "node:events";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Clock } from "../clock";
import { CouldNotRun } from "../problems";
import { monotonicMs } from "./monotonic";
import type { Sample } from "./sample";
import { SampleLog } from "./sampleLog";
import type { ProbeTarget, ProbeTiming } from "./schedule";

/** What the thread is given. */
export interface ProbeOrder {
  targets: readonly ProbeTarget[];
  timing: ProbeTiming;
  /** What the monotonic clock needs to become wall ms since the epoch. */
  epoch: number;
}

export type ToProbes = "start" | "stop";
export type FromProbes = "ready" | "stopped" | { samples: Sample[] };

/** TypeScript where it runs from its sources, JavaScript where it was compiled. */
const extension = extname(__filename);
const loader = extension === ".ts" ? ["--require", "tsx/cjs"] : [];

/** A ProbeSchedule in a thread of its own. */
export class ProbeThread {
  readonly #log = new SampleLog();
  /** Resolves after stop(); rejects when the thread dies. */
  readonly ended: Promise<void>;
  #stopping = false;

  private constructor(
    private readonly worker: Worker,
    told: ((sample: Sample) => void) | undefined,
  ) {
    const add =
      told ??
      ((sample: Sample): void => {
        this.#log.add(sample);
      });
    this.ended = new Promise((resolve, reject) => {
      worker.on("message", (message: FromProbes) => {
        if (message === "stopped") resolve();
        else if (message !== "ready") for (const sample of message.samples) add(sample);
      });
      worker.once("error", reject);
      worker.once("exit", (code) => {
        reject(new CouldNotRun(`the thread that probes ended by itself, with code ${code.toString()}; run again`));
      });
    });
    // Told by stop(); until then nobody waits for it.
    this.ended.catch(() => undefined);
  }

  /**
   * Resolves when the thread is ready to start.
   *
   * @param told gets each sample, and none is kept; absent: all are kept for stop()
   */
  static async create(
    targets: readonly ProbeTarget[],
    timing: ProbeTiming,
    clock: Pick<Clock, "now">,
    told?: (sample: Sample) => void,
  ): Promise<ProbeThread> {
    const workerData: ProbeOrder = { targets, timing, epoch: clock.now() - monotonicMs() };
    const worker = new Worker(join(__dirname, `worker${extension}`), { workerData, execArgv: loader });
    const thread = new ProbeThread(worker, told);
    await once(worker, "message");
    return thread;
  }

  /** Begins; the first probe is due now. */
  start(): void {
    this.#tell("start");
  }

  /** Sends no more probes, waits for those under way, and gives all samples; rejects when the thread had died. */
  async stop(): Promise<readonly Sample[]> {
    if (!this.#stopping) this.#tell("stop");
    this.#stopping = true;
    await this.ended;
    await this.worker.terminate();
    return this.#log.samples;
  }

  /** The newest sample of a VM that proved something. */
  last(vm: string): Sample | undefined {
    return this.#log.last(vm);
  }

  /** Samples so far. */
  get samples(): readonly Sample[] {
    return this.#log.samples;
  }

  #tell(order: ToProbes): void {
    this.worker.postMessage(order);
  }
}
