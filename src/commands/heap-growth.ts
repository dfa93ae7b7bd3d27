import { setFlagsFromString } from 'node:v8'

/**
 * Lets each heap of this process grow to five times what lives in it before it is collected.
 * V8 counts the buffers that bytes arrive in as growth and, for a small heap, collects every 16 MiB of them: a tenth of
 * the processor time of an export (`bench/export.ts`), and a quarter of that of a run that reads gzip. For a process of
 * our own only: it holds for all of it.
 */
export const letHeapsGrow = (): void => setFlagsFromString('--heap-growing-percent=400')
