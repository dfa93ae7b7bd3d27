import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ask } from '../fhir-server/client.js'
import { load, type Place, writeFiles } from './place.js'

const patient = (id: string, more: object = {}): string =>
  JSON.stringify({ resourceType: 'Patient', id, ...more })

const observation = (id: string, reference: string): string =>
  JSON.stringify({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'x' },
    subject: { reference },
  })

/** HAPI refuses the whole batch for the second and third of these, the first and last alone. */
const BAD = new Map([
  ['dangling', observation('dangling', 'Patient/nobody')],
  ['wrong-code', patient('wrong-code', { gender: 'nonsense' })],
  ['wrong-date', patient('wrong-date', { birthDate: '2020-99-99' })],
  [
    'wrong-reference',
    patient('wrong-reference', { generalPractitioner: [{ reference: 'Practitioner/nobody' }] }),
  ],
])
const GOOD = 60

/** Bad resources among good ones, in one batch. */
export async function badResources(t: Test, { base, folder }: Place): Promise<void> {
  const good = Array.from({ length: GOOD }, (_, k) => patient(`good-${k}`))
  const lines = good.flatMap((line, k) => [
    line,
    ...([...BAD.values()][k / 10] === undefined ? [] : [[...BAD.values()][k / 10]]),
  ])
  const input = writeFiles(join(folder, 'refused'), new Map([['mixed.ndjson', `${lines.join('\n')}\n`]]))
  t.same(await load(t, [input, '--to', base], [10]), {
    read: GOOD + BAD.size,
    loaded: GOOD,
    failed: BAD.size,
    ambiguous: 0,
  })
  t.same(failedIds(`${input}.load`), [...BAD.keys()].sort(), 'errors.ndjson names those that HAPI refuses')
  for (const [id, status] of [
    ['good-0', 200],
    [`good-${GOOD - 1}`, 200],
    ['wrong-code', 404],
  ] as const)
    t.equal((await ask(`${base}/Patient/${id}`)).status, status, id)
}

/** Observations of which every tenth refers to a patient that is not there. */
export async function badImport(t: Test, { base, folder }: Place): Promise<void> {
  const lines = Array.from({ length: GOOD }, (_, k) =>
    observation(`imported-${k}`, k % 10 === 3 ? `Patient/nobody-${k}` : 'Patient/good-0'),
  )
  const input = writeFiles(
    join(folder, 'refused-import'),
    new Map([['mixed.ndjson', `${lines.join('\n')}\n`]]),
  )
  const words = ['--via', 'import', '--stage', join(folder, 'refused-staged'), '--serve-at', '127.0.0.1:0']
  const failed = GOOD / 10
  t.same(await load(t, [input, '--to', base, ...words], [10]), {
    read: GOOD,
    loaded: GOOD - failed,
    failed,
    ambiguous: 0,
  })
  const ids = Array.from({ length: failed }, (_, k) => `imported-${k * 10 + 3}`).sort()
  t.same(failedIds(`${input}.load`), ids, 'errors.ndjson names the lines that HAPI refuses')
}

/** Ids of the entries that errors.ndjson lists, wherever in the state it is. */
const failedIds = (state: string): string[] =>
  readdirSync(state, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('errors.ndjson'))
    .flatMap((name) => readFileSync(join(state, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { readonly id: string }).id)
    .sort()
