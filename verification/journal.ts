import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { journalSchema } from "./journalSchema";
import type { Journal } from "./model";
import { CouldNotRun, messageOf } from "./problems";

/**
 * The record of a run, on disk ahead of what it records: save() ends when the file is on the medium, and a crash at any
 * moment leaves the old or the new content, never a half. So what must be undone is known after any death of the
 * process. Nothing here blocks the event loop, which probes while a slow disk writes.
 */
export class JournalFile {
  constructor(
    readonly path: string,
    readonly journal: Journal,
  ) {}

  /**
   * Makes sure that no word of what is still broken is lost: rejects with CouldNotRun where the file holds some, and writes
   * it where there is none yet. Resolves to what takes it away again.
   */
  async reserve(): Promise<() => Promise<void>> {
    if (!existsSync(this.path)) {
      await this.save();
      return () => rm(this.path, { force: true });
    }
    const { drills, load } = readJournal(this.path);
    if (load?.undo.done === false || drills.some(({ undo }) => !undo.done)) {
      throw new CouldNotRun(
        `${this.path} says that something is still broken: run vsphere-ha recover --config FILE --journal ${this.path}, ` +
          "or, if another run is under way, name another directory",
      );
    }
    return () => Promise.resolve();
  }

  /** Rejects with CouldNotRun when it cannot be written. */
  async save(): Promise<void> {
    const fresh = `${this.path}.new`;
    const directory = dirname(this.path);
    try {
      await mkdir(directory, { recursive: true });
      await flushed(fresh, "w", (file) => file.writeFile(`${JSON.stringify(this.journal, undefined, 2)}\n`));
      await rename(fresh, this.path);
      await flushed(directory, "r", () => Promise.resolve());
    } catch (error) {
      const reason = messageOf(error);
      throw new CouldNotRun(
        `cannot write the journal ${this.path}: ${reason}; free space there, or name another directory`,
      );
    }
  }
}

async function flushed(path: string, flags: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a journal; throws CouldNotRun when it is none. */
export function readJournal(path: string): Journal {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new CouldNotRun(`cannot read the journal ${path}: ${reason}; give the journal.json of a run`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CouldNotRun(`${path} is not JSON; give the journal.json of a run`);
  }
  const { success, error } = journalSchema.safeParse(value);
  // Checked as it was read, and given as it is: fields that a later version added stay.
  if (success) return value as Journal;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` (${issue.path.join(".")}: ${issue.message})`;
  throw new CouldNotRun(
    `${path} is no journal of schema version 1${where}; give the journal.json of a run of vsphere-ha`,
  );
}
