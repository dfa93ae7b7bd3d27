import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { judgeConfig } from '../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../src/config/anonymizer/configuration-file.js'
import { ENGINES, engineFor, textOf } from '../support/engines.js'
import { lawExamples, lawPage, lawSections } from '../support/law.js'
import { projectRoot } from '../support/shared.js'
import { specOf } from '../support/spec-of.js'

const page = lawPage()
const sections = lawSections(page)

t.test('the sections of the law are numbered without gap', async (t) => {
  let chapter = 0
  let section = 0
  for (const number of sections.keys()) {
    if (!number.includes('.')) section = 0
    const expected = number.includes('.') ? `${chapter}.${++section}` : String(++chapter)
    t.equal(number, expected)
  }
})

const examples = lawExamples(page)

t.test('the law has examples', async (t) => t.ok(examples.length > 200))

for (const [k, { name, config, input, expected }] of examples.entries())
  t.test(`law ${name} (example ${k + 1}) holds`, async (t) => {
    if (expected.kind === 'refused') {
      const { problems } = judgeConfig(parseConfigText(config, 'docs/anonymizer.md'), { allowWeakKeys: true })
      const messages = problems.map(({ path, message }) => `${path} ${message}`)
      t.ok(
        messages.some((message) => message.includes(expected.message)),
        expected.message,
        { messages },
      )
      return
    }
    for (const choice of ENGINES) {
      const outcome = (await engineFor(specOf(config), choice)).run(input ?? '', '', 0)
      const found = outcome.ok
        ? { kind: 'output', text: textOf(outcome.latin1) }
        : { kind: 'rejected', code: outcome.rejection.code }
      t.same(found, expected, `${choice} engine`, { config, input })
    }
  })

/** The text files of a folder of the project, with their paths. */
const textsBelow = (folder: string): (readonly [path: string, text: string])[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|md)$/.test(name))
    .map((name) => [join(folder, name), readFileSync(join(projectRoot, folder, name), 'utf8')] as const)

t.test('every citation of the law names one of its sections', async (t) => {
  let count = 0
  for (const folder of ['src', 'test', 'bench', 'scripts', 'docs'])
    for (const [path, text] of textsBelow(folder))
      for (const [, list = ''] of text.matchAll(/\blaw (\d+(?:\.\d+)?(?:(?:,| to| and) \d+(?:\.\d+)?)*)/g))
        for (const number of list.split(/[^\d.]+/)) {
          count++
          t.ok(sections.has(number), `${path}: law ${number}`)
        }
  t.ok(count > 30, 'citations are found')
})

const OUTSIDE = /\bspec\/[\w-]+\.md|\.\.\/shared|\bdesign(?:\.md)? \d|design\.md/
const COMMENT = /^\s*(?:\/\/|\/?\*)|\/\/ /

t.test('comments of the source cite no document outside the repository', async (t) => {
  const citing = textsBelow('src').flatMap(([path, text]) =>
    text
      .split('\n')
      .filter((line) => COMMENT.test(line) && OUTSIDE.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  )
  t.same(citing, [])
})

/** A heading's anchor on GitHub. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

t.test('links to sections of the law lead to one', async (t) => {
  const anchors = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)))
  const links = [
    ...page.matchAll(/\]\(#([^)]+)\)/g),
    ...textsBelow('docs').flatMap(([, text]) => [...text.matchAll(/anonymizer\.md#([^)]+)\)/g)]),
  ]
  t.ok(links.length > 40, 'links are found')
  for (const [, anchor = ''] of links) t.ok(anchors.has(anchor), `#${anchor}`)
})

t.test('the test files that the law names exist', async (t) => {
  const named = new Set([...page.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path = '']) => path))
  t.ok(named.size > 20, 'test files are named')
  for (const path of named) t.ok(existsSync(join(projectRoot, path)), path)
})
