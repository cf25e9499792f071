/** The page's style sheet: one column, plain type, light and dark and paper. No fonts or pictures from elsewhere. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --ink: #1c1e21; --ink-2: #5b6168; --rule: #e1e2e0; --wash: #f3f3f0;
  --passed: #1d7a46; --failed: #b3261e; --inconclusive: #8a5a00; --not-applicable: #5b6168;
  --off: #7b8188; --detection: #b4473c; --restart: #946200; --boot: #1f7a8c; --down: #7a2e6b; --edge: #3f63c4;
  --load-ubuntu: #b4473c; --load-windowsxp: #1f7a8c; --load-mixed: #7a2e6b;
  --on-bar: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181b; --ink: #e7e8e6; --ink-2: #a0a6ad; --rule: #30343a; --wash: #1f2226;
    --passed: #5cc98a; --failed: #ff8a80; --inconclusive: #e6b450; --not-applicable: #a0a6ad;
    --off: #848a92; --detection: #d97267; --restart: #dba63f; --boot: #4fa9bb; --down: #b874a8; --edge: #8ea2f0;
    --load-ubuntu: #d97267; --load-windowsxp: #4fa9bb; --load-mixed: #b874a8;
    --on-bar: #16181b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.5rem 5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  -webkit-print-color-adjust: exact; print-color-adjust: exact;
}
h1, h2, h3, p, li { overflow-wrap: anywhere; }
h1 { font-size: 1rem; font-weight: 600; margin: 0; color: var(--ink-2); }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3.25rem 0 .5rem; letter-spacing: -.01em; }
h3 { font-size: 1.05rem; margin: 2.25rem 0 .35rem; }
p { margin: .4rem 0; max-width: 46rem; }
.lead { font-size: 2.5rem; line-height: 1.15; font-weight: 700; letter-spacing: -.02em; margin: .35rem 0 .5rem; }
.muted, figcaption, caption { color: var(--ink-2); }
.passed { color: var(--passed); } .failed { color: var(--failed); }
.inconclusive { color: var(--inconclusive); } .not-applicable { color: var(--not-applicable); }
.verdict { font-weight: 600; white-space: nowrap; }
.notice { background: var(--wash); border-left: 3px solid var(--inconclusive); padding: .75rem 1rem; margin: 1.25rem 0; }
.notice p { margin: .2rem 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 1rem 0; }
.facts dt { color: var(--ink-2); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1rem .5rem 0; border-bottom: 1px solid var(--rule); }
thead th { color: var(--ink-2); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 600; }
td small, th small { display: block; font-weight: 400; color: var(--ink-2); font-size: .85em; }
tbody th { overflow-wrap: anywhere; min-width: 9rem; }
.figure, .matrix thead th { white-space: nowrap; }
.matrix .figure small, .restore .figure, .long-run .figure { white-space: normal; }
tr.mean > * { border-top: 2px solid var(--ink); font-weight: 600; }
tr.mean small { font-weight: 400; }
figure { margin: 1rem 0; }
figure svg { width: 100%; min-width: 40rem; height: auto; display: block; }
figcaption { font-size: .88rem; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin-bottom: .25rem; }
.key::before {
  content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .4em; vertical-align: -.05em;
  background: var(--key);
}
ul { margin: .4rem 0; padding-left: 1.2rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--ink-2); }
@media screen {
  .matrix tr > :first-child { position: sticky; left: 0; background: var(--paper); }
}
@page { margin: 15mm; }
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --ink: #000; --ink-2: #444; --rule: #ccc; --wash: #fff;
    --passed: #1d7a46; --failed: #b3261e; --inconclusive: #8a5a00; --not-applicable: #444;
    --off: #7b8188; --detection: #b4473c; --restart: #946200; --boot: #1f7a8c; --down: #7a2e6b; --edge: #3f63c4;
    --load-ubuntu: #b4473c; --load-windowsxp: #1f7a8c; --load-mixed: #7a2e6b;
    --on-bar: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, tr, .notice { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding-right: .5rem; }
  .figure, .matrix thead th { white-space: normal; }
  tbody th { min-width: 6rem; }
  figure svg { min-width: 0; }
  /* On paper nobody can open them. */
  details::details-content { content-visibility: visible; display: block; }
}
`;
