import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Journal } from "./model";
import { CouldNotRun } from "./problems";

/**
 * The record of a run, on disk ahead of what it records: save() returns when the file is on the medium, and a crash at
 * any moment leaves the old or the new content, never a half. So what must be undone is known after any death of the
 * process.
 */
export class JournalFile {
  constructor(
    readonly path: string,
    readonly journal: Journal,
  ) {}

  /** Throws CouldNotRun when it cannot be written. */
  save(): void {
    const fresh = `${this.path}.new`;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      const file = openSync(fresh, "w", 0o644);
      try {
        writeSync(file, `${JSON.stringify(this.journal, undefined, 2)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(fresh, this.path);
      const directory = openSync(dirname(this.path), "r");
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CouldNotRun(
        `cannot write the journal ${this.path}: ${reason}; free space there, or name another --report`,
      );
    }
  }
}

/** Reads a journal; throws CouldNotRun when it is none. */
export function readJournal(path: string): Journal {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CouldNotRun(`cannot read the journal ${path}: ${reason}; give the journal.json of a run`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CouldNotRun(`${path} is not JSON; give the journal.json of a run`);
  }
  if (!isJournal(value)) {
    throw new CouldNotRun(`${path} is no journal of schema version 1; give the journal.json of a run of vsphere-ha`);
  }
  return value;
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== "object" || value === null) return false;
  const { schemaVersion, tool, target, checks, drills, means } = value as Record<string, unknown>;
  return (
    schemaVersion === 1 &&
    (tool as { name?: unknown } | undefined)?.name === "vsphere-ha" &&
    typeof target === "object" &&
    [checks, drills, means].every(Array.isArray)
  );
}
