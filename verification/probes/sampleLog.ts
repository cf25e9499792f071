import type { Sample } from "./sample";

/** Samples in the order in which they ended, and the newest of each VM. */
export class SampleLog {
  readonly #all: Sample[] = [];
  readonly #last = new Map<string, Sample>();

  add(sample: Sample): void {
    this.#all.push(sample);
    if (sample.outcome === "lost") return;
    const last = this.#last.get(sample.vm);
    if (last === undefined || last.sent <= sample.sent) this.#last.set(sample.vm, sample);
  }

  /** The newest sample of a VM that proved something. */
  last(vm: string): Sample | undefined {
    return this.#last.get(vm);
  }

  get samples(): readonly Sample[] {
    return this.#all;
  }
}
