import type { Expectation, Inventory, Verdict } from "../model";
import { CouldNotRun } from "../problems";
import type { DrillParts, Prober } from "./parts";
import type { DrillPlan } from "./plan";

/** Defaults of `stop` in the configuration, seconds of the Clock. */
const defaults = { vcenterSilentSeconds: 300, totalSeconds: 3600 };
/** Between two looks at the probes, and between two readings of vCenter; seconds of the Clock. */
const lookSeconds = 1;
const readSeconds = 10;
/** Of the time at most this share goes to readings: those of a large cluster take seconds. */
const readShare = 0.2;

/** A condition that ends a drill, and all that were to follow: what is broken is put back at once. */
export class Stopped extends CouldNotRun {
  override name = "Stopped";
  constructor(
    /** `failed` where it was seen that the drill did harm; `inconclusive` where nothing more can be seen. */
    readonly verdict: Extract<Verdict, "failed" | "inconclusive">,
    readonly reason: string,
    /** Wall ms since the epoch. */
    readonly at: number,
  ) {
    super(`stopped: ${reason}; what was broken is put back, and the rest is left alone`);
  }
}

interface Watched {
  id: string;
  name: string;
}

/**
 * Watches a drill from its beginning to its end, whatever it waits for: that no VM goes down which the fault is not to touch,
 * that vCenter answers, that it ends in time.
 */
export class StopConditions {
  readonly #controller = new AbortController();
  readonly #limits: Required<NonNullable<DrillParts["config"]["stop"]>>;
  readonly #began: number;
  readonly #end: () => void;
  #ended = false;
  #stopped: Stopped | undefined;
  #prober: Prober | undefined;
  #probed: ReadonlySet<string> = new Set();
  /** When each probed VM answered last. */
  readonly #answered = new Map<string, number>();
  #looked = 0;
  #running: readonly Watched[] = [];
  #broken = false;
  #blind = false;
  #reading = false;
  #nextReading: number;
  /** The first question to vCenter of those that have no answer. */
  #silentSince: number | undefined;
  #read: number;
  #readings = 0;

