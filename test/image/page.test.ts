import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { VERBS } from '../../src/commands/verbs.js'
import { projectRoot } from '../support/shared.js'

// docs/container.md says what the Dockerfile and the command line have.

const read = (name: string): string => readFileSync(join(projectRoot, name), 'utf8')
const page = read('docs/container.md')
const dockerfile = read('Dockerfile')

const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.replace(/\\\n\s*/g, ' ').split('\n'))
  .filter((line) => line.trim() !== '')

t.test('the page lists every build argument and no other', async (t) => {
  const rows = [...page.matchAll(/^\| (`[A-Z]+`(?:, `[A-Z]+`)*) \|/gm)].map(([, cell = '']) => cell)
  const listed = rows.flatMap((cell) => [...cell.matchAll(/[A-Z]+/g)].map(([name]) => name))
  const declared = [...dockerfile.matchAll(/^ARG ([A-Z]+)/gm)].map(([, name = '']) => name)
  t.strictSame([...new Set(listed)].sort(), [...new Set(declared)].sort())
  const [, base = ''] = /^ARG BASE=(\S+)$/m.exec(dockerfile) ?? []
  t.ok(page.includes(`| \`BASE\` | \`${base}\` |`), base)
  for (const [, name = ''] of page.matchAll(/--build-arg ([A-Z]+)=/g)) t.ok(declared.includes(name), name)
})

t.test('the commands of the page are commands, with options that they have', async (t) => {
  const started = commands.flatMap((line) => [...line.matchAll(/ sluice ([a-z-]+) (-.*)$/g)])
  t.ok(started.length >= 3)
  for (const [, name = '', rest = ''] of started) {
    const verb = VERBS.find((each) => each.name === name)
    const flags = Object.values(verb?.options ?? {}).map(({ flags }) => flags.split(/[ ,]+/))
    for (const [, option = ''] of rest.matchAll(/(?:^| )(--?[a-z][a-z-]*)/g))
      t.ok(flags.flat().includes(option), `${name} ${option}`)
  }
})

t.test('the paths and variables of the page are those of the image', async (t) => {
  const [, sbom = ''] = /fhir-sluice\.sbom="([^"]+)"/.exec(dockerfile) ?? []
  t.ok(sbom !== '' && page.includes(`\`${sbom}\``), sbom)
  t.ok(commands.some((line) => line.includes(` sluice ${sbom}`)))
  const health = read('container/health.mjs')
  for (const text of ['SLUICE_HEALTH_URL', 'http://127.0.0.1:8080/healthz'])
    t.ok(page.includes(text) && health.includes(text), text)
  const [, user = ''] = /^USER (\d+):/m.exec(dockerfile) ?? []
  t.ok(page.includes(`**User**: ${user}`), user)
})
