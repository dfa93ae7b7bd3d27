// Holds src/commands/init/configuration-text.ts, src/commands/init/choices.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configurationText } from '../../../src/commands/init/configuration-text.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { projectRoot } from '../../support/shared.js'

const CHOICES = { fhirVersion: 'R4', purpose: 'own', dates: 'year', codes: undefined, keys: 'file' } as const

t.test('every preset says the same in YAML, comments apart', async (t) => {
  const folder = join(projectRoot, 'configs')
  const names = readdirSync(folder).filter((name) => /-(r4|r5|stu3)\.json$/.test(name))
  t.ok(names.length >= 3)
  for (const name of names) {
    const preset = parseConfigText(readFileSync(join(folder, name), 'utf8'), name) as Record<string, unknown>
    t.same(parseConfigText(configurationText(preset, CHOICES), 'config.yaml'), preset, name)
  }
})

t.test('comments of rules and settings become comments, and cases keep their order', async (t) => {
  const written = configurationText(
    {
      fhirVersion: 'R4',
      comment: 'two\nlines',
      fhirPathRules: [
        {
          path: 'Patient.birthDate',
          method: 'generalize',
          reason: 'why',
          cases: [
            ['2 > 1', "'b'"],
            ['1', "'a: # \"'"],
          ],
        },
        { path: 'Patient.gender', method: 'keep' },
        { path: 'Patient.active', method: 'keep' },
        { path: 'Resource', method: 'redact' },
      ],
      parameters: { cryptoHashKey: { env: 'KEY' } },
    },
    CHOICES,
  )
  t.match(written, '\n# two\n# lines\n')
  t.match(
    written,
    `  # why\n  - { "path": "Patient.birthDate", "method": "generalize", "cases": { "2 > 1": "'b'", "1": "'a: # \\"'" } }\n`,
  )
  t.equal(written.match(/ {2}# Kept \(in Patient\)\./g)?.length, 1, 'a heading for a group')
  t.match(written, '  # Everything else.\n  - { "path": "Resource", "method": "redact" }\n')
  t.match(parseConfigText(written, 'config.yaml'), {
    fhirPathRules: [
      {
        cases: [
          ['2 > 1', "'b'"],
          ['1', "'a: # \"'"],
        ],
      },
      {},
      {},
      {},
    ],
  })
})
