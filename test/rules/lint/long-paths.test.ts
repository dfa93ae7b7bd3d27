import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { elementTree } from '../../../src/fhir/elements.js'
import { checkRulePath } from '../../../src/rules/path/rule-path.js'
import { lintRules } from '../../support/lint-rules.js'
import { sluice } from '../../support/sluice.js'

const inEach = (count: number, start: string, part: string): string =>
  `${'('.repeat(count)}${start}${part.repeat(count)}`

const TOO_LONG: readonly (readonly [name: string, path: string])[] = [
  ['20,000 steps', `Patient${'.name'.repeat(20_000)}`],
  ['20,000 calls', `Patient${'.first()'.repeat(20_000)}`],
  ['20,000 indices', `Patient.name${'[0]'.repeat(20_000)}`],
  ['1,000 parentheses', `${'('.repeat(1_000)}Patient.name${')'.repeat(1_000)}`],
  ['1,000 conditions in conditions', `Patient${'.where(name'.repeat(1_000)}${')'.repeat(1_000)}`],
  ['20,000 alternatives', `Patient.where(${Array(20_000).fill("id = 'a'").join(' or ')})`],
  ['20,000 sides of a union', Array(20_000).fill('Patient.name').join(' | ')],
  ['20,000 signs', `Patient.where(id = ${'-'.repeat(20_000)}1)`],
  ['5,000 open parentheses', '('.repeat(5_000)],
  ['900 steps in each of 90 parentheses', inEach(90, 'Patient', `${'.name'.repeat(900)})`)],
  [
    '900 operators in each of 90 parentheses',
    `Patient.where(${inEach(90, "'a'", `${" & 'a'".repeat(900)})`)})`,
  ],
  [
    '900 indices in each of 90 indices',
    `Patient${'.name[0'.repeat(90)}${`]${'[0]'.repeat(900)}`.repeat(90)}`,
  ],
]

for (const [name, path] of TOO_LONG)
  t.test(`a path with ${name} is a fault of the configuration`, async (t) => {
    t.match(checkRulePath(path), /expressions (?:nested|in a row)/)
  })

const LONG: readonly (readonly [name: string, path: string])[] = [
  ['400 steps', `Questionnaire${'.item'.repeat(400)}.text`],
  ['900 alternatives', `Patient.where(${Array(900).fill("id = 'a'").join(' or ')})`],
  ['90 parentheses', `${'('.repeat(90)}Patient.name${')'.repeat(90)}`],
  ['1,800 steps in two rows', `(Questionnaire${'.item'.repeat(900)})${'.item'.repeat(900)}`],
]

for (const [name, path] of LONG)
  t.test(`a path with ${name} is judged`, async (t) => {
    t.equal(checkRulePath(path), undefined)
    t.doesNotThrow(() => lintRules([{ number: 1, path, method: 'redact' }], elementTree('R4')))
  })

t.test('no verb calls a long path a bug: exit code 2', async (t) => {
  const folder = t.testdir({ in: { 'Patient.ndjson': '{"resourceType":"Patient"}\n' } })
  const config = join(folder, 'config.json')
  const rules = TOO_LONG.map(([, path]) => ({ path, method: 'redact' }))
  writeFileSync(config, JSON.stringify({ fhirVersion: 'R4', fhirPathRules: rules }))
  for (const args of [
    ['lint', '-c', config],
    ['anonymize', '-i', join(folder, 'in'), '-o', join(folder, 'out'), '-c', config],
  ]) {
    const { exitCode, stdout, stderr } = await sluice(args)
    t.equal(exitCode, 2, `${args[0]}`)
    t.notMatch(stdout + stderr, 'bug in Sluice')
    t.ok((stdout + stderr).length < 20_000, 'the message does not repeat the path')
  }
})
