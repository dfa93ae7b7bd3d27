/**
 * The page's style sheet. Colours of the four kinds differ in lightness too, and the table of types has every number that
 * a chart shows.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --faint: #59636e; --line: #d5dae0;
  --kept: #6a9fd4; --changed: #e6b022; --removed: #8f2f1b; --added: #2f8f6b;
  --before: #8a94a0; --after: #3b6ea5; --alert: #9a3412; --alert-panel: #fff4ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --panel: #1e2329; --ink: #e7eaee; --faint: #a3adb8; --line: #363d46;
    --kept: #6d9bcb; --changed: #f0b93a; --removed: #c2553b; --added: #5cc29a;
    --before: #7d8792; --after: #78a9dc; --alert: #ffb38a; --alert-panel: #33231b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem;
  background: var(--paper); color: var(--ink); font: .94rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .5rem 0; }
.faint { color: var(--faint); }
.note { border-left: 4px solid var(--changed); background: var(--panel); padding: .5rem .9rem; }
.alert { border-left: 4px solid var(--alert); background: var(--alert-panel); padding: .75rem 1rem; }
.alert h2 { margin: 0 0 .25rem; color: var(--alert); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.4rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.figures li { background: var(--panel); border-radius: 6px; padding: .7rem .9rem; border-top: 4px solid var(--line); }
.figures strong { display: block; font-size: 1.4rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures .kept { border-color: var(--kept); } .figures .changed { border-color: var(--changed); }
.figures .removed { border-color: var(--removed); } .figures .added { border-color: var(--added); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: baseline; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .value { font-family: ui-monospace, monospace; font-size: .86em; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: .75rem 0; }
.facts dt { color: var(--faint); } .facts dd { margin: 0; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; background: var(--panel); border-radius: 6px; }
summary:focus-visible { outline: 2px solid var(--after); outline-offset: 2px; }
details > .scroll { padding: 0 .8rem .5rem; }
.what { white-space: nowrap; }
.what::before { content: ''; display: inline-block; width: .65em; height: .65em; margin-right: .5em; border-radius: 2px; background: var(--line); }
.kept > .what::before, .key .kept::before { background: var(--kept); }
.changed > .what::before, .key .changed::before { background: var(--changed); }
.removed > .what::before, .key .removed::before { background: var(--removed); }
.added > .what::before, .key .added::before { background: var(--added); }
.key .before::before { background: var(--before); } .key .after::before { background: var(--after); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: .25rem 0; list-style: none; color: var(--faint); font-size: .88rem; }
.key li::before { content: ''; display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; font: 13px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .axis { fill: var(--faint); }
svg .kept { fill: var(--kept); } svg .changed { fill: var(--changed); }
svg .removed { fill: var(--removed); } svg .added { fill: var(--added); }
svg .before { fill: var(--before); } svg .after { fill: var(--after); } svg .track { fill: var(--panel); }
@media print {
  :root {
    --paper: #fff; --panel: #fff; --ink: #000; --faint: #444; --line: #999; --alert: #7c2d12; --alert-panel: #fff;
    --kept: #6a9fd4; --changed: #e6b022; --removed: #8f2f1b; --added: #2f8f6b; --before: #8a94a0; --after: #3b6ea5;
  }
  html { font-size: 11px; }
  body { max-width: none; padding: 0; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .scroll { overflow: visible; } svg { min-width: 0; } tr, svg, .figures li { break-inside: avoid; } h2 { break-after: avoid; }
}
`
