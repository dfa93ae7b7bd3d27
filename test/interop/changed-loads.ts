import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { sluice } from '../support/sluice.js'
import { compareWithExport } from './comparison.js'
import { filesByType, type Line, lineOf, syntheaPatients } from './corpus.js'
import { patientBundles } from './patient-bundles.js'
import { exported, load, type Place, writeFiles } from './place.js'

/** Bundles whose references are resolved before they go as batches: `urn:uuid`, conditional, to conditional creates. */
export async function splitTransactions(t: Test, place: Place): Promise<void> {
  const { shared, patients, expected } = patientBundles(place.usCore)
  // One of either way of referring to what the patients share, both larger than a bundle.
  const sent = [shared, ...patients.filter(({ entries }) => entries > 500 && entries < 750).slice(0, 2)]
  const input = writeFiles(
    join(place.folder, 'split'),
    new Map(sent.map(({ name, json }) => [`${name}.json`, json])),
  )
  const read = sent.reduce((sum, { entries }) => sum + entries, 0)
  t.same(await load(t, [input, '--to', place.base, '--order', 'types', '--split-transactions']), {
    read,
    loaded: read,
    failed: 0,
    ambiguous: 0,
  })
  const lines = sent.flatMap(({ name }) => expected.get(name) ?? [])
  compareWithExport(t, lines, await exported(t, place, 'split-exported'))
}

const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: "nodesByType('Reference').display", method: 'redact' },
    { path: "nodesByType('HumanName')", method: 'redact' },
    { path: "nodesByType('Narrative')", method: 'redact' },
    { path: 'Resource', method: 'keep' },
  ],
  parameters: { cryptoHashKey: { env: 'HASH_KEY' } },
}

/** HAPI refuses a reference to what is not there, so every hashed id must still be the one that others refer to. */
export async function anonymizedLoad(t: Test, place: Place): Promise<void> {
  const env = { HASH_KEY: 'a key of interoperability tests, 32+' }
  const input = writeFiles(join(place.folder, 'plain'), filesByType(syntheaPatients(place.synthea, 0, 2)))
  const config = join(place.folder, 'config.json')
  writeFileSync(config, JSON.stringify(CONFIG))
  const output = join(place.folder, 'anonymized')
  const run = await sluice(['anonymize', '-i', input, '-o', output, '-c', config], { env })
  t.equal(run.exitCode, 0, 'anonymize ends with 0', { stderr: run.stderr })
  const expected = linesIn(output)
  const before = await exported(t, place, 'before-anonymized')
  const words = [input, '--to', place.base, '--order', 'types', '-c', config]
  const { loaded, failed } = await load(t, words, [0], env)
  t.same({ loaded, failed }, { loaded: expected.length, failed: 0 })
  const after = await exported(t, place, 'anonymized-exported')
  compareWithExport(t, expected, new Map([...after].filter(([address]) => !before.has(address))))
}

const linesIn = (folder: string): Line[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((text) => text !== '')
    .map(lineOf)
