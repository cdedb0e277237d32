--- The style sheet of an experiment's page.
return [[
:root {
  --paper: #fff; --soft: #f6f7f9; --rule: #e1e4ea; --text: #171b22; --quiet: #59616e;
  --held-out: #1d5fd0; --train: #b4570c; --best: #12783a; --best-soft: #e9f6ed;
  --added: #e6f5ea; --added-edge: #2c9a54; --removed: #fdecea; --removed-edge: #cf4436;
  --problem: #fdf1ef; --problem-text: #9c2b1f;
}
@media (prefers-color-scheme: dark) { :root {
  --paper: #12151b; --soft: #1b1f27; --rule: #2f3540; --text: #e7eaf0; --quiet: #a0a8b6;
  --held-out: #7db0ff; --train: #f0a860; --best: #5bd68a; --best-soft: #16291f;
  --added: #15301f; --added-edge: #4bb874; --removed: #391d1c; --removed-edge: #e0766b;
  --problem: #331d1b; --problem-text: #ffb0a6;
} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1024px; margin: 0 auto; padding: 48px 32px 32px; }
h1, h2, p, dl, dd, ul, figure { margin: 0; padding: 0; }
h1 { font-size: 30px; line-height: 1.2; font-weight: 700; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; font-weight: 650; margin-bottom: 12px; }
section { margin-top: 48px; }
code, pre, .diff { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
small { font-size: 13px; color: var(--quiet); font-weight: 400; }

.component { color: var(--quiet); font-weight: 600; margin-bottom: 4px; overflow-wrap: anywhere; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; }
.status { font-size: 13px; font-weight: 600; line-height: 1; padding: 6px 11px; border-radius: 99px;
  border: 1px solid currentColor; color: var(--quiet); }
.status.completed { color: var(--best); }
.status.failed { color: var(--problem-text); }
.status.running, .status.scheduled { color: var(--held-out); }
.id { margin-top: 4px; font-size: 13px; color: var(--quiet); overflow-wrap: anywhere; }
.description { margin-top: 8px; color: var(--quiet); max-width: 70ch; }
.facts { display: flex; flex-wrap: wrap; gap: 12px 32px; margin-top: 20px; font-size: 14px; }
.facts dt { color: var(--quiet); font-size: 13px; }
.facts dd { overflow-wrap: anywhere; }

.tiles { display: flex; flex-wrap: wrap; margin-top: 32px;
  border: 1px solid var(--rule); border-radius: 10px; overflow: hidden; background: var(--rule); gap: 1px; }
.tile { flex: 1 1 150px; background: var(--paper); padding: 16px 18px; }
.tile dt { font-size: 13px; color: var(--quiet); }
.tile b { display: block; font-size: 28px; line-height: 1.25; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.tile.main b { color: var(--best); }
.tile small { display: block; line-height: 1.4; margin-top: 2px; }

.note, .problem { font-size: 14.5px; color: var(--quiet); background: var(--soft); border-radius: 8px;
  padding: 12px 16px; overflow-wrap: anywhere; }
.note strong { color: var(--text); }
.problem { background: var(--problem); color: var(--problem-text); }
header + .note, header + .problem { margin-top: 24px; }
.lead { color: var(--quiet); margin: -4px 0 14px; }

.legend { display: flex; flex-wrap: wrap; gap: 4px 24px; font-size: 14px; color: var(--quiet);
  margin-bottom: 10px; }
.legend span { display: inline-flex; align-items: center; gap: 8px; }
.sample { width: 30px; height: 14px; flex: none; }
.sample.star { width: 18px; height: 18px; }
.swatch { width: 22px; height: 10px; border-radius: 3px; }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart.narrow { display: none; }
.chart text { font-size: 12.5px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; fill: none; }
.axis { stroke: var(--quiet); stroke-width: 1; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.held_out { stroke: var(--held-out); stroke-width: 2.5; }
.line.train { stroke: var(--train); stroke-dasharray: 2 6; }
.mark { stroke-width: 2; pointer-events: none; }
.mark.held_out { fill: var(--held-out); stroke: var(--paper); }
.mark.train { fill: var(--paper); stroke: var(--train); }
.best path { fill: var(--best); stroke: var(--paper); stroke-width: 2; paint-order: stroke;
  transform: scale(1.35); }
.sample .best path { transform: none; }
.chart .best { pointer-events: none; }
.chart .best text { fill: var(--best); font-size: 14px; font-weight: 650; stroke: var(--paper);
  stroke-width: 5px;
  paint-order: stroke; stroke-linejoin: round; }
.strip rect { fill: transparent; }
.strip path { stroke: var(--quiet); stroke-width: 1; opacity: 0; pointer-events: none; }
.strip:hover path { opacity: .6; }
.line { pointer-events: none; }

.diff { border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; font-size: 14px;
  line-height: 1.55;
  padding: 8px 0; }
.diff > div { display: grid; grid-template-columns: 34px 1fr; border-left: 4px solid transparent;
  padding-right: 14px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.diff .sign { text-align: center; color: var(--quiet); user-select: none; }
.diff ins, .diff del { text-decoration: none; }
.diff .added { background: var(--added); border-color: var(--added-edge); }
.diff .removed { background: var(--removed); border-color: var(--removed-edge); }
.diff .added .sign { color: var(--added-edge); font-weight: 700; }
.diff .removed .sign { color: var(--removed-edge); font-weight: 700; }
details { margin-top: 12px; font-size: 14.5px; }
summary { cursor: pointer; color: var(--quiet); }
pre { margin: 10px 0 0; padding: 14px 16px; background: var(--soft); border-radius: 8px; font-size: 14px;
  line-height: 1.55; white-space: pre-wrap; overflow-wrap: anywhere; }

.evaluators { list-style: none; }
.evaluators li { display: grid; grid-template-columns: minmax(150px, 330px) 1fr 60px; gap: 4px 20px;
  align-items: center; padding: 12px 0; border-top: 1px solid var(--rule); }
.evaluators li:last-child { border-bottom: 1px solid var(--rule); }
.who b, .who small, .value b, .value small { display: block; overflow-wrap: anywhere; }
.who b, .value b { font-weight: 600; }
.who small { line-height: 1.4; }
.value { text-align: right; font-variant-numeric: tabular-nums; }
.track { display: block; height: 12px; border-radius: 3px; background: var(--soft); overflow: hidden; }
.track.thin { height: 6px; margin-top: 5px; }
.track i, .meter i { display: block; height: 100%; border-radius: 3px; }
.now { background: var(--best); }
.before { background: var(--quiet); }

table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { text-align: left; padding: 9px 16px 9px 0; border-bottom: 1px solid var(--rule);
  vertical-align: baseline;
  font-weight: 400; overflow-wrap: anywhere; }
th:first-child { padding-left: 12px; }
thead th { font-size: 13px; color: var(--quiet); vertical-align: bottom; overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.score { display: inline-block; min-width: 3.2em; }
thead .number { white-space: normal; }
.when { text-align: right; color: var(--quiet); font-size: 14px; white-space: nowrap; padding-right: 12px; }
thead .when { font-size: 13px; }
.meter { display: inline-block; width: 96px; height: 8px; border-radius: 3px; background: var(--soft);
  overflow: hidden;
  margin-right: 12px; vertical-align: 1px; }
.meter .held_out { background: var(--held-out); }
.meter .train { background: var(--train); }
tr.best { background: var(--best-soft); }
tr.best th, tr.best .number { font-weight: 650; }
tr.best .meter { background: var(--paper); }
.badge { font-size: 12.5px; color: var(--quiet); margin-left: 10px; white-space: nowrap; font-weight: 400; }
tr.best .badge { color: var(--best); font-weight: 650; }

.confusions { list-style: none; display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 12px;
  font-size: 14px; }
.confusions li { background: var(--soft); border-radius: 6px; padding: 4px 10px; overflow-wrap: anywhere; }
.wrong td { white-space: pre-wrap; }
.wrong .input { width: 55%; }
.wrong .badge { display: block; margin: 0; }
.note + .lead, .problem + .lead { margin: 14px 0; }
footer { margin-top: 48px; padding-top: 16px; border-top: 1px solid var(--rule); font-size: 13px;
  color: var(--quiet); }

@media (max-width: 640px) {
  main { padding: 28px 16px 24px; }
  h1 { font-size: 25px; }
  section { margin-top: 40px; }
  .facts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 16px; }
  .tile { padding: 14px; }
  .tile b { font-size: 25px; }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  .evaluators li { grid-template-columns: 1fr 56px; }
  .evaluators .who { grid-column: 1 / -1; }
  .when, .meter { display: none; }
  .number:nth-last-child(2) { padding-right: 12px; }
  .diff { font-size: 13px; }
  .diff > div { grid-template-columns: 24px 1fr; }
  .wrong, .wrong tbody, .wrong tr, .wrong th, .wrong td { display: block; width: auto; }
  .wrong thead { display: none; }
  .wrong tr { padding: 12px 0; border-bottom: 1px solid var(--rule); }
  .wrong th, .wrong td { border: 0; padding: 1px 0; }
  .wrong .input { width: auto; margin-bottom: 4px; }
  .wrong .badge { display: inline; margin-left: 8px; }
  .wrong td.number { text-align: left; }
  .wrong td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
@media print {
  :root { --paper: #fff; --soft: #f3f4f6; --rule: #d5d9e0; --text: #000; --quiet: #444;
    --held-out: #1d5fd0; --train: #b4570c; --best: #12783a; --best-soft: #e9f6ed;
    --added: #e6f5ea; --added-edge: #2c9a54; --removed: #fdecea; --removed-edge: #cf4436; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  body { font-size: 11pt; }
  section { margin-top: 24pt; }
  figure, .tiles, li, tr, .diff > div { break-inside: avoid; }
  h2 { break-after: avoid; }
  details { display: none; }
}
]]
