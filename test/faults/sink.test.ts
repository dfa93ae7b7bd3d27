import { join } from 'node:path'
import t from 'tap'
import { isSluiceError, sluiceError } from '../../src/errors.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink, folderSource } from '../../src/storage/folder.js'
import type { Sink } from '../../src/storage/store.js'
import { outputsIn, planFor, syntheticLines, writeFiles } from '../support/pipeline-run.js'

// Each failing call costs two runs: every so many are tried, all of them in a soak.
const STEP = Number(process.env.SLUICE_SINK_STEP ?? 7)
const WRITES = new Set([
  'append',
  'flush',
  'sealed',
  'commit',
  'settle',
  'resume',
  'write',
  'appender',
  'put',
  'remove',
  'destroy',
])

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'x.ndjson': Buffer.concat([syntheticLines(100_000), Buffer.from('bad\n')]),
  'y.ndjson': syntheticLines(5_000, 2),
})

/** A sink whose nth write fails, and with `onwards` all that follow. */
function failing(
  sink: Sink,
  nth: number,
  onwards: boolean,
): { readonly sink: Sink; readonly calls: () => number } {
  let calls = 0
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key, object)
        if (key === 'state') return wrap(value as object)
        if (typeof value !== 'function') return value
        return (...args: readonly unknown[]) => {
          if (WRITES.has(String(key))) {
            calls += 1
            if (calls === nth || (onwards && calls > nth)) return Promise.reject(full())
          }
          const result: unknown = Reflect.apply(value, object, args)
          if (key === 'item') return wrap(result as object)
          return key === 'appender' ? (result as Promise<object>).then(wrap) : result
        }
      },
    })
  return { sink: wrap(sink), calls: () => calls }
}

const full = () => sluiceError('SINK_FULL', 'no room left', { blame: 'sink', retry: 'later' })

const options = { source: folderSource(input), plan: planFor(), workers: 1, chunkBytes: 20_000 }
const clean = failing(folderSink(join(folder, 'clean')), 0, false)
await runPipeline({ ...options, sink: clean.sink })
const expected = outputsIn(join(folder, 'clean'))

for (const onwards of [false, true])
  t.test(
    `whichever write fails ${onwards ? 'from then on' : 'once'}, nothing half-written is visible and the next run completes`,
    async (t) => {
      console.log(`# sink: ${clean.calls()} writes, every ${STEP}th fails`)
      t.ok(clean.calls() > 30)
      for (let nth = onwards ? 2 : 1; nth <= clean.calls(); nth += STEP) {
        const output = join(folder, `${onwards}-${nth}`)
        const { sink } = failing(folderSink(output), nth, onwards)
        try {
          await runPipeline({ ...options, sink })
        } catch (error) {
          if (!isSluiceError(error) || error.code !== 'SINK_FULL') throw error
        }
        for (const [name, bytes] of outputsIn(output))
          if (!name.endsWith('.part'))
            t.strictSame(bytes, expected.get(name), `${name} is whole, write ${nth} failed`)
        await runPipeline({ ...options, sink: folderSink(output) })
        t.strictSame(outputsIn(output), expected, `write ${nth}`)
      }
    },
  )
