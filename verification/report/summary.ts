import { faultWords } from "../faults/words";
import type { Finding, Journal } from "../model";
import { cloudMarkdown, drillTitle, observationTable, viewTable } from "./cloud";
import { deploymentMarkdown } from "./deployment";
import { escapeMarkdown } from "./escape";
import { scaleNote, verdictWord } from "./format";
import { headline } from "./headline";
import { loadMarkdown } from "./loadTables";
import { matrix } from "./matrix";

/** Markdown for a pipeline's summary page. */
export function summaryMarkdown(journal: Journal): string {
  const { verdict, target, command, simulated, timeScale, error } = journal;
  const scale = scaleNote(timeScale);
  const lines = [
    `# ${verdictWord[verdict]}: vsphere-ha ${escapeMarkdown(command)} on ${escapeMarkdown(target.cluster)}`,
    "",
    escapeMarkdown(headline(journal)),
    "",
    ...(error === undefined ? [] : [`**The run ended early:** ${escapeMarkdown(error)}`, ""]),
    ...(simulated.length === 0 ? [] : [`**Simulated:** ${escapeMarkdown(simulated.join("; "))}.`, ""]),
    ...(scale === undefined ? [] : [escapeMarkdown(scale), ""]),
    ...(journal.deployment === undefined ? [] : deploymentMarkdown(journal.deployment)),
    ...(journal.drills.length === 0 ? [] : [...matrixTable(journal), ""]),
    ...loadMarkdown(journal),
    ...cloudSections(journal),
    ...open(journal),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function matrixTable(journal: Journal): string[] {
  const { head: first, guests, rows } = matrix(journal);
  const head = [first, ...guests.map(({ title, note }) => `${title}, ${note}`), "Verdict"];
  const body = rows.map(({ label, notes, cells, verdict }) => [
    `${label} (${notes.join(", ")})`,
    ...cells.map((lines) => lines.join(", ")),
    verdict === undefined ? "" : verdictWord[verdict],
  ]);
  return [
    "## Availability, guest × host",
    "",
    row(head),
    row(
      head.map(() => "---"),
      false,
    ),
    ...body.map((cells) => row(cells)),
  ];
}

function row(cells: readonly string[], escape = true): string {
  return `| ${cells.map((text) => (escape ? escapeMarkdown(text) : text)).join(" | ")} |`;
}

function cloudSections({ openstack, drills }: Journal): string[] {
  return [
    ...(openstack === undefined ? [] : cloudMarkdown("OpenStack beside vCenter", viewTable(openstack))),
    ...drills.flatMap((drill) => {
      if (drill.openstack === undefined) return [];
      const title = `OpenStack beside vCenter: ${drillTitle(drill)}`;
      return cloudMarkdown(title, observationTable(drill.openstack, drill));
    }),
  ];
}

/** Everything that did not pass. */
function open({ drills, checks, load }: Journal): string[] {
  const underLoad = (load?.expectations ?? [])
    .filter(({ verdict }) => verdict !== "passed" && verdict !== "not-applicable")
    .map(({ statement, seen, verdict }) => `- ${verdictWord[verdict]}, load: ${statement}. Seen: ${seen}`);
  const expectations = drills.flatMap((drill) =>
    drill.expectations
      .filter(({ verdict }) => verdict !== "passed" && verdict !== "not-applicable")
      .map(
        ({ statement, seen, verdict }) =>
          `- ${verdictWord[verdict]}, ${faultWords(drill.undo.fault).inLine}: ${statement}. Seen: ${seen}`,
      ),
  );
  const failed = checks
    .filter(({ verdict }) => verdict === "failed" || verdict === "inconclusive")
    .flatMap(({ id, read, expected, remedy, severity, verdict, findings }) => {
      const word = severity === "warning" ? "Warning" : verdictWord[verdict];
      return [`- ${word}, ${id}: ${read}; expected ${expected}. ${remedy}`, ...findingLines(findings)];
    });
  const all = [...underLoad, ...expectations, ...failed];
  const escaped = all.map((line) =>
    line.replace(/^(\s*- )(.*)$/s, (_, bullet: string, text: string) => bullet + escapeMarkdown(text)),
  );
  return all.length === 0 ? [] : ["## Not passed", "", ...escaped];
}

/** Findings that are told for one check; the rest is in the JSON. */
const shownFindings = 20;

function findingLines(findings: readonly Finding[]): string[] {
  const more = findings.length - shownFindings;
  return [
    ...findings
      .slice(0, shownFindings)
      .map(({ subject, read, expected }) => `  - ${subject}: ${read}; expected ${expected}`),
    ...(more > 0 ? [`  - and ${more.toString()} more`] : []),
  ];
}
