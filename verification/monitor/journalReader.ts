import { stat } from "node:fs/promises";
import { readJournal } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun } from "../problems";

/** Reads a journal anew when its file has changed; one that cannot be read is told once. No file, or none yet: undefined. */
export function journalReader(
  file: string | undefined,
  progress: (line: string) => void,
): () => Promise<Journal | undefined> {
  let read: { changed: number; journal: Journal | undefined } | undefined;
  return async () => {
    if (file === undefined) return undefined;
    const changed = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (changed === undefined) return undefined;
    if (read?.changed === changed) return read.journal;
    try {
      read = { changed, journal: readJournal(file) };
    } catch (error) {
      if (!(error instanceof CouldNotRun)) throw error;
      progress(error.message);
      read = { changed, journal: undefined };
    }
    return read.journal;
  };
}
