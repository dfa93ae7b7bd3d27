import { join } from 'node:path'
import t from 'tap'
import { readConfigFile } from '../../src/config/anonymizer/configuration-file.js'
import { run, textIn, writeFiles } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'
import { loadPreset, PRESETS } from './preset.js'

const uuid = (k: number): string => `urn:uuid:0f0f0f0f-0f0f-0f0f-0f0f-${String(k).padStart(12, '0')}`

interface Entry {
  readonly fullUrl?: string
  readonly resource?: { readonly resourceType: string; readonly id?: string; subject?: { reference: string } }
  readonly request?: { readonly method: string; readonly url: string }
}

/** Patients and Encounters that name them, in the forms that Bundles have. */
function entries(count: number, style: 'uuid' | 'server'): Entry[] {
  return Array.from({ length: count }, (_, k) => {
    const url = style === 'uuid' ? uuid(k) : `https://a-b.example/r4/Patient/${k}`
    const id = style === 'uuid' ? {} : { id: String(k) }
    const reference = k % 2 === 0 || style === 'uuid' ? url : `Patient/${k}`
    const encounter = { resourceType: 'Encounter', status: 'finished', subject: { reference } }
    const [patientUrl, encounterUrl] =
      style === 'uuid' ? ['Patient', 'Encounter'] : [`Patient/${k}`, `Encounter/${k}`]
    const method = style === 'uuid' ? 'POST' : 'PUT'
    return [
      {
        fullUrl: url,
        resource: { resourceType: 'Patient', ...id, gender: 'male' },
        request: { method, url: patientUrl },
      },
      { resource: encounter, request: { method, url: encounterUrl } },
    ]
  }).flat()
}

const bundle = (entry: readonly Entry[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })

/** References that name a `fullUrl` in the Bundle, and all. */
function linksOf(text: string) {
  const { entry } = JSON.parse(text) as { entry: Entry[] }
  const addresses = new Set(entry.map(({ fullUrl }) => fullUrl))
  const references = entry.flatMap(({ resource }) => resource?.subject?.reference ?? [])
  return { entry, references, holding: references.filter((reference) => addresses.has(reference)) }
}

for (const { name } of PRESETS)
  for (const style of ['uuid', 'server'] as const)
    t.test(`${name}: links inside a Bundle hold, addresses by ${style}`, async (t) => {
      const preset = await loadPreset(name)
      const output = preset.anonymize(bundle(entries(5, style)))
      t.notMatch(output, /0f0f0f0f-|a-b\.example/)
      const { entry, references, holding } = linksOf(output)
      t.equal(references.length, 5)
      t.same(holding, references)
      t.equal(new Set(references).size, 5)
      for (const { resource, request } of entry) {
        const { resourceType, id } = resource ?? {}
        if (style === 'uuid') t.match(request, { method: 'POST', url: resourceType })
        else if (id !== undefined) t.match(request, { method: 'PUT', url: `${String(resourceType)}/${id}` })
      }
    })

t.test('links hold in a Bundle that is cut while it is streamed', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'Bundle.json': bundle(entries(600, 'uuid')) })
  const raw = (await readConfigFile(join(projectRoot, 'configs/safe-harbor-r4.json'))) as {
    parameters: object
  }
  const config = { ...raw, parameters: { ...raw.parameters, cryptoHashKey: 'a key for hashes' } }
  const { lines } = await run(input, join(folder, 'out'), { config, maxLineBytes: 50_000 })
  t.same(lines, { read: 1, delivered: 1, quarantined: 0, blank: 0 })
  const { references, holding } = linksOf(textIn(join(folder, 'out'), 'Bundle.json'))
  t.equal(references.length, 600)
  t.same(holding, references)
})
