import type { LinesTask } from '../src/workers/protocol.js'

/** The lines `slab[start, end)` as a worker is given them; outputs may take the rest of the slab. */
export const linesTask = (slab: SharedArrayBuffer, start = 0, end = slab.byteLength): LinesTask => ({
  kind: 'lines',
  slab,
  claim: new SharedArrayBuffer(4),
  start,
  end,
  roomBytes: slab.byteLength - start,
  item: 'bench.ndjson',
  firstRecord: 0,
  dateShiftPrefix: '',
  baseOffset: 0,
  document: false,
  maxLineBytes: 64 * 2 ** 20,
  keepContent: false,
})
