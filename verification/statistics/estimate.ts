import type { Bounds } from "../model";
import { studentT } from "./studentT";

/** How sure every interval of a report is. */
export const confidence = 0.95;

/** A mean of repeated measurements. */
export interface Estimate {
  mean: number;
  /** 95 % interval of the mean, by Student's t; undefined where there is one value only. */
  interval: Bounds | undefined;
  /** How many values. */
  n: number;
}

/** Undefined of no values. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, interval: undefined, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentT(confidence, n - 1) * Math.sqrt(variance / n);
  return { mean, interval: { lower: mean - half, upper: mean + half }, n };
}

/**
 * 95 % interval of the mean of values of which only bounds are known: from the lower end of the lower bounds' interval to
 * the upper end of the upper bounds'. Undefined of fewer than two.
 */
export function intervalOfBounds(bounds: readonly Bounds[]): Bounds | undefined {
  const lower = estimate(bounds.map((one) => one.lower))?.interval;
  const upper = estimate(bounds.map((one) => one.upper))?.interval;
  return lower && upper && { lower: lower.lower, upper: upper.upper };
}
