import { join } from 'node:path'
import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { filesIn, outputsIn, run, writeFiles } from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'
import { randomLine } from '../support/random-chunk.js'
import { WALK_LINE } from '../support/walk-line.js'

/** Rules of every kind: what they write depends on keys, on the patient, on the line's place and on the place in it. */
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: "nodesByType('Identifier').where(system = 'urn:s').value", method: 'cryptoHash' },
    { path: 'Patient.name.where(family.length() > 6)', method: 'redact' },
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: "nodesByType('date')", method: 'dateShift' },
    { path: "nodesByType('dateTime')", method: 'dateShift' },
    { path: "nodesByType('ContactPoint').value", method: 'encrypt' },
    { path: 'Patient.multipleBirth', method: 'perturb', span: 10, roundTo: 0 },
    { path: "nodesByType('Extension')", method: 'redact' },
  ],
  parameters: {
    dateShiftKey: 'shift: pelican, ember, 4 rivers',
    dateShiftScope: 'patient',
    cryptoHashKey: 'hash: walnut, tundra, 9 lamps',
    encryptKey: 'aes of velvet 77',
  },
}

/** The number of workers, the bytes of a chunk, and the budget that keeps many chunks from being in memory. */
const WAYS = [
  [1, 4 * 2 ** 20, 2 ** 26],
  [2, 64 * 1024, 2 ** 21],
  [3, 700, 2 ** 20],
  [2, 1, 2 ** 20],
] as const

t.test(
  'chunks of any size and any number of workers give the same bytes and the same quarantine',
  async (t) => {
    const random = seededRandom('same bytes')
    const tree = elementTree('R4')
    const types = ['Patient', 'Observation', 'Bundle']
    const lines = Array.from({ length: 150 }, (_, k) => {
      if (k % 3 === 0) return WALK_LINE
      return random.chance(0.05)
        ? ' \t'
        : randomLine(random, tree, types).toString('latin1').replaceAll('\n', ' ')
    })
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), {
      'lf.ndjson': Buffer.from(`${lines.join('\n')}\n`, 'latin1'),
      'crlf.ndjson': Buffer.from(lines.slice(0, 40).join('\r\n'), 'latin1'),
    })
    let first: ReadonlyMap<string, Buffer> | undefined
    for (const [workers, chunkBytes, memoryBudgetBytes] of WAYS) {
      const output = join(folder, `${workers}-${chunkBytes}`)
      const { lines: counted } = await run(input, output, {
        config: CONFIG,
        workers,
        chunkBytes,
        memoryBudgetBytes,
      })
      const written = new Map([...outputsIn(output), ...quarantineIn(output)])
      first ??= written
      const other = [...first].filter(([name, bytes]) => written.get(name)?.equals(bytes) !== true)
      t.strictSame(
        [other.map(([name]) => name), written.size],
        [[], 4],
        `${workers} workers, ${chunkBytes} bytes`,
      )
      t.ok(counted.quarantined > 5 && counted.delivered > 50 && counted.blank > 0)
    }
  },
)

const quarantineIn = (output: string): readonly [string, Buffer][] =>
  [...filesIn(`${output}.sluice`)].filter(([name]) => name.startsWith('quarantine/'))
