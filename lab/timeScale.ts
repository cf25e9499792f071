import { InvalidArgumentError } from "commander";

/** Reads `--time-scale`: lab seconds in one second. */
export function timeScale(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 10_000)) throw new InvalidArgumentError("It must lie between 0.1 and 10000.");
  return value;
}
