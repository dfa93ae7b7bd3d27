import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { documents } from '../../scripts/docs.js'
import { METHODS } from '../../src/anonymizer/methods/table.js'
import { VERBS } from '../../src/commands/verbs.js'
import { judgeConfig } from '../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../src/config/anonymizer/configuration-file.js'
import { elementTree } from '../../src/fhir/elements.js'
import { uncovered } from '../../src/rules/lint/findings/coverage.js'
import { lintRules } from '../support/lint-rules.js'
import { projectRoot } from '../support/shared.js'

const DOCUMENTS = [
  '.',
  'docs',
  'docs/adr',
  'docs/clusters',
  'configs',
  'examples',
  'test/fixtures/original',
].flatMap((folder) =>
  existsSync(join(projectRoot, folder))
    ? readdirSync(join(projectRoot, folder))
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(folder, name))
    : [],
)

t.test('generated documents are what npm run docs makes of the source', async (t) => {
  for (const [path, text] of documents())
    t.equal(readFileSync(join(projectRoot, path), 'utf8'), text, `${path}: npm run docs brings it up to date`)
})

t.test('links in the documents lead somewhere', async (t) => {
  for (const path of DOCUMENTS) {
    const text = readFileSync(join(projectRoot, path), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+?)(?:#[^)]*)?\)/g))
      if (!/^https?:/.test(target))
        t.ok(existsSync(join(projectRoot, dirname(path), target)), `${path} → ${target}`)
  }
})

t.test('the configuration of the README is one without problem or surprise', async (t) => {
  const baseFolder = t.testdir({ 'date-shift.key': 'shift: pelican, ember, 4 rivers' })
  process.env.HASH_KEY = 'hash: walnut, tundra, 9 lamps'
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
  const example = /```jsonc\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const { problems, notices, rules } = judgeConfig(parseConfigText(example, 'README.md'), { baseFolder })
  t.same(problems, [])
  t.same(notices, [])
  t.same(lintRules(rules, elementTree('R4')), [])
  t.same(
    uncovered(
      rules.map(({ path }) => path),
      elementTree('R4'),
    ),
    [],
  )
})

t.test('every verb and every method stands in the README', async (t) => {
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')
  for (const { name } of VERBS) t.ok(readme.includes(`sluice ${name}`), name)
  for (const { name } of METHODS) t.ok(readme.includes(`| \`${name}\` |`), name)
})
