// Holds src/anonymizer/line-anonymizer.ts to loading the sets, two dozen files, only where they are listed.
import { join } from 'node:path'
import t from 'tap'
import { loadedBy } from '../../support/loaded-modules.js'
import { projectRoot } from '../../support/shared.js'

const loadsSets = (config: object): boolean =>
  loadedBy(
    `await import('./commands/verbs.js')
    await import('./commands/anonymize/anonymize.js')
    const { checkConfig } = await import('./config/anonymizer/configuration.js')
    const { createLineAnonymizer } = await import('./anonymizer/line-anonymizer.js')
    await createLineAnonymizer({ ...checkConfig(${JSON.stringify(config)}).spec, asOf: '2026-11-21' })`,
    join(projectRoot, 'dist/src'),
  ).files.some((file) => file.endsWith('/fhir/codes/sets.js'))

const rules = { fhirVersion: 'R4', fhirPathRules: [{ path: 'Resource', method: 'keep' }] }

t.test('the sets are loaded for a configuration with codeSystems, and for no other', async (t) => {
  t.notOk(loadsSets(rules))
  t.ok(loadsSets({ ...rules, codeSystems: { allow: ['http://example.org/cs'] } }))
})
