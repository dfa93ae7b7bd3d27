import { setImmediate } from 'node:timers/promises'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { LinesTask } from '../../src/workers/protocol.js'
import { walkSpec } from '../support/walk-line.js'

// Run with --expose-gc: prints the resident memory, in MiB, around a line of this many bytes in a worker thread.
const HUGE_BYTES = 48 * 2 ** 20
const SMALL = '{"resourceType":"Patient","id":"s","active":true}\n'

function taskOf(text: string): LinesTask {
  const bytes = Buffer.from(text)
  const slab = new SharedArrayBuffer(bytes.length)
  new Uint8Array(slab).set(bytes)
  return {
    kind: 'lines',
    slab,
    claim: new SharedArrayBuffer(4),
    start: 0,
    end: bytes.length,
    roomBytes: bytes.length,
    item: 'test.ndjson',
    firstRecord: 0,
    dateShiftPrefix: '',
    baseOffset: 0,
    document: false,
    spec: walkSpec(),
    maxLineBytes: 2 ** 26,
    keepContent: false,
  }
}

function residentMebibytes(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}

/** What is resident once it is less than a limit: buffers are freed by another thread. Gives up after a while. */
async function settledMebibytes(limit: number): Promise<number> {
  const end = performance.now() + 30_000
  let resident = residentMebibytes()
  while (resident >= limit && performance.now() < end) {
    await setImmediate()
    resident = residentMebibytes()
  }
  return resident
}

async function measure(): Promise<object> {
  const { default: answer } = await import('../../src/workers/task.js')
  const run = async (text: string): Promise<void> => {
    const { kind } = await answer(taskOf(text))
    if (kind !== 'lines') throw new Error(`the worker answered ${kind}`)
  }
  for (let k = 0; k < 20; k++) await run(SMALL.repeat(20_000))
  const before = residentMebibytes()
  await run(`{"resourceType":"Patient","language":"${'x'.repeat(HUGE_BYTES)}","id":"h"}\n`)
  const peak = Math.round(process.memoryUsage.rss() / 2 ** 20)
  for (let k = 0; k < 20; k++) await run(SMALL.repeat(20_000))
  return { before, peak, after: await settledMebibytes(before + 40) }
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { module: '' } })
  worker.on('message', (measured) => console.log(JSON.stringify(measured)))
} else parentPort?.postMessage(await measure())
