import type { Expectation } from "../model";
import type { DrillObservation } from "./observation";

/** What became of an expectation. */
export type Judged = Pick<Expectation, "verdict" | "seen">;

export const passed = (seen: string): Judged => ({ verdict: "passed", seen });
export const failed = (seen: string): Judged => ({ verdict: "failed", seen });
export const inconclusive = (seen: string): Judged => ({ verdict: "inconclusive", seen });

/** A missing event is a failure only when all events were read. */
export function missingEvent(seen: DrillObservation, text: string): Judged {
  if (seen.eventsMissing !== undefined) return inconclusive(`events are missing: ${seen.eventsMissing}`);
  return failed(text);
}

/** A measured time between two bounds against its limit. */
export function within(early: number, late: number, limit: number, text: string): Judged {
  const line = `${text}; expected ${one(limit)} s`;
  if (early > limit) return failed(line);
  return late <= limit ? passed(line) : inconclusive(`${line}, which lies between the bounds`);
}

export function range(lower: number, upper: number): string {
  return `${one(lower)} to ${one(upper)} s`;
}

export function one(value: number): string {
  return value.toFixed(1);
}
