import { existsSync, statSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { SetupError } from "./errors.mjs";

/**
 * Checks that every file system has room for what goes onto it.
 * @param {{ path: string, megabytes: number }[]} needs
 * @throws {SetupError} naming each file system that has too little
 */
export function checkSpace(needs) {
  /** @type {Map<number, { path: string, megabytes: number }>} */
  const bySystem = new Map();
  for (const { path, megabytes } of needs) {
    const there = existing(path);
    const { dev } = statSync(there);
    const known = bySystem.get(dev);
    bySystem.set(dev, { path: known?.path ?? there, megabytes: megabytes + (known?.megabytes ?? 0) });
  }
  const problems = [...bySystem.values()].flatMap(({ path, megabytes }) => {
    const { bavail, bsize } = statfsSync(path);
    const free = Math.floor((bavail * bsize) / 1e6);
    return free < megabytes ? [`the disk of ${path} has ${free} MB free, setup needs about ${megabytes} MB`] : [];
  });
  if (problems.length > 0) throw new SetupError([...problems, "free some space and run again"].join("\n"));
}

/**
 * The nearest folder above that exists.
 * @param {string} path
 */
function existing(path) {
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}