  /** @param told gets the reason at once */
  constructor(
    private readonly parts: Pick<DrillParts, "clock" | "vcenter" | "config" | "every">,
    private readonly told: (text: string) => void,
  ) {
    const { clock, config } = parts;
    this.#limits = { ...defaults, ...config.stop };
    this.#began = this.#read = clock.now();
    this.#nextReading = this.#began + clock.wallMs(readSeconds);
    this.#end = parts.every(clock.wallMs(lookSeconds), () => {
      this.#look();
    });
  }

  /** Aborts when one holds; its reason is the Stopped. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /** Nothing is broken yet: no VM that runs may go down. */
  watchAll({ vms }: Inventory, { targets }: Pick<DrillPlan, "targets">, prober: Prober): void {
    this.#prober = prober;
    this.#looked = 0;
    this.#answered.clear();
    this.#probed = new Set(targets.map(({ vm }) => vm.name));
    this.#running = vms.filter(
      ({ powerState, template, system }) => powerState === "poweredOn" && !template && !system,
    );
  }

  /** From now on the fault may take down what it is to take down; all others may not notice. */
  faultBegins({ affected, expected, unseen }: Pick<DrillPlan, "affected" | "expected" | "unseen">): void {
    this.#look();
    this.#broken = true;
    this.#blind = unseen === true;
    const hit = new Set(affected.map(({ vm }) => vm.id));
    this.#running = this.#running.filter(({ id }) => !hit.has(id));
    this.#probed = new Set(expected.flatMap(({ kind, vm }) => (kind === "vm-undisturbed" && vm ? [vm.name] : [])));
  }

  /** vCenter, which was silent on purpose, is asked again. */
  vcenterIsBack(): void {
    this.#blind = false;
    this.#silentSince = undefined;
  }

  /** Ends the watch, after a look at the last samples. Safe to repeat. */
  end(): void {
    if (!this.#ended) this.#lookAtProbes();
    this.#ended = true;
    this.#end();
  }

  /** What became of it, among the expectations of the drill. */
  expectation(): Expectation {
    const { clock } = this.parts;
    const lasted = clock.seconds(clock.now() - this.#began).toFixed(0);
    return {
      ...stopStatement(this.#limits),
      verdict: this.#stopped?.verdict ?? "passed",
      seen:
        this.#stopped?.reason ??
        `${this.#running.length.toString()} other VMs ran in each of ${this.#readings.toString()} readings of vCenter; it lasted ${lasted} s`,
    };
  }

  #look(): void {
    if (this.#stopped !== undefined) return;
    const { clock } = this.parts;
    const now = clock.now();
    this.#lookAtProbes();
    const { totalSeconds, vcenterSilentSeconds } = this.#limits;
    if (clock.seconds(now - this.#began) > totalSeconds) {
      this.#stop(
        "inconclusive",
        `the drill has lasted longer than ${totalSeconds.toString()} s (stop.totalSeconds), since ${instant(this.#began)}`,
      );
    }
    if (this.#blind) return;
    if (this.#silentSince !== undefined && clock.seconds(now - this.#silentSince) > vcenterSilentSeconds) {
      this.#stop(
        "inconclusive",
        `vCenter has not answered for ${vcenterSilentSeconds.toString()} s (stop.vcenterSilentSeconds), since ` +
          `${instant(this.#silentSince)}: what the drill does to the cluster cannot be seen`,
      );
    }
    if (!this.#reading && now >= this.#nextReading) void this.#readVcenter(now);
  }

  #lookAtProbes(): void {
    const { samples } = this.#prober ?? { samples: [] };
    for (; this.#looked < samples.length; this.#looked++) {
      const sample = samples[this.#looked];
      if (sample === undefined || sample.outcome === "lost") continue;
      const { vm, outcome, sent, done } = sample;
      const before = this.#answered.get(vm);
      if (outcome === "up") this.#answered.set(vm, sent);
      // What never answered did not go down.
      else if (before !== undefined && this.#probed.has(vm)) {
        this.#harm([vm], `it answered at ${instant(before)}, and no more at ${instant(done)}`);
      }
    }
  }

  /** In the background: a vCenter that is silent holds up nobody. */
  async #readVcenter(asked: number): Promise<void> {
    const { clock, vcenter } = this.parts;
    this.#reading = true;
    this.#silentSince ??= asked;
    try {
      const { vms } = await vcenter.inventory();
      this.#silentSince = undefined;
      const down = this.#running.filter(({ id }) => {
        const now = vms.find((vm) => vm.id === id);
        return now !== undefined && now.powerState !== "poweredOn";
      });
      const names = down.map(({ name }) => name);
      if (names.length > 0) {
        this.#harm(names, `vCenter showed it running at ${instant(this.#read)}, and off at ${instant(clock.now())}`);
      }
      this.#read = asked;
      this.#readings++;
      const now = clock.now();
      this.#nextReading = Math.max(asked + clock.wallMs(readSeconds), now + (now - asked) / readShare);
    } catch (error) {
      this.#nextReading = asked + clock.wallMs(readSeconds);
      if (!(error instanceof CouldNotRun)) this.#controller.abort(error);
    }
    this.#reading = false;
  }

  #harm(names: readonly string[], seen: string): void {
    const innocent = this.#broken
      ? "had nothing to do with what was broken"
      : "nothing was broken yet: VMs were being moved, or left alone";
    this.#stop("failed", `${names.join(", ")} went down, and ${innocent}; ${seen}`);
  }

  #stop(verdict: Stopped["verdict"], reason: string): void {
    if (this.#stopped !== undefined || this.#ended) return;
    this.#stopped = new Stopped(verdict, reason, this.parts.clock.now());
    this.told(`stopped: ${reason}`);
    this.#controller.abort(this.#stopped);
  }
}

/** What every drill is judged by beside its own expectations. */
export function stopStatement(stop: DrillParts["config"]["stop"]): Pick<Expectation, "id" | "statement" | "basis"> {
  const { vcenterSilentSeconds, totalSeconds } = { ...defaults, ...stop };
  return {
    id: "not-stopped",
    statement:
      `no other VM goes down, vCenter is not silent for ${vcenterSilentSeconds.toString()} s, and all is over within ` +
      `${totalSeconds.toString()} s`,
    basis: "what stops a drill at once, in whatever phase (stop in the configuration)",
  };
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
