// Holds what the head of src/anonymizer/methods/method.ts promises: a method is added in its file and in the table.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { projectRoot } from '../../support/shared.js'

// The method that CONTRIBUTING's guide could add: it cuts texts off and leaves everything else.
const TRUNCATE = `import { jsonString } from '../../fhir/text.js'
import { type LeafMethod, RECORD, UNCHANGED } from './leaf.js'
import { method, type RuleWith } from './method.js'

const settings = { length: { kind: 'number', isWhole: true, min: 1, max: 100 } } as const

export const truncate = method({
  name: 'truncate',
  summary: 'cuts a text off after \`length\` characters',
  settings,
  records: ['ABSTRACT'],
  reach: 'values',
  changesOnly: { types: new Set(['string', 'markdown']), noun: 'text' },
  compile: (rule) => compileTruncate(rule),
  walk: ({ type }) => (type === 'string' || type === 'markdown' ? 'method' : 'keep'),
  resultOf: ({ type }) => (type === 'string' || type === 'markdown' ? 'generalized' : 'kept'),
})

function compileTruncate({ length }: RuleWith<typeof settings>): LeafMethod {
  return ({ type, text }) => {
    if ((type !== 'string' && type !== 'markdown') || text.length <= length) return UNCHANGED
    return { record: RECORD.ABSTRACT, json: jsonString(text.slice(0, length)) }
  }
}
`

t.test('a method is added in its file and in the table, nowhere else', async (t) => {
  t.setTimeout(300_000)
  const copy = t.testdir({ 'package.json': '{"type":"module"}' })
  cpSync(join(projectRoot, 'src'), join(copy, 'src'), { recursive: true })
  cpSync(join(projectRoot, 'tsconfig.json'), join(copy, 'tsconfig.json'))
  symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, 'src/anonymizer/methods/truncate.ts'), TRUNCATE)
  const table = join(copy, 'src/anonymizer/methods/table.ts')
  const text = readFileSync(table, 'utf8')
  const added = text
    .replace(/^import /m, "import { truncate } from './truncate.js'\nimport ")
    .replace(/^ {2}generalize,$/m, '  generalize,\n  truncate,')
  t.ok(added.split('truncate').length > 3, 'the table lists it')
  writeFileSync(table, added)
  // tap's loaders come with NODE_OPTIONS, and the compiler does not start with them.
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc')
  execFileSync('env', ['-u', 'NODE_OPTIONS', process.execPath, compiler, '-p', copy], { cwd: copy })
  const module = 'dist/src/anonymizer/walk/walk.wasm'
  cpSync(join(projectRoot, module), join(copy, module))
  const load = async (path: string) => await import(pathToFileURL(join(copy, 'dist/src', path)).href)
  const { checkConfig } = await load('config/anonymizer/configuration.js')
  const { lintConfig } = await load('config/anonymizer/lint-config.js')
  const { configurationJsonSchema } = await load('config/anonymizer/schema.js')
  const { createLineAnonymizerSync } = await load('anonymizer/line-anonymizer.js')
  const { Output } = await load('anonymizer/output.js')
  const configOf = (...rules: readonly object[]) => ({
    fhirVersion: 'R4',
    fhirPathRules: rules,
    parameters: {},
  })

  const config = configOf(
    { path: 'Patient.name.family', method: 'TRUNCATE', length: '3' },
    { path: 'Patient.birthDate', method: 'truncate', length: 3 },
    { path: 'Resource', method: 'redact' },
  )
  const { spec } = checkConfig(config)
  const line = Buffer.from(
    '{"resourceType":"Patient","name":[{"family":"Longname","given":["G"]}],"birthDate":"1950-01-02"}',
  )
  for (const engine of ['interpreter', 'automatic']) {
    const anonymizer = createLineAnonymizerSync({ ...spec, asOf: '2026-11-21' }, {}, { engine })
    const out = new Output()
    const context = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }
    t.equal(anonymizer.anonymizeLine(line, { start: 0, end: line.length }, context, out), undefined)
    t.equal(anonymizer.counts.interpretedLines, engine === 'interpreter' ? 1 : 0)
    const { name, birthDate, meta } = JSON.parse(out.bytes.toString('utf8', 0, out.length))
    t.same(name, [{ family: 'Lon' }], engine)
    t.equal(birthDate, '1950-01-02', engine)
    t.match(meta.security, [{ code: 'REDACTED' }, { code: 'ABSTRED' }], engine)
  }

  t.match(JSON.stringify(configurationJsonSchema()), /"truncate".*"length"/)
  t.throws(() => checkConfig(configOf({ path: 'Patient.id', method: 'truncate', length: 0 })), {
    message: /rule 1: fhirPathRules\[0\]\.length must be a whole number from 1 to 100/,
  })
  const linted = configOf(
    { path: 'Patient.name', method: 'truncate', length: 3, lenght: 3 },
    { path: 'Patient.name.family', method: 'truncate', length: 3 },
    { path: 'Resource', method: 'redact' },
  )
  t.match(lintConfig(linted), [
    { rule: 1, code: 'unknown-key', message: /method truncate; did you mean "length"/ },
    { rule: 2, code: 'shadowed' },
  ])
})
