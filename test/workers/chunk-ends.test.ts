import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { elementTree } from '../../src/fhir/elements.js'
import { ChunkEngine, type ChunkOutcome, difference, joined } from '../support/chunk-engine.js'
import { ENGINES } from '../support/engines.js'
import { fullResources } from '../support/full-resource.js'
import { Random } from '../support/random.js'
import { GOLDEN_DAY, specOf } from '../support/spec-of.js'
import { moody, WALK_LINE, walkSpec } from '../support/walk-line.js'

const SMALL = '{"resourceType":"Patient","id":"s","active":true}'
const interpreter = new ChunkEngine(walkSpec('places'), 'interpreter')
const automatic = new ChunkEngine(walkSpec('places'), 'automatic')

t.test('a chunk may end at every byte of a line', async (t) => {
  const text = Buffer.from(`${SMALL}\r\n\n${WALK_LINE}\n${SMALL}\n`)
  for (let end = 0; end <= text.length; end++) {
    const chunk = text.subarray(0, end)
    const expected = interpreter.run(chunk)
    // The memory ends with the chunk, or goes on with what is missing.
    for (const after of [new Uint8Array(0), text.subarray(end)]) {
      const wrong = difference(expected, automatic.run(chunk, { after }))
      if (wrong !== undefined) t.fail(`${end} of ${text.length}: ${wrong}`)
    }
  }
})

t.test('a chunk may begin anywhere in its slab', async (t) => {
  const text = `${WALK_LINE}\n${SMALL}`
  const expected = interpreter.run(text)
  for (let start = 0; start < 70; start++)
    for (const fill of ['\n', '{', '"', '\\']) {
      const around = { before: Buffer.alloc(start, fill), after: Buffer.alloc(70 - start, fill) }
      t.equal(difference(expected, automatic.run(text, around)), undefined)
    }
})

t.test('lines of any length end at the last byte of a chunk', async (t) => {
  const base = 65_536 - SMALL.length
  const paddings = [...Array(130).keys(), ...Array.from({ length: 40 }, (_, k) => base - 20 + k)]
  for (const padding of paddings) {
    const line = SMALL.replace('"active"', `"language":"${'x'.repeat(padding)}","active"`)
    for (const chunk of [line, `${line}\n`, `${SMALL}\n${line}`, `${line}\r`]) {
      const wrong = difference(interpreter.run(chunk), automatic.run(chunk))
      if (wrong !== undefined) t.fail(`${padding} more bytes: ${wrong}`)
    }
  }
})

t.test('lines longer than any before come between small ones, and output grows', async (t) => {
  const { automatic: fresh, expected } = {
    automatic: new ChunkEngine(walkSpec(), 'automatic'),
    expected: new ChunkEngine(walkSpec(), 'interpreter'),
  }
  // Hashes are longer than these ids: the output is several times as long as the input.
  const references = (count: number): string =>
    `{"resourceType":"Patient","link":[${Array.from({ length: count }, (_, k) => `{"other":{"reference":"Patient/${k}"}}`).join()}]}`
  const names = (count: number): string =>
    `{"resourceType":"Patient","address":[${Array(count).fill('{"city":"x"}').join()}]}`
  for (const count of [1, 10, 20_000, 1, 1000, 60_000, 2]) {
    const chunk = [SMALL, references(count), SMALL, names(count), SMALL].join('\n')
    t.equal(difference(expected.run(chunk), fresh.run(chunk)), undefined, `${count} elements`)
  }
})

t.test('tables are made in the middle of a line, whatever is open there', async (t) => {
  const tree = elementTree('R4')
  const random = new Random(4)
  const resources = random.shuffled(
    [...tree.resources.values()].flatMap((type) => fullResources(type, tree).slice(0, 1)),
  )
  const bundle = `{"resourceType":"Bundle","entry":[${resources.map((one) => `{"resource":${one}}`).join()}]}`
  const contained = `{"resourceType":"Patient","contained":[${resources.slice(0, 100).join()}],"active":true}`
  const rules = [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: "nodesByType('dateTime')", method: 'dateShift' },
    { path: "nodesByType('HumanName')", method: 'redact' },
    { path: "nodesByType('Coding').display", method: 'redact' },
  ]
  const parameters = { cryptoHashKey: 'k', dateShiftKey: 's' }
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters })
  for (const chunk of [bundle, contained, resources.join('\n')]) {
    const expected = new ChunkEngine(spec, 'interpreter').run(chunk)
    t.equal(expected.rejections.length, 0)
    const fresh = new ChunkEngine(spec, 'automatic')
    const first = fresh.run(chunk)
    t.equal(difference(expected, first), undefined, 'tables are made')
    t.equal(difference(first, fresh.run(chunk), 'same'), undefined, 'tables are there')
  }
})

t.test(
  'a method that throws rejects its line, and the lines around it are as they would be alone',
  async (t) => {
    const rules = [
      { path: 'Resource.id', method: 'cryptoHash' },
      { path: "nodesByType('HumanName').family", method: 'moody' },
      { path: 'Patient.birthDate', method: 'redact' },
    ]
    const config = {
      fhirVersion: 'R4',
      parameters: { cryptoHashKey: 'willow, granite and 31 larks' },
    }
    const named = (...families: readonly string[]): string =>
      `{"resourceType":"Patient","id":"a","name":[${families.map((family) => `{"family":"${family}"}`).join()}],"birthDate":"1980-01-01"}`
    const bundle = (...entries: readonly string[]): string =>
      `{"resourceType":"Bundle","id":"b","entry":[${entries.map((entry) => `{"resource":${entry}}`).join()}]}`
    const lines = [
    named('one'), named('throw'), named('two', 'throw'), named('throw', 'three'), named('four'), bundle(named('five')),
    bundle(named('six'), named('throw')), bundle(named('seven'), named('eight')), '{', named('nine'),
  ] // biome-ignore format: a table of short things
    for (const processingErrors of ['raise', 'skip']) {
      const checked = checkConfig(
        { ...config, processingErrors, fhirPathRules: rules },
        { givenMethods: ['moody'] },
      )
      const spec = { ...checked.spec, asOf: GOLDEN_DAY }
      const [first, second] = ENGINES.map((choice) => new ChunkEngine(spec, choice, { moody }))
      if (first === undefined || second === undefined) throw new Error('two engines')
      const expected = first.run(lines.join('\n'))
      t.equal(difference(expected, second.run(lines.join('\n'))), undefined, processingErrors)
      t.equal(expected.rejections.length, processingErrors === 'raise' ? 5 : 1)
      const alone = lines.reduce<ChunkOutcome | undefined>((all, line) => {
        const one = second.run(`${line}\n`, { firstRecord: all?.lines ?? 0 })
        return all === undefined ? one : joined(all, lengthOf(lines, all.lines), one)
      }, undefined)
      t.equal(alone && difference(expected, alone), undefined, `${processingErrors}, alone`)
    }
  },
)

const lengthOf = (lines: readonly string[], count: number): number =>
  lines.slice(0, count).reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)

t.test('memory that one huge line needed is given back', async (t) => {
  const entry = fileURLToPath(new URL('./huge-line.js', import.meta.url))
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', entry], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  const { before, peak, after } = JSON.parse(stdout) as Readonly<Record<'before' | 'peak' | 'after', number>>
  console.log(`# resident MiB: ${before} before the line, ${peak} with it, ${after} later`)
  t.ok(peak > before + 60, 'the line takes memory')
  t.ok(after < before + 40, 'and leaves none behind')
})
