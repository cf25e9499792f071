import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CouldNotRun, type Problem } from "../problems";
import { fileNames, type Files } from "./files";

/** What is in the way in that folder: nothing is written over. */
export function inTheWay(folder: string): Problem[] {
  const remedy = "name another folder with --out, or move it away";
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    return [{ path: "--out", value: folder, rule: "is a file, not a folder", remedy }];
  }
  return fileNames
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) => ({ path: "--out", value: path, rule: "is there already, and nothing is overwritten", remedy }));
}

/** Writes all files, or none. Throws CouldNotRun. */
export function writeAll(folder: string, files: Files): void {
  const written: string[] = [];
  let made: string | undefined;
  try {
    // The first folder that had to be made.
    made = mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      writeFileSync(path, text, { flag: "wx" });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path);
    if (made !== undefined) rmSync(made, { recursive: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CouldNotRun(`cannot write to ${folder}: ${reason}; nothing was written`);
  }
}
