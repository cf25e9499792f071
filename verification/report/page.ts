import { faultWords } from "../faults/words";
import type { CheckResult, DrillResult, Expectation, Journal } from "../model";
import { cloudMarkup, drillTitle, observationTable, viewTable } from "./cloud";
import { deploymentMarkup } from "./deployment";
import { markup, Markup } from "./escape";
import { duration, instant, percent, plural, scaleNote, seconds, verdictWord } from "./format";
import { matrix, onlyHostLosses, type MatrixRow } from "./matrix";
import { headline } from "./headline";
import { loadMarkup } from "./loadSection";
import { style } from "./style";
import { timelineSvg } from "./timelineChart";
import { timelineData, type Phase } from "./timelineRows";

/** The report as one page that needs nothing else: no script, no file beside it, no network. */
export function page(journal: Journal): string {
  const { verdict, target } = journal;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${verdictWord[verdict]}: vsphere-ha ${journal.command} on ${target.cluster}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>vsphere-ha ${journal.command} on ${target.cluster}</h1>
<p class="lead ${verdict}">${verdictWord[verdict]}</p>
<p>${headline(journal)}</p>
${notice(journal)}
${facts(journal)}
</header>
<main>
${journal.deployment !== undefined && deploymentMarkup(journal.deployment)}
${journal.drills.length > 0 && availabilitySection(journal)}
${journal.load !== undefined && loadMarkup(journal.load, journal.drills)}
${journal.drills.map((drill) => drillSection(drill, journal.timeScale))}
${journal.openstack !== undefined && markup`<section>${cloudMarkup(journal.openstack.cloud, viewTable(journal.openstack))}</section>`}
${journal.checks.length > 0 && checksSection(journal.checks)}
</main>
</body>
</html>
`.text;
}

function notice({ simulated, timeScale, error }: Journal): Markup {
  const scale = scaleNote(timeScale);
  return markup`${
    error !== undefined &&
    markup`<div class="notice"><p><strong>The run ended early.</strong></p>${error.split("\n").map((line) => markup`<p>${line}</p>`)}</div>`
  }${
    (simulated.length > 0 || scale !== undefined) &&
    markup`<div class="notice">${
      simulated.length > 0 &&
      markup`<p><strong>Simulated:</strong> ${simulated.join("; ")}.</p>
<p><strong>Real:</strong> this verifier, its calls to vCenter and to the BMCs, and its TCP probes.</p>`
    }${scale !== undefined && markup`<p>${scale}</p>`}</div>`
  }`;
}

function facts(journal: Journal): Markup {
  const { vcenter, target, tool, started, ended } = journal;
  const rows: [string, string][] = [
    ["vCenter", vcenter === undefined ? "not reached" : `${vcenter.about.fullName} at ${vcenter.server}`],
    ["Cluster", `${target.cluster} in ${target.datacenter}: ${plural(target.hosts.length, "host")}`],
    ["Guests", target.vms.map(({ name }) => name).join(", ") || "none"],
    ["Run", `${instant(started)} to ${instant(ended)}`],
    ["Tool", `${tool.name} ${tool.version}`],
  ];
  return markup`<dl class="facts">${rows.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}

function availabilitySection(journal: Journal): Markup {
  const { head, guests, rows } = matrix(journal);
  return markup`<section>
<h2>Availability, guest × host</h2>
<p class="muted">A row is ${onlyHostLosses(journal) ? "the loss of one host" : "one drill on one host"}. A figure is the lower and upper bound that the probes prove; it holds for its
window only, from the first probe to the last.</p>
<div class="scroll" tabindex="0"><table class="matrix">
<thead><tr><th>${head}</th><th>Verdict</th>${guests.map(({ title, note }) => markup`<th>${title}<small>${note}</small></th>`)}</tr></thead>
<tbody>${rows.map(matrixRow)}</tbody>
</table></div>
</section>`;
}

function matrixRow({ kind, label, notes, verdict, cells }: MatrixRow): Markup {
  return markup`<tr class="${kind}"><th scope="row">${label}${notes.map((note) => markup`<small>${note}</small>`)}</th><td>${verdict !== undefined && verdictMark(verdict)}</td>${cells.map(
    ([figure, ...below]) =>
      markup`<td class="figure">${figure}${below.map((line) => markup`<small>${line}</small>`)}</td>`,
  )}</tr>`;
}

/** @param span what the host's own bar is */
const legend = (span: string): [Phase, string][] => [
  ["detection", "detection"],
  ["restart", "restart"],
  ["boot", "boot until the service answers"],
  ["down", "down, parts not known"],
  ["edge", "between two probes"],
  ["off", span],
];

function drillSection(drill: DrillResult, timeScale: number): Markup {
  const data = timelineData(drill, timeScale);
  const { span } = faultWords(drill.undo.fault);
  const bad = drill.expectations.filter(({ verdict }) => verdict !== "passed");
  const good = drill.expectations.filter(({ verdict }) => verdict === "passed");
  return markup`<section>
<h2>${drillTitle(drill)} ${verdictMark(drill.verdict)}</h2>
<p class="muted">HA ${drill.fdmRole}. Undo: ${drill.undo.description}, ${drill.undo.done ? "done" : markup`<strong class="failed">not done</strong>`}.</p>
${bad.length > 0 && markup`<ul>${bad.map(expectationItem)}</ul>`}
${bad.length === 0 && markup`<p>${drill.summary}.</p>`}
${
  data !== undefined &&
  markup`<figure><figcaption>${legend(span)
    .filter(([phase]) => data.rows.some(({ bars }) => bars.some((bar) => bar.phase === phase)))
    .map(
      ([phase, text]) => markup`<span class="key" style="--key:var(--${phase})">${text}</span>`,
    )}</figcaption><div class="scroll" tabindex="0">${timelineSvg(data)}</div></figure>`
}
${drill.vms.length > 0 && vmTable(drill)}
${drill.openstack !== undefined && cloudMarkup(drill.openstack.cloud, observationTable(drill.openstack, drill))}
${good.length > 0 && markup`<details><summary>${plural(good.length, "expectation")} that held, and how each was computed</summary><ul>${good.map(expectationItem)}</ul></details>`}
${
  drill.timeline.length > 0 &&
  markup`<details><summary>What happened when</summary><div class="scroll" tabindex="0"><table><thead><tr><th>Seconds since the fault</th><th>Kind</th><th>What</th></tr></thead><tbody>${drill.timeline.map(
    ({ t, kind, text }) =>
      markup`<tr><td>${t === undefined ? "" : t.toFixed(1)}</td><td class="muted">${kind}</td><td>${text}</td></tr>`,
  )}</tbody></table></div></details>`
}
</section>`;
}

function expectationItem({ statement, verdict, seen, basis }: Expectation): Markup {
  return markup`<li>${verdictMark(verdict)} ${statement}. Seen: ${seen}. <small class="muted">Basis: ${basis}.</small></li>`;
}

function vmTable(drill: DrillResult): Markup {
  const { hit } = faultWords(drill.undo.fault);
  return markup`<div class="scroll" tabindex="0"><table>
<thead><tr><th>VM</th><th>Availability</th><th>Downtime</th><th>Detection</th><th>Restart</th><th>Boot</th><th>Ran on, then on</th></tr></thead>
<tbody>${drill.vms.map(
    (vm) =>
      markup`<tr><th scope="row">${vm.vm}<small>${vm.affected ? hit : "must not notice"}</small></th><td class="figure">${percent(vm.availabilityPercent)}<small>in ${seconds(vm.windowSeconds)}</small></td><td class="figure">${duration(vm.downtimeSeconds)}${vm.unobservedSeconds > 0 && markup`<small>${seconds(vm.unobservedSeconds)} not observed</small>`}</td>${
        vm.shares === undefined
          ? markup`<td></td><td></td><td></td>`
          : markup`<td class="figure">${seconds(vm.shares.detectionSeconds)}</td><td class="figure">${seconds(vm.shares.restartSeconds)}</td><td class="figure">${seconds(vm.shares.bootSeconds)}</td>`
      }<td>${vm.hostBefore}<small>${vm.hostAfter ?? "not known"}</small></td></tr>`,
  )}</tbody>
</table></div>`;
}

function checksSection(checks: readonly CheckResult[]): Markup {
  const order = ["failed", "inconclusive", "passed", "not-applicable"];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return markup`<section>
<h2>Checks</h2>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Verdict</th><th>Check</th><th>Read</th><th>Expected</th></tr></thead>
<tbody>${sorted.map(checkRow)}</tbody>
</table></div>
</section>`;
}

function checkRow(check: CheckResult): Markup {
  const open = check.verdict === "failed" || check.verdict === "inconclusive";
  const word =
    check.severity === "warning" && open
      ? markup`${verdictMark(check.verdict)}<small>warning</small>`
      : verdictMark(check.verdict);
  return markup`<tr><td>${word}</td><th scope="row">${check.title}<small>${check.id}</small></th><td>${check.read}${
    check.findings.length > 0 &&
    markup`<ul>${check.findings.map(({ subject, read, expected }) => markup`<li>${subject}: ${read}; expected ${expected}</li>`)}</ul>`
  }</td><td>${check.expected}${open && markup`<small>Why: ${check.why}. Source: ${check.source}.</small><small>Remedy: ${check.remedy}</small>`}</td></tr>`;
}

function verdictMark(verdict: Journal["verdict"]): Markup {
  return markup`<span class="verdict ${verdict}">${verdictWord[verdict]}</span>`;
}
