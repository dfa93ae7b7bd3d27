// Holds src/commands/lint/lint.ts, src/config/anonymizer/systems-text.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sluice } from '../../support/sluice.js'

const KEY = 'CANARY-KEY: walnut, tundra, 9 lamps'
const config = (t: Test, rules: readonly object[], rest: object = {}): string => {
  const path = join(t.testdir(), 'config.json')
  writeFileSync(path, JSON.stringify({ fhirVersion: 'R4', fhirPathRules: rules, ...rest }))
  return path
}

t.test('lint tells problems from warnings, each with its rule, and quotes no key', async (t) => {
  const path = config(
    t,
    [
      { path: 'Patient.nmae', method: 'redact' },
      { path: 'Patient.name', method: 'redact' },
      { path: 'Patient.name.family', method: 'redact', dateShiftScope: 'file' },
      { path: 'Patient.birthDate', method: 'dateShift' },
      { path: 'Patient..id', method: 'keep' },
      { path: 'Resource', method: 'redact' },
    ],
    { parameters: { cryptoHashKey: KEY, dateShiftScope: 'patient', dateShiftTimeZone: 'remove' } },
  )
  const { exitCode, stdout, stderr } = await sluice(['lint', '-c', path, '--json'])
  t.equal(exitCode, 2)
  t.equal(stderr, '')
  t.notMatch(stdout, KEY)
  t.match(JSON.parse(stdout), {
    problemCount: 2,
    warningCount: 4,
    remarks: [
      { severity: 'problem', code: 'key-missing', path: 'parameters.dateShiftKey' },
      { severity: 'warning', code: 'secret-in-file', path: 'parameters.cryptoHashKey' },
      {
        severity: 'warning',
        code: 'never-matches',
        rule: 1,
        message: 'write `Patient.name`',
        suggestion: 'Patient.name',
      },
      { severity: 'warning', code: 'unknown-key', rule: 3, path: 'fhirPathRules[2].dateShiftScope' },
      { severity: 'warning', code: 'shadowed', rule: 3, message: 'rule 2' },
      { severity: 'problem', code: 'path-syntax', rule: 5, path: 'fhirPathRules[4].path' },
    ],
  })
  const forPeople = await sluice(['lint', '-c', path])
  t.match(forPeople.stdout, 'problem: rule 5: fhirPathRules[4].path')
  t.match(forPeople.stdout, '2 problems, 4 warnings')
})

t.test('a configuration without fault gives exit code 0', async (t) => {
  const { exitCode, stdout } = await sluice([
    'lint',
    '-c',
    config(t, [
      { path: 'Patient.name', method: 'redact' },
      { path: 'Resource', method: 'redact' },
    ]),
  ])
  t.equal(exitCode, 0)
  t.match(stdout, '0 problems, 0 warnings')
})

t.test('warnings end with 0, and with 2 where --strict asks for it', async (t) => {
  const path = config(t, [{ path: 'Patient.name', method: 'redact' }])
  const { exitCode, stdout } = await sluice(['lint', '-c', path])
  t.equal(exitCode, 0)
  t.match(stdout, '[unreached-addresses]')
  t.equal((await sluice(['lint', '-c', path, '--strict'])).exitCode, 2)
})

t.test('every preset is without problem and warning', async (t) => {
  for (const name of ['safe-harbor-r4', 'safe-harbor-stu3', 'research-r4']) {
    const env = {
      SLUICE_DATE_SHIFT_KEY: 'shift: pelican, ember, 4 rivers',
      SLUICE_CRYPTO_HASH_KEY: 'hash: walnut, tundra, 9 lamps',
    }
    const { exitCode, stdout } = await sluice(['lint', '-c', `configs/${name}.json`], { env })
    t.equal(exitCode, 0, stdout)
  }
})

t.test('lint lists the systems that codeSystems lets through, and what is checked', async (t) => {
  const allow = ['loinc', 'hl7', 'http://example.org/wards']
  const path = config(t, [{ path: 'Resource', method: 'redact' }], { codeSystems: { allow } })
  const { codeSystems } = JSON.parse((await sluice(['lint', '-c', path, '--json'])).stdout)
  t.match(codeSystems, [
    { entry: 'loinc', set: 'loinc', urls: ['http://loinc.org', /^urn:oid:/], form: /check digit/ },
    { entry: 'hl7', title: 'HL7 Terminology and FHIR', urls: [] },
    { entry: 'http://example.org/wards', urls: ['http://example.org/wards'], form: /the form of a code/ },
  ])
  const { stdout } = await sluice(['lint', '-c', path])
  t.match(stdout, /codes of 1\d{3} systems stay where no rule changes them/)
  t.match(stdout, /^ {2}hl7: HL7 Terminology and FHIR, 1\d{3} systems$/m)
  const loose = config(t, [{ path: 'Resource', method: 'redact' }], {
    codeSystems: { allow, grammar: false },
  })
  t.match((await sluice(['lint', '-c', loose])).stdout, /^without grammar, all texts /m)
  t.match(
    (await sluice(['lint', '-c', config(t, [{ path: 'Resource', method: 'redact' }])])).stdout,
    /^(?!.*codes of)/s,
  )
})
