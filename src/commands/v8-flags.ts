import { setFlagsFromString } from 'node:v8'

/**
 * Sets how V8 spends processor time. For a process of our own only: it holds for all of it, worker threads included.
 *
 * Each heap may grow to five times what lives in it before it is collected. V8 counts the buffers that bytes arrive in as
 * growth and, for a small heap, collects every 16 MiB of them: a tenth of the processor time of an export
 * (`bench/export.ts`), and a quarter of that of a run that reads gzip.
 *
 * With V8 11, that of Node 20, a function runs nine times as long as by default before it is optimized. Most of what
 * runs here for a moment makes tables, once in each thread: optimizing that takes longer than it saves, a fifteenth of the
 * processor time of a run of 1 GB (`bench/end-to-end.ts`). Later versions have a compiler between, and no such flag.
 */
export function setV8Flags(v8Version: string): void {
  setFlagsFromString('--heap-growing-percent=400')
  if (v8Version.startsWith('11.')) setFlagsFromString('--interrupt-budget=600000')
}
