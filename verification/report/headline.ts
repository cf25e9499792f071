import { faultWords, isFaultKind, kindWords } from "../faults/words";
import type { DrillResult, Journal } from "../model";
import { deploymentText } from "./deployment";
import { capital, plural } from "./format";

/** What the run showed, in a sentence. */
export function headline(journal: Journal): string {
  const { drills, error, load, deployment } = journal;
  const told = [
    ...(deployment === undefined ? [] : [`stack ${deployment.stack}: ${deploymentText(deployment)}`]),
    ...(load === undefined ? [] : [load.summary]),
    ...(drills.length > 0 ? [drilled(journal)] : []),
    ...(deployment === undefined || drills.length > 0 ? [] : [checked(journal)]),
  ];
  if (told.length > 0) return told.map((text) => `${capital(text)}.`).join(" ");
  if (error !== undefined) return `${nothingDone(journal)}.`;
  return `${capital(checked(journal))}.`;
}

function checked({ checks, verdict }: Journal): string {
  const bad = checks.filter(
    (check) => check.severity === "error" && check.verdict !== "passed" && check.verdict !== "not-applicable",
  );
  if (verdict === "passed") return `${plural(checks.length, "check")}, and nothing in the way of a failover`;
  return `${plural(bad.length, "check")} of ${checks.length.toString()} did not pass`;
}

function drilled({ drills: all, checks, error }: Journal): string {
  // What was stopped before its fault broke nothing that could be counted.
  const drills = all.filter(({ verdict, faultAt }) => verdict !== "not-applicable" && faultAt !== undefined);
  const [spared] = all.filter((drill) => !drills.includes(drill));
  if (drills.length === 0 && spared !== undefined) return spared.summary;
  const kinds = [...new Set(drills.map(({ undo }) => undo.fault.kind))];
  const groups = kinds.map((kind) => drills.filter(({ undo }) => undo.fault.kind === kind));
  const done = groups.map(countText).join("; ");
  const failed = all.filter(({ verdict }) => verdict === "failed" || verdict === "inconclusive");
  if (failed.length > 0) {
    const names = failed.map(({ undo }) => faultWords(undo.fault)[kinds.length === 1 ? "subject" : "inLine"]);
    return `${done}; not as expected: ${[...new Set(names)].join(", ")}`;
  }
  const open = checks.filter((check) => check.verdict === "failed" && check.severity === "error");
  if (open.length > 0) return `${done} and recovered as expected, but ${plural(open.length, "check")} failed`;
  if (error !== undefined) return `${done} and recovered as expected; the run did not come to its end`;
  return groups
    .map((group, k) => {
      const each = group.length === 1 ? "and" : "one after the other, and each time";
      return `${countText(group)}, ${each} ${kindWords(kinds[k] ?? "host-power").shown}`;
    })
    .join("; ");
}

/** `2 hosts were failed, 3 times in all`: drills of one kind. */
function countText(group: readonly DrillResult[]): string {
  const kind = group[0]?.undo.fault.kind ?? "host-power";
  const subjects = new Set(group.map(({ undo }) => faultWords(undo.fault).subject)).size;
  const times = subjects < group.length ? `, ${group.length.toString()} times in all` : "";
  return `${kindWords(kind).counted(subjects)}${times}`;
}

/** Faults have the names of their drills, but for those of a host's power. */
function nothingDone({ command }: Journal): string {
  if (command === "load") return "No load was started";
  const drill = command.split(" ")[1] ?? "";
  return kindWords(isFaultKind(drill) ? drill : "host-power").none;
}
