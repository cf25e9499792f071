import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../lab/lab";

/**
 * Calls of any client that the lab's vCenter had no answer to (lab/vcenter/callrecord). With VSPHERE_HA_KEEP_CALLS the
 * log of all calls is kept in that folder, for the record of calls.
 */
export function unansweredCalls(lab: Lab): string[] {
  const log = join(lab.dir, "vcenter", "calls.jsonl");
  const keep = process.env.VSPHERE_HA_KEEP_CALLS;
  if (keep !== undefined) copyFileSync(log, join(keep, `${lab.name}.jsonl`));
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { call: string; answer: string })
    .filter(({ answer }) => answer === "not implemented" || answer === "crashed")
    .map(({ call, answer }) => `${call}: ${answer}`);
}
