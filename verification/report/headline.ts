import type { Journal } from "../model";
import { plural } from "./format";

/** What the run showed, in a sentence. */
export function headline({ drills, checks, verdict, error }: Journal): string {
  if (drills.length > 0) {
    const failed = drills.filter((drill) => drill.verdict !== "passed");
    const hosts = new Set(drills.map(({ host }) => host)).size;
    const times = hosts < drills.length ? `, ${drills.length.toString()} times in all` : "";
    const lost = `${plural(hosts, "host")} ${hosts === 1 ? "was" : "were"} failed${times}`;
    if (failed.length > 0)
      return `${lost}; not as expected: ${[...new Set(failed.map(({ host }) => host))].join(", ")}.`;
    const open = checks.filter((check) => check.verdict === "failed" && check.severity === "error");
    if (open.length > 0) return `${lost} and recovered as expected, but ${plural(open.length, "check")} failed.`;
    if (error !== undefined) return `${lost} and recovered as expected; the run did not come to its end.`;
    const each = drills.length === 1 ? "and" : "one after the other, and each time";
    return `${lost}, ${each} HA brought the guests back within the time that the settings promise.`;
  }
  if (error !== undefined) return "No host was failed.";
  const bad = checks.filter(
    (check) => check.severity === "error" && check.verdict !== "passed" && check.verdict !== "not-applicable",
  );
  if (verdict === "passed") return `${plural(checks.length, "check")}, and nothing in the way of a failover.`;
  return `${plural(bad.length, "check")} of ${checks.length.toString()} did not pass.`;
}
