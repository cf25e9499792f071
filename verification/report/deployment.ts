import type { Deployment, ResourceChange } from "../model";
import { markup, escapeMarkdown, type Markup } from "./escape";
import { plural } from "./format";

/** What was changed, or would be, in a phrase: `3 of 4 changes made`. */
export function deploymentText({ changes }: Deployment): string {
  if (changes.length === 0) return "nothing to change";
  if (changes.every(({ state }) => state === "proposed")) return `${plural(changes.length, "change")} proposed`;
  const done = changes.filter(({ state }) => state === "done").length;
  return `${done.toString()} of ${plural(changes.length, "change")} made`;
}

const head = ["Resource", "Type", "Operation", "State", "Properties"];

function row({ resource, type, operation, state, properties }: ResourceChange): string[] {
  const kind = type.slice(type.lastIndexOf(":") + 1);
  return [resource, kind, operation, state, properties.map(propertyText).join("; ")];
}

function propertyText({ property, before, after }: ResourceChange["properties"][number]): string {
  return `${property}: ${shortened(before)} → ${shortened(after)}`;
}

/** The whole is in the journal. */
function shortened(value: string): string {
  return value.length > 120 ? `${value.slice(0, 119)}…` : value;
}

export function deploymentMarkdown(deployment: Deployment): string[] {
  const { stack, changes, notes } = deployment;
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [
    `## Stack ${escapeMarkdown(stack)}: ${deploymentText(deployment)}`,
    "",
    ...notes.map((note) => `- ${escapeMarkdown(note)}`),
    ...(notes.length === 0 ? [] : [""]),
    ...(changes.length === 0
      ? []
      : [line(head), "| --- | --- | --- | --- | --- |", ...changes.map((one) => line(row(one))), ""]),
  ];
}

export function deploymentMarkup(deployment: Deployment): Markup {
  const { stack, changes, notes } = deployment;
  return markup`<section>
<h2>Stack ${stack}: ${deploymentText(deployment)}</h2>
${notes.map((note) => markup`<p>${note}</p>`)}
${
  changes.length > 0 &&
  markup`<div class="scroll"><table>
<thead><tr>${head.map((title) => markup`<th>${title}</th>`)}</tr></thead>
<tbody>${changes.map((change) => {
    const [name, ...cells] = row(change);
    return markup`<tr><th scope="row">${name}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  })}</tbody>
</table></div>`
}
</section>`;
}
