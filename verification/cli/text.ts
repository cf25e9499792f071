import { styleText } from "node:util";
import { verdictOf } from "../checks";
import type { CheckResult, Verdict } from "../model";

/** Paints a verdict where colours are wanted; plain elsewhere. */
export type Paint = (verdict: Verdict | "warning", text: string) => string;

export const plain: Paint = (_, text) => text;

/** Colours on a terminal only, and not where NO_COLOR asks for none (https://no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): Paint {
  const noColor = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  if (stream.isTTY !== true || noColor || env.TERM === "dumb") return plain;
  const colours = {
    passed: "green",
    failed: "red",
    warning: "yellow",
    inconclusive: "yellow",
    "not-applicable": "gray",
  } as const;
  return (verdict, text) => styleText(colours[verdict], text, { validateStream: false });
}

/** Findings that are told for one check; the rest is in the JSON. */
const shownFindings = 10;

const words: Record<Verdict, string> = {
  passed: "passed",
  failed: "FAILED",
  inconclusive: "UNKNOWN",
  "not-applicable": "n/a",
};

/** One line a check. */
export function checkLines(results: readonly CheckResult[], paint: Paint): string[] {
  return results.map((result) => {
    const word = result.verdict === "failed" && result.severity === "warning" ? "warning" : words[result.verdict];
    const colour = word === "warning" ? word : result.verdict;
    return `  ${paint(colour, word.padEnd(7))} ${result.title}: ${result.read}`;
  });
}

/** Counts by verdict: `20 passed, 1 failed, 1 warning`. */
export function tally(results: readonly CheckResult[]): string {
  const count = (verdict: Verdict, severity: CheckResult["severity"]): number => {
    return results.filter((result) => result.verdict === verdict && result.severity === severity).length;
  };
  const both = (verdict: Verdict): number => count(verdict, "error") + count(verdict, "warning");
  const parts: [number, string][] = [
    [both("passed"), "passed"],
    [count("failed", "error"), "failed"],
    [count("failed", "warning"), count("failed", "warning") === 1 ? "warning" : "warnings"],
    [both("inconclusive"), "inconclusive"],
    [both("not-applicable"), "not applicable"],
  ];
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number.toString()} ${word}`);
  return told.join(", ");
}

/** What did not pass, unread things included, with reasons and remedies; stands alone in another tool's error message. */
export function failureText(results: readonly CheckResult[], cluster: string, command = "check"): string | undefined {
  if (verdictOf(results) === "passed") return undefined;
  const open = results.filter(isOpen);
  const head = `vsphere-ha ${command}: failed on cluster ${cluster}: ${tally(results)}`;
  if (open.length === 0) return `${head}\nNo check had an object: declare hosts, VMs or settings.`;
  return [head, ...open.flatMap(failedCheck)].join("\n");
}

function isOpen({ severity, verdict }: CheckResult): boolean {
  return severity === "error" && (verdict === "failed" || verdict === "inconclusive");
}

function failedCheck({ id, title, verdict, findings, read, why, remedy }: CheckResult): string[] {
  const shown = findings.slice(0, shownFindings);
  const more = findings.length - shown.length;
  return [
    `- ${id} (${verdict}): ${title}: ${read}`,
    ...shown.map((finding) => `    ${finding.subject}: read ${finding.read}; expected ${finding.expected}`),
    ...(more > 0 ? [`    … and ${more.toString()} more`] : []),
    `    why: ${why}`,
    `    remedy: ${remedy}`,
  ];
}
