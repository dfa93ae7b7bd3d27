// Holds src/config/anonymizer/lint-report.ts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseConfigText } from '../../../../src/config/anonymizer/configuration-file.js'
import { lintConfig } from '../../../../src/config/anonymizer/lint-config.js'
import { lintReportSchema } from '../../../../src/config/anonymizer/lint-report.js'
import type { FhirVersion } from '../../../../src/fhir/version.js'
import { FINDING_CODES } from '../../../../src/rules/lint/findings/codes.js'
import { projectRoot } from '../../../support/shared.js'

const page = readFileSync(join(projectRoot, 'docs/lint.md'), 'utf8')
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
)

/** The codes that a configuration in a section of the page gets. */
const codesOf = (text: string, section: string): string[] => {
  const fhirVersion = /--fhir-version (\w+)/.exec(section)?.[1] as FhirVersion | undefined
  const series = section.startsWith('random-key-in-series')
    ? { why: 'a schedule repeats it', isSeparate: false, isAddedTo: false }
    : undefined
  if (section.startsWith('random-key-in-array')) process.env.SLURM_ARRAY_TASK_ID = '1'
  const found = lintConfig(parseConfigText(text, 'docs/lint.md'), { fhirVersion, series })
  delete process.env.SLURM_ARRAY_TASK_ID
  return found.map(({ code }) => code)
}

t.test('docs/lint.md has a section for each code and no other', async (t) => {
  t.same([...sections.keys()].sort(), Object.keys(FINDING_CODES).sort())
})

for (const [code, section] of sections)
  t.test(`docs/lint.md#${code}: the first example has the finding, the second has not`, async (t) => {
    const [before, after, ...others] = [...section.matchAll(/```json\n([\s\S]*?)```/g)].map(
      ([, text]) => text,
    )
    t.same(others, [])
    t.ok(codesOf(before ?? '', section).includes(code), 'found in the first')
    t.notOk(codesOf(after ?? '', section).includes(code), 'not found in the second')
  })

t.test('every finding fits the schema of the report', async (t) => {
  for (const [, section] of sections)
    for (const [, text] of section.matchAll(/```json\n([\s\S]*?)```/g)) {
      const remarks = lintConfig(parseConfigText(text ?? '', 'docs/lint.md'))
      t.ok(
        lintReportSchema.safeParse({ config: 'c', problemCount: 0, warningCount: 0, remarks }).success,
        section.slice(0, 20),
      )
    }
})

const COMMENTED = {
  fhirVersion: 'R4',
  _comment: 'x',
  '//': 'x',
  $schema: 'x',
  Description: 'x',
  fhirPathRules: ['comment', '_comment', 'comments', 'description', '//', '// why', '_note', 'note'].map(
    (key) => ({ path: `nodesByName('${key.replace(/\W/g, '')}x')`, method: 'redact', [key]: 'why' }),
  ),
  parameters: { comment: 'x', _note: 'x', '//': 'x', comments: ['x'] },
}

t.test('comments are no findings, at the top level, in parameters and in rules', async (t) => {
  t.same(
    lintConfig(COMMENTED).filter(({ code }) => code === 'unknown-key'),
    [],
  )
})

t.test('a misspelt setting is not taken for a comment', async (t) => {
  const found = lintConfig({
    fhirVersion: 'R4',
    proccessingErrors: 'skip',
    fhirPathRules: [{ path: 'Patient.gender', method: 'substitute', replaceWith: 'x', replacewith: 'y' }],
    parameters: { dateShiftScop: 'file' },
  })
  t.same(
    found.filter(({ code }) => code === 'unknown-key').map(({ path }) => path),
    ['proccessingErrors', 'parameters.dateShiftScop', 'fhirPathRules[0].replacewith'],
  )
})

t.test('a misspelt function is named with the one that is meant', async (t) => {
  const rows = [
    ["NodesByType('HumanName')", 'nodesByType()'],
    ['Patient.name.First()', 'first()'],
    ['Patient.name.where(use.exist())', 'exists()'],
    ["Patient.name.were(use = 'official')", 'where()'],
  ] as const
  for (const [path, meant] of rows) {
    const config = { fhirVersion: 'R4', fhirPathRules: [{ path, method: 'redact' }] }
    const found = lintConfig(config).find(({ code }) => code === 'path-syntax')
    t.ok(found?.message.endsWith(`did you mean ${meant}?`), path)
  }
})
