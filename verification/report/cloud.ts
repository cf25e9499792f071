import { faultWords } from "../faults/words";
import type { CloudObservation, CloudView, DrillResult } from "../model";
import { escapeMarkdown, markup, type Markup } from "./escape";
import { plural } from "./format";

/** What OpenStack says, beside what vCenter says, as rows of text. */
export interface CloudTable {
  head: string[];
  rows: string[][];
  notes: string[];
}

const untold = "not told";

/** Of a check: the instances, and the capacity by each of the three that count it. */
export function viewTable({ instances, capacity }: CloudView): CloudTable {
  return {
    head: ["Instance", "nova", "vCenter", "Host"],
    rows: instances.map(({ name, nova, vcenter, host }) => [name, nova, vcenter ?? "no such VM", host ?? "none"]),
    notes: [
      `Capacity: vCenter ${capacity.vcenter ?? untold}; nova ${capacity.nova ?? untold}; placement ${capacity.placement ?? untold}`,
    ],
  };
}

/** Of a drill: what nova showed while vCenter failed the VM over, and how placement followed. */
export function observationTable(
  { instances, capacity, samples, failed }: CloudObservation,
  { vms }: Pick<DrillResult, "vms">,
): CloudTable {
  return {
    head: ["Instance", "nova showed", "vCenter ran it on, then on"],
    rows: instances.map(({ vm, statuses }) => {
      const state = vms.find((one) => one.vm === vm);
      const after = state?.hostAfter ?? "not known";
      return [vm, statuses.join(" → ") || untold, state === undefined ? "not known" : `${state.hostBefore}, ${after}`];
    }),
    notes: [
      `Placement: ${capacity.map(capacityAt).join(" → ") || untold}`,
      `${plural(samples, "look")} at nova and placement, ${failed.toString()} failed. nova's times are wall seconds`,
    ],
  };
}

function capacityAt({ t, text }: { t: number; text: string }): string {
  return t <= 0 ? text : `${text} after ${t.toFixed(1)} s`;
}

/** A section's body on the page. */
export function cloudMarkup(cloud: string, { head, rows, notes }: CloudTable): Markup {
  return markup`<h3>OpenStack beside vCenter</h3>
<p class="muted">Keystone at ${cloud}.</p>
${
  rows.length > 0 &&
  markup`<div class="scroll" tabindex="0"><table>
<thead><tr>${head.map((title) => markup`<th>${title}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...others]) => markup`<tr><th scope="row">${first}</th>${others.map((cell) => markup`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`
}
${notes.map((note) => markup`<p class="muted">${note}.</p>`)}`;
}

/** The same as lines of Markdown. */
export function cloudMarkdown(title: string, { head, rows, notes }: CloudTable): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  const table = rows.length === 0 ? [] : [row(head), `|${head.map(() => " --- |").join("")}`, ...rows.map(row), ""];
  return [`## ${escapeMarkdown(title)}`, "", ...table, ...notes.map((note) => `- ${escapeMarkdown(note)}`), ""];
}

/** What was broken, and what went wrong beside it. */
export function drillTitle(drill: Pick<DrillResult, "drill" | "undo" | "loadPercent">): string {
  return [faultWords(drill.undo.fault).title, ...cloudText(drill), ...loadText(drill)].join(", ");
}

/** What tells a drill apart from the loss of a host alone. */
export function besideText(drill: Pick<DrillResult, "drill" | "undo" | "loadPercent">): string[] {
  const { note } = faultWords(drill.undo.fault);
  return [...(note === undefined ? [] : [note]), ...cloudText(drill), ...loadText(drill)];
}

function loadText({ loadPercent }: Pick<DrillResult, "loadPercent">): string[] {
  return loadPercent === undefined ? [] : [`load ${loadPercent.toString()} %`];
}

/** What of OpenStack goes wrong beside the host, if anything. */
function cloudText({ drill }: Pick<DrillResult, "drill">): string[] {
  const beside: Partial<Record<string, string>> = {
    "nova-compute-down": "nova-compute down",
    "power-state-sync": "power-state sync running",
  };
  const text = beside[drill];
  return text === undefined ? [] : [text];
}
