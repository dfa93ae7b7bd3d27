// Holds src/commands/explain/options.ts, src/commands/explain/explanation.ts, src/commands/explain/leaf-filter.ts,
// src/commands/explain/folded-rows.ts, src/commands/explain/text.ts, src/commands/explain/data.ts,
// src/commands/explain/page/page.ts, src/commands/explain/page/sections.ts, src/commands/explain/page/script.ts,
// src/diff/page/table.ts.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { verbRun } from '../../support/verb-run.js'

const RULES = [
  { path: "Patient.name.where(use = '<b>').family", method: 'keep' },
  { path: 'Patient.name', method: 'redact' },
  { path: 'Patient.birthDate', method: 'dateShift' },
  { path: 'Patient.contact', method: 'remove' },
  { path: 'Patient.contact.gender', method: 'keep' },
  { path: 'Resource.id', method: 'cryptoHash' },
]

function configOf(t: Test, rest: object = {}): string {
  const path = join(t.testdir(), 'config.json')
  const parameters = { cryptoHashKey: { env: 'NOT_SET' }, dateShiftKey: { random: true } }
  writeFileSync(path, JSON.stringify({ fhirVersion: 'R4', fhirPathRules: RULES, parameters, ...rest }))
  return path
}

const linesOf = (text: string): readonly string[] => text.trimEnd().split('\n')

t.test('a list names the rule that decides each element, and what happens otherwise', async (t) => {
  const config = configOf(t)
  const lines = async (...words: string[]): Promise<readonly string[]> =>
    linesOf((await verbRun(['explain', '-c', config, ...words])).stdout)
  t.strictSame(await lines('--path', 'Patient.name.family'), [
    'Patient.name.family (string): kept where rule 1 (keep) matches; else removed by rule 2 (redact)',
    '1 elements',
  ])
  t.match(await lines('--path', 'Patient.contact'), [
    /^Patient\.contact \([\d,]+ elements\): removed by rule 4/,
  ])
  t.match(await lines('--path', 'Patient.birthDate'), [
    'Patient.birthDate (date): shifted by rule 3 (dateShift)',
  ])
  const kept = await lines('--type', 'Patient', '--kept', '--identifier', 'A')
  t.ok(kept.some((line) => line.startsWith('Patient.name.family (string): kept where rule 1')))
  const texts = await lines('--type', 'Patient', '--kind', 'text', '--path', 'Patient.link')
  t.ok(texts.every((line) => !line.includes('(code)')))
})

t.test('choices can be named with and without their type, and extensions are opened', async (t) => {
  const config = configOf(t)
  const run = async (path: string): Promise<readonly string[]> =>
    linesOf((await verbRun(['explain', '-c', config, '--csv', '--path', path])).stdout).slice(1)
  const typed = await run('Observation.value.ofType(Quantity).value')
  t.equal(typed.length, 1)
  t.match(typed[0], /^Observation\.value\.ofType\(Quantity\)\.value,decimal,numbers,,not examined,kept,,,,/)
  t.ok((await run('Observation.value')).includes(typed[0] ?? ''))
  const opened = await run('Patient.extension')
  t.ok(opened.length > 300, `${opened.length} values in an extension`)
  t.ok(opened.some((line) => line.startsWith('Patient.extension.value.ofType(code),')))
})

t.test('the summary counts what becomes of the identifiers, and the claim, without keys', async (t) => {
  const { exitCode, stdout } = await verbRun(['explain', '-c', configOf(t)])
  t.equal(exitCode, 0)
  t.match(stdout, /^[\d,]+ elements of R4, 6 rules\nsupports at most the claim none, because:/)
  t.match(stdout, /\nA Names +[\d·]/)
  t.match(stdout, /\nR Any other unique/)
})

t.test('--json has each element with its outcomes, the rules and the paths behind the table', async (t) => {
  const { stdout } = await verbRun(['explain', '-c', configOf(t), '--json', '--type', 'Patient'])
  const data = JSON.parse(stdout) as {
    elements: { path: string }[]
    coverage: { identifier: string; paths: Record<string, string[]> }[]
    rules: object[]
  }
  t.match(
    data.elements.find(({ path }) => path === 'Patient.name.family'),
    {
      type: 'string',
      kind: 'text',
      identifiers: 'A',
      coverage: 'kept otherwise',
      outcomes: [
        { result: 'kept', rule: 1, method: 'keep', isConditional: true },
        { result: 'removed', rule: 2 },
      ],
    },
  )
  t.equal(data.coverage.length, 19)
  t.ok(data.coverage[0]?.paths['kept otherwise']?.includes('Patient.name.family'))
  t.ok(data.rules.length >= 6)
})

t.test('the page escapes what it shows, runs only its own script, and loads nothing', async (t) => {
  const config = configOf(t)
  const page = join(t.testdirName, 'page.html')
  const { exitCode, stdout } = await verbRun(['explain', '-c', config, '--html', page])
  t.equal(exitCode, 0)
  t.match(stdout, `page: ${page}`)
  const text = readFileSync(page, 'utf8')
  t.ok(text.startsWith('<!doctype html>'))
  t.notMatch(text, /use = '<b>'/)
  t.match(text, 'use = &#39;&#60;b&#62;&#39;')
  const script = /<script>([\s\S]*?)<\/script>/.exec(text)?.[1] ?? ''
  t.ok(text.includes(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`))
  t.notMatch(text, /(?:src|href)=|@import|url\(/)
  t.match(text, /<code>Patient\.birthDate<\/code><\/th><td>date<\/td><td class="fate">transformed<\/td>/)
  t.match(text, /<summary><strong>Observation<\/strong>/)
})

t.test('a name that nothing has is an error, and so is a file of someone else', async (t) => {
  const config = configOf(t)
  for (const words of [
    ['--type', 'Patiant'],
    ['--path', 'Patient.nmae'],
    ['--json', '--csv'],
    ['--html', config],
  ])
    t.equal((await verbRun(['explain', '-c', config, ...words])).exitCode, 2, words.join(' '))
})

t.test('a claim that is not supported is explained, and faulty rules are refused', async (t) => {
  const stated = await verbRun(['explain', '-c', configOf(t, { claim: 'safe-harbor' })])
  t.equal(stated.exitCode, 0)
  t.match(stated.stdout, /supports at most the claim none/)
  const faulty = await verbRun([
    'explain',
    '-c',
    configOf(t, { fhirPathRules: [{ path: 'Patient..x', method: 'keep' }] }),
  ])
  t.equal(faulty.exitCode, 2)
})
