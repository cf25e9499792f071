import { guestsText, scenarios } from "../load/judge";
import type { LoadResult } from "../load/model";
import type { DrillResult } from "../model";
import { markup, type Markup } from "./escape";
import { capital, plural, verdictWord } from "./format";
import { loadColour, loadSvg } from "./loadChart";
import { availabilityTable, guestTable, hostTable, type LoadTable } from "./loadTables";

/** The load run on the page: verdict, chart, figures, expectations. */
export function loadMarkup(load: LoadResult, drills: readonly DrillResult[]): Markup {
  const { verdict, readings, expectations, undo, levelSeconds } = load;
  const bad = expectations.filter((one) => one.verdict !== "passed");
  const good = expectations.filter((one) => one.verdict === "passed");
  const chart = loadSvg(readings);
  const byLevel = availabilityTable(drills);
  return markup`<section>
<h2>Load <span class="verdict ${verdict}">${verdictWord[verdict]}</span></h2>
<p class="muted">Each level was held for ${levelSeconds.toString()} s. Figures are means of vCenter's real-time statistics.
Undo: ${undo.description}, ${undo.done ? "done" : markup`<strong class="failed">not done</strong>`}.</p>
${bad.length > 0 ? markup`<ul>${bad.map(item)}</ul>` : markup`<p>${capital(load.summary)}.</p>`}
${
  chart !== undefined &&
  markup`<figure><figcaption>${scenarios(readings).map(
    (guests) => markup`<span class="key" style="--key:var(--${loadColour(guests)})">${guestsText(guests)}</span>`,
  )}</figcaption><div class="scroll" tabindex="0">${chart}</div></figure>`
}
${readings.length > 0 && table(hostTable(load))}
${byLevel !== undefined && table(byLevel)}
${readings.length > 0 && markup`<details><summary>What each guest got</summary>${table(guestTable(load))}</details>`}
${good.length > 0 && markup`<details><summary>${plural(good.length, "expectation")} that held</summary><ul>${good.map(item)}</ul></details>`}
</section>`;
}

function item({ statement, verdict, seen, basis }: LoadResult["expectations"][number]): Markup {
  return markup`<li><span class="verdict ${verdict}">${verdictWord[verdict]}</span> ${statement}. Seen: ${seen}. <small class="muted">Basis: ${basis}.</small></li>`;
}

function table({ title, head, rows }: LoadTable): Markup {
  return markup`<h3>${title}</h3><div class="scroll" tabindex="0"><table>
<thead><tr>${head.map((one) => markup`<th>${one}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...others]) => markup`<tr><th scope="row">${first}</th>${others.map(cell)}</tr>`)}</tbody>
</table></div>`;
}

function cell(text: string): Markup {
  const [first, ...notes] = text.split("\n");
  return markup`<td class="figure">${first}${notes.map((note) => markup`<small>${note}</small>`)}</td>`;
}
