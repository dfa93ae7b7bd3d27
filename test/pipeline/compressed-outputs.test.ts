import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { layoutFingerprint } from '../../src/pipeline/layout.js'
import { planFor, run, writeFiles } from '../support/pipeline-run.js'
import { sluice } from '../support/sluice.js'

const LINES = Array.from(
  { length: 2000 },
  (_, n) => `{"resourceType":"Patient","id":"p${(n * 7919) % 2003}","gender":"other"}\n`,
).join('')

t.test(
  'another level is another output: it is made anew, and the default is one of the levels',
  async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'Patient.ndjson': LINES })
    const output = join(folder, 'out')
    const bytesAt = async (gzip: boolean | number, items: object) => {
      t.match(await run(input, output, { gzip }), { items }, `gzip ${gzip}`)
      return readFileSync(join(output, 'Patient.ndjson.gz'))
    }
    const [made, before] = [{ committed: 1 }, { committed: 0, finishedBefore: 1 }]
    const first = await bytesAt(true, made)
    t.strictSame(await bytesAt(3, before), first, 'the default by its number')
    const small = await bytesAt(9, made)
    t.ok(small.length < first.length, 'level 9 is smaller')
    t.strictSame(gunzipSync(small), gunzipSync(first))
    t.strictSame(await bytesAt(true, made), first)
    t.equal(
      new Set([false, true, 1, 9].map((gzip) => layoutFingerprint('in', { plan: planFor(), gzip }))).size,
      4,
    )
  },
)

t.test('--gzip takes a level, and none', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'Patient.ndjson': LINES })
  const anonymize = (output: string, ...more: string[]) =>
    sluice(['anonymize', ...more, '-i', input, '-o', join(folder, output), '-c', 'safe-harbor-r4'])
  const bytes = (output: string) => readFileSync(join(folder, output, 'Patient.ndjson.gz')).length
  t.equal((await anonymize('default', '--gzip')).exitCode, 0)
  t.equal((await anonymize('nine', '--gzip', '9')).exitCode, 0)
  t.equal((await anonymize('one', '--gzip=1')).exitCode, 0)
  t.ok(bytes('nine') < bytes('default'))
  t.not(bytes('one'), bytes('default'))
  const refused = await anonymize('refused', '--gzip', '10')
  t.equal(refused.exitCode, 2)
  t.match(refused.stderr, /option '--gzip \[level\]' must be a whole number between 1 and 9/)
})
