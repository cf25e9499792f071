import type { TimelineEntry } from "../model";

interface Noted {
  at: number;
  kind: TimelineEntry["kind"];
  text: string;
}

/** Collects what happened in a drill, in any order; instants are wall ms since the epoch. */
export class Timeline {
  readonly #noted: Noted[] = [];

  constructor(
    private readonly now: () => number,
    private readonly progress: (line: string) => void,
  ) {}

  /** Notes and tells the user. */
  say(kind: TimelineEntry["kind"], text: string): void {
    this.note(kind, text);
    this.progress(text);
  }

  note(kind: TimelineEntry["kind"], text: string, at = this.now()): void {
    this.#noted.push({ at, kind, text });
  }

  /** In order, with seconds since the fault. */
  entries(faultAt: number | undefined, seconds: (wallMs: number) => number): TimelineEntry[] {
    return [...this.#noted]
      .sort((a, b) => a.at - b.at)
      .map(({ at, kind, text }) => ({
        at: new Date(at).toISOString(),
        t: faultAt === undefined ? undefined : seconds(at - faultAt),
        kind,
        text,
      }));
  }
}
