import { createHash } from 'node:crypto'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { planOf } from '../../src/config/anonymizer/plan.js'
import { type Joined, joinRun } from '../../src/pipeline/tasks/join.js'
import type { JoinOptions } from '../../src/pipeline/tasks/task.js'
import { seededRandom } from './random.js'
import { WALK_LINE } from './walk-line.js'

/** Rules whose results depend on keys, on patients and on the places of lines. */
const JOINED_CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
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

export const joinedPlan = (config: object = JOINED_CONFIG) =>
  planOf(checkConfig({ ...JOINED_CONFIG, ...config }), '2026-11-01')

/** Files of a source: one that is divided, small ones, a compressed one, a document, an empty one, bad lines. */
export function joinedSource(gzip: (bytes: Buffer) => Buffer): Readonly<Record<string, Buffer>> {
  const random = seededRandom('joined')
  const line = (k: number): string => {
    if (k % 17 === 3) return '{"resourceType":"Patient","nosuch":1}'
    if (k % 23 === 5) return ' \t'
    const more = 'x'.repeat(random.between(0, 900))
    return k % 2 === 0
      ? WALK_LINE
      : `{"resourceType":"Patient","id":"p${k}","language":"${more}","multipleBirthInteger":${k % 7}}`
  }
  const lines = (from: number, count: number) => Array.from({ length: count }, (_, k) => line(from + k))
  return {
    'big.ndjson': Buffer.from(`\uFEFF${lines(0, 400).join('\r\n')}`),
    'long.ndjson': Buffer.from(
      `${lines(0, 20).join('\n')}\n{"resourceType":"Patient","id":"${'y'.repeat(150_000)}"}\n${lines(20, 20).join('\n')}\n`,
    ),
    ...Object.fromEntries(
      Array.from({ length: 12 }, (_, k) => [
        `small/${k}.ndjson`,
        Buffer.from(`${lines(k * 10, 5).join('\n')}\n`),
      ]),
    ),
    'packed.ndjson.gz': gzip(Buffer.from(lines(900, 60).join('\n'))),
    'one.json': Buffer.from('{"resourceType":"Patient","id":"doc","active":true}'),
    'empty.ndjson': Buffer.alloc(0),
  }
}

/** Runs so many tasks at once, in this process, each with stores of its own. */
export const joinAll = (
  count: number,
  optionsOf: (index: number) => Omit<JoinOptions, 'plan' | 'runId'> & Partial<JoinOptions>,
): Promise<readonly PromiseSettledResult<Joined>[]> =>
  Promise.allSettled(
    Array.from({ length: count }, (_, index) =>
      joinRun({ plan: joinedPlan(), runId: 'r1', workers: 1, taskIndex: index, ...optionsOf(index) }),
    ),
  )

/** Contents by name, the parts of an output joined, as a run on one machine would have made them. */
export function wholeOutputs(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const whole = new Map<string, Buffer[]>()
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name === 'run.json') continue
    const of = name.replace(/-\d{5}(?=\.)/, '')
    whole.set(of, [...(whole.get(of) ?? []), bytes])
  }
  return new Map(
    [...whole].map(([name, pieces]) => [
      name,
      createHash('sha256').update(Buffer.concat(pieces)).digest('hex'),
    ]),
  )
}
