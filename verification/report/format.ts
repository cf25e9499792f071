import type { Bounds, Verdict } from "../model";

/** `95.79–95.82 %`; one figure where both bounds are written the same. */
export function percent({ lower, upper }: Bounds): string {
  return `${bounds(lower, upper, 2)} %`;
}

/** `151.2–152.2 s`. */
export function duration({ lower, upper }: Bounds): string {
  return `${bounds(lower, upper, 1)} s`;
}

export function seconds(value: number | undefined): string {
  return value === undefined ? "not seen" : `${value.toFixed(1)} s`;
}

function bounds(lower: number, upper: number, digits: number): string {
  const [from, to] = [lower.toFixed(digits), upper.toFixed(digits)];
  return from === to ? from : `${from}–${to}`;
}

export const verdictWord: Record<Verdict, string> = {
  passed: "Passed",
  failed: "Failed",
  inconclusive: "Inconclusive",
  "not-applicable": "Not applicable",
};

/** `2026-01-31 12:05:09 UTC`. */
export function instant(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}

/** How the durations of a journal are to be read; undefined where they are those of the wall clock. */
export function scaleNote(timeScale: number): string | undefined {
  if (timeScale === 1) return undefined;
  return (
    `Time ran ${timeScale.toString()} times faster than the clock on the wall: all durations are lab seconds, ` +
    `wall seconds × ${timeScale.toString()}.`
  );
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toString()} ${count === 1 ? one : many}`;
}

/** As a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
