/** What the page adds to the style sheet of the diff page, whose colours it shares. */
export const EXPLAIN_STYLE = `
:root { --codes: #8fb7a1; --unseen: #8a2be2; }
@media (prefers-color-scheme: dark) { :root { --codes: #7fae96; --unseen: #c79bff; } }
.figures .transformed { border-color: var(--changed); } .figures .codes { border-color: var(--codes); }
.figures .unseen { border-color: var(--unseen); }
.fate { white-space: nowrap; }
.fate::before { content: ''; display: inline-block; width: .65em; height: .65em; margin-right: .5em; border-radius: 2px; background: var(--line); }
.removed > .fate::before { background: var(--removed); } .transformed > .fate::before { background: var(--changed); }
.codes > .fate::before { background: var(--codes); } .kept > .fate::before { background: var(--kept); }
.unseen > .fate::before { background: var(--unseen); }
.paths { columns: 20rem auto; margin: .25rem 0 .75rem; padding-left: 1.2rem; font-size: .86rem; }
.paths li { break-inside: avoid; overflow-wrap: anywhere; }
.inner { padding: .25rem .8rem .5rem; } .inner h4 { margin: .5rem 0 .1rem; font-size: .9rem; }
#claim td { overflow-wrap: anywhere; }
#filter { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .6rem 0; background: var(--paper); }
#filter[hidden] { display: none; }
#filter input, #filter select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .35rem .6rem; }
#filter input { flex: 1 1 16rem; min-width: 0; }
@media (max-width: 40rem) {
  #elements thead { display: none; } #elements tr { display: block; padding: .35rem 0; border-bottom: 1px solid var(--line); }
  #elements tr[hidden] { display: none; }
  #elements td, #elements tbody th { display: block; border: 0; padding: .05rem .2rem; }
}
@media print { #filter { display: none; } }
`
