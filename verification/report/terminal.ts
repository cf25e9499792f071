import Table from "cli-table3";
import { faultWords } from "../faults/words";
import type { Journal } from "../model";
import { scaleNote, verdictWord } from "./format";
import { headline } from "./headline";
import { loadTables } from "./loadTables";
import { matrix } from "./matrix";

/** The summary for a terminal: verdict, what was simulated, the table guest × host, what did not pass. Plain text. */
export function printSummary(journal: Journal): string {
  const { verdict, target, simulated, timeScale, error } = journal;
  const scale = scaleNote(timeScale);
  return [
    `${verdictWord[verdict]}: cluster ${target.cluster}. ${headline(journal)}`,
    ...(error === undefined ? [] : [`The run ended early: ${error}`]),
    ...(simulated.length === 0 ? [] : [`Simulated: ${simulated.join("; ")}.`]),
    ...(scale === undefined ? [] : [scale]),
    ...(journal.drills.length === 0 ? [] : [matrixTable(journal)]),
    ...loadTables(journal).map(({ title, head, rows }) => {
      const table = new Table({ head, style: { head: [], border: [] } });
      table.push(...rows);
      return `${title}\n${table.toString()}`;
    }),
    ...notPassed(journal),
  ].join("\n");
}

function matrixTable(journal: Journal): string {
  const { head, guests, rows } = matrix(journal);
  const table = new Table({
    head: [head.toLowerCase(), ...guests.map(({ title, note }) => `${title}\n${note}`), "verdict"],
    style: { head: [], border: [] },
  });
  for (const { label, notes, cells, verdict } of rows) {
    table.push([
      [label, ...notes].join("\n"),
      ...cells.map((lines) => lines.join("\n")),
      verdict === undefined ? "" : verdictWord[verdict].toLowerCase(),
    ]);
  }
  return table.toString();
}

function notPassed({ drills, checks, load }: Journal): string[] {
  return [
    ...(load?.expectations ?? [])
      .filter(({ verdict }) => verdict !== "passed" && verdict !== "not-applicable")
      .map(({ verdict, statement, seen }) => `${verdict}: load: ${statement}; seen: ${seen}`),
    ...drills.flatMap(({ undo, expectations }) =>
      expectations
        .filter(({ verdict }) => verdict !== "passed" && verdict !== "not-applicable")
        .map(({ verdict, statement, seen }) => {
          return `${verdict}: ${faultWords(undo.fault).inLine}: ${statement}; seen: ${seen}`;
        }),
    ),
    ...checks
      .filter(({ verdict, severity }) => severity === "error" && (verdict === "failed" || verdict === "inconclusive"))
      .map(({ id, verdict, read, remedy }) => `${verdict}: ${id}: ${read}; ${remedy}`),
  ];
}
