import t from 'tap'
import { loadedBy } from './support/loaded-modules.js'
import { projectRoot } from './support/shared.js'

const FORBIDDEN_OF_NODE = [
  ...['http', 'https', 'http2', 'net', 'tls', 'dns', 'dgram'],
  ...['worker_threads', 'child_process', 'cluster', 'inspector'],
]
const packagesIn = (files: readonly string[]): string[] =>
  [
    ...new Set(
      files.flatMap(
        (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1] ?? [],
      ),
    ),
  ].sort()

const USE = `
import { createAnonymizer } from 'fhir-sluice/engine'
const config = { fhirVersion: 'R4', fhirPathRules: [
  { path: 'Patient.name', method: 'redact' },
  { path: "Patient.where(gender = 'male').birthDate", method: 'redact' },
] }
const line = '{"resourceType":"Patient","active":true,"name":[{"family":"Doe"}]}'
const result = createAnonymizer(config).anonymize(line)
if (!result.ok || Buffer.from(result.bytes).includes('Doe')) throw new Error('not anonymized')`

t.test('fhir-sluice/engine loads no module for Azure, HTTP, threads or a server', async (t) => {
  const { builtIn, files } = loadedBy(USE, projectRoot)
  t.ok(
    files.some((url) => url.endsWith('/dist/src/engine.js')),
    'the modules are seen',
  )
  t.ok(builtIn.includes('crypto'), 'the modules of Node are seen')
  t.strictSame(
    builtIn.filter((name) => FORBIDDEN_OF_NODE.includes(name)),
    [],
  )
  t.strictSame(packagesIn(files), ['fhirpath', 'zod'])
})

t.test('the same test sees what the whole library loads', async (t) => {
  const { builtIn, files } = loadedBy("import 'fhir-sluice'", projectRoot)
  t.ok(builtIn.includes('worker_threads'))
  t.ok(packagesIn(files).includes('piscina'))
})

t.test('fhir-sluice and fhir-sluice/engine give the same function', async (t) => {
  const [whole, engine] = await Promise.all([import('../src/index.js'), import('../src/engine.js')])
  t.equal(whole.createAnonymizer, engine.createAnonymizer)
  t.strictSame(Object.keys(engine).sort(), ['createAnonymizer', 'isSluiceError'])
})
