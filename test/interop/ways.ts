import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { sluice } from '../support/sluice.js'
import { addressOf } from './canonical.js'
import { compareWithExport, readExport } from './comparison.js'
import { filesByType, type Line, patientOf, syntheaPatients } from './corpus.js'
import { type BundleFile, patientBundles } from './patient-bundles.js'
import { exported, load, type Place, writeFiles } from './place.js'

/** Entries of a transaction that `sluice load` sends by default. */
const MAX_ENTRIES = 500
const PATIENTS = 8
const MAX_ROUNDS = 3

/** Loads one server by batches, by transactions and by `$import`; what it exports again must be what was loaded. */
export async function everyWay(t: Test, place: Place): Promise<void> {
  const batches = syntheaPatients(place.synthea, 0, PATIENTS)
  const imported = syntheaPatients(place.synthea, PATIENTS, 2 * PATIENTS)
  const { bundles, expected, tooLarge } = transactions(place)

  await t.test('NDJSON by batches, in the order of references', async (t) => {
    const input = writeFiles(join(place.folder, 'batches'), filesByType(batches))
    const words = [input, '--to', place.base, '--order', 'types']
    t.same(await load(t, words), all(batches.length))
    t.same(await load(t, words), all(batches.length), 'nothing is left for a second load')
  })

  await t.test('Bundles by transactions; one that is too large is not sent', async (t) => {
    const files = new Map(bundles.map(({ name, json }) => [`${name}.json`, json]))
    const input = writeFiles(join(place.folder, 'bundles'), files)
    const read = bundles.reduce((sum, { entries }) => sum + entries, 0)
    t.same(await load(t, [input, '--to', place.base, '--order', 'types'], [10]), {
      read,
      loaded: read - tooLarge,
      failed: tooLarge,
      ambiguous: 0,
    })
  })

  await t.test('NDJSON by $import', async (t) => {
    const input = writeFiles(join(place.folder, 'imported'), filesByType(imported))
    const stage = join(place.folder, 'staged')
    const words = [
      input,
      '--to',
      place.base,
      '--via',
      'import',
      '--stage',
      stage,
      '--serve-at',
      '127.0.0.1:0',
    ]
    // HAPI works on parts of all files at the same time, and refuses what refers to a part that is not there yet.
    let sums = await load(t, words, [0, 10])
    for (let round = 0; sums.failed > 0 && round < MAX_ROUNDS; round += 1)
      sums = await load(t, [...words, '--retry-errors'], [0, 10])
    t.same(sums, all(imported.length))
  })

  await t.test('$export brings everything back', async (t) =>
    compareWithExport(t, [...batches, ...imported, ...expected], await exported(t, place, 'exported')),
  )

  await t.test('alt-export brings a cohort', (t) => cohort(t, place, [...batches, ...imported]))
}

const all = (count: number) => ({ read: count, loaded: count, failed: 0, ambiguous: 0 })

function transactions({ usCore }: Place): {
  readonly bundles: readonly BundleFile[]
  readonly expected: readonly Line[]
  readonly tooLarge: number
} {
  const { shared, patients, expected } = patientBundles(usCore)
  const isSmall = ({ entries }: BundleFile): boolean => entries <= MAX_ENTRIES
  const large = patients.filter((file) => !isSmall(file)).slice(0, 1)
  const sent = [shared, ...patients.filter(isSmall)]
  return {
    bundles: [...sent, ...large],
    expected: sent.flatMap(({ name }) => expected.get(name) ?? []),
    tooLarge: large.reduce((sum, { entries }) => sum + entries, 0),
  }
}

/** The women among the patients, and what belongs to them. */
async function cohort(t: Test, { base, folder }: Place, lines: readonly Line[]): Promise<void> {
  const patients = lines
    .map(({ resource }) => resource)
    .filter(({ resourceType }) => resourceType === 'Patient')
  const women = new Set(patients.filter(({ gender }) => gender === 'female').map(addressOf))
  const definition = {
    query: `Patient?_id=${patients.map(({ id }) => id).join()}&gender=female`,
    patientreferencefield: 'id',
    include: [
      'Patient?_id=$IDS',
      ...['Encounter', 'Condition', 'Procedure', 'Immunization'].map(
        (type) => `${type}?patient=$IDS&_count=50`,
      ),
      'Observation?patient=$IDS&_count=50',
    ],
  }
  const file = join(folder, 'cohort.json')
  writeFileSync(file, JSON.stringify(definition))
  const to = join(folder, 'cohort')
  const run = await sluice(['alt-export', file, '--from', base, '--raw', '--to', to])
  t.equal(run.exitCode, 0, 'alt-export ends with 0', { stderr: run.stderr })
  const types = ['Patient', 'Encounter', 'Condition', 'Procedure', 'Immunization', 'Observation']
  const expected = lines.filter(
    ({ resource }) => types.includes(`${resource.resourceType}`) && women.has(patientOf(resource)),
  )
  compareWithExport(t, expected, readExport(to))
}
