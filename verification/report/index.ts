import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { JournalFile } from "../journal";
import type { Journal } from "../model";
import { CouldNotRun, messageOf } from "../problems";
import { junitXml } from "./junit";
import type * as Page from "./page";
import { summaryMarkdown } from "./summary";

export { printSummary } from "./terminal";

/**
 * Writes journal.json, junit.xml, summary.md and index.html into a directory, which is made if need be.
 *
 * @throws CouldNotRun when it cannot be written
 *
 * @example
 * ```ts
 * import { readJournal, writeReport } from "vsphere-ha/verification";
 *
 * void writeReport(readJournal("report/journal.json"), "public");
 * ```
 */
export async function writeReport(journal: Journal, dir: string): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- as late as this: it loads what draws charts
  const { page } = require("./page") as typeof Page;
  const files = { "junit.xml": junitXml(journal), "summary.md": summaryMarkdown(journal), "index.html": page(journal) };
  // Makes the directory.
  await new JournalFile(join(dir, "journal.json"), journal).save();
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  } catch (error) {
    const reason = messageOf(error);
    throw new CouldNotRun(`cannot write the report to ${dir}: ${reason}; name a directory that can be written`);
  }
}
