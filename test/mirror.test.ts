import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from './support/shared.js'

/** Files whose logic no test of this machine can reach, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'commands/v8-flags.ts': 'sets a flag of V8, which nothing can read back; bench/export.ts shows its effect',
  'fhir-client/auth/managed-identity.ts':
    "needs Azure's identity endpoint; scripts/azure-smoke.ts uses it there",
  'fhir/r4b-elements.ts': 'a generated table; test/fhir/r4b.test.ts holds it',
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )

const sources = filesIn('src').filter((name) => !name.endsWith('.d.ts'))
const tests = filesIn('test').filter((name) => name.endsWith('.test.ts'))

/** The files that the heads of tests name: `// Holds src/a/b.ts, src/c.ts.`, up to the first line without `//`. */
const heads = new Map(
  tests.map((name) => {
    const [head = ''] =
      /^\/\/ Holds (?:.*\n\/\/ )*.*/.exec(readFileSync(join(projectRoot, 'test', name), 'utf8')) ?? []
    return [name, [...head.matchAll(/src\/([\w./-]+\.ts)/g)].map((match) => match[1] ?? '')] as const
  }),
)
const held = new Set([...heads.values()].flat())

/** Whether a file has more than types and data: its compiled form has a function or a class. */
const hasLogic = (name: string): boolean =>
  /=>|\bfunction\b|\bclass\b/.test(
    readFileSync(join(projectRoot, 'dist/src', name.replace(/\.ts$/, '.js')), 'utf8').replace(
      /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
      '',
    ),
  )

t.test('every file with logic has a test of its name, or a test whose head names it', async (t) => {
  const missing = sources.filter(
    (name) =>
      !(name in EXCEPTIONS) &&
      !held.has(name) &&
      !existsSync(join(projectRoot, 'test', name.replace(/\.ts$/, '.test.ts'))) &&
      hasLogic(name),
  )
  t.ok(sources.length > 300 && tests.length > 200, 'both trees are found')
  t.strictSame(
    missing,
    [],
    'write a test, or name the file in the head of the test that would fail: // Holds src/…',
  )
})

t.test('heads and exceptions name files that exist', async (t) => {
  const unknown = [...heads].flatMap(([test, names]) =>
    names.filter((name) => !sources.includes(name)).map((name) => `${test}: src/${name}`),
  )
  t.strictSame(unknown, [])
  t.strictSame(
    Object.keys(EXCEPTIONS).filter((name) => !sources.includes(name)),
    [],
  )
})
