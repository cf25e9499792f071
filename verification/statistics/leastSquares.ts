import type { Bounds } from "../model";
import { confidence } from "./estimate";
import { studentT } from "./studentT";

export interface Point {
  x: number;
  y: number;
}

/** The straight line nearest to some points, by least squares of y. */
export interface Line {
  slope: number;
  intercept: number;
  /** 95 % interval of the slope, by Student's t; undefined of two points, which every line fits. */
  interval: Bounds | undefined;
  /** How many points. */
  n: number;
}

/** Undefined where no line is determined: fewer than two different x. */
export function leastSquares(points: readonly Point[]): Line | undefined {
  const n = points.length;
  const [first] = points;
  if (first === undefined || points.every(({ x }) => x === first.x)) return undefined;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const sum = (of: (dx: number, dy: number) => number): number =>
    points.reduce((total, { x, y }) => total + of(x - meanX, y - meanY), 0);
  const spread = sum((dx) => dx * dx);
  const slope = sum((dx, dy) => dx * dy) / spread;
  const line = { slope, intercept: meanY - slope * meanX, n };
  if (n < 3) return { ...line, interval: undefined };
  const residual = sum((dx, dy) => (dy - slope * dx) ** 2);
  const half = studentT(confidence, n - 2) * Math.sqrt(residual / (n - 2) / spread);
  return { ...line, interval: { lower: slope - half, upper: slope + half } };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
