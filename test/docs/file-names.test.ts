import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

const PAGES = [
  ...inFolder('.').filter((name) => !name.endsWith('CHANGELOG.md')),
  ...inFolder('docs'),
  ...inFolder('docs/adr'),
  ...inFolder('docs/clusters'),
  ...inFolder('assembly'),
]
const ROOTS = ['assembly', 'src', 'test', 'bench', 'scripts', 'examples']

t.test('every source file that a page names exists', async (t) => {
  const files = ROOTS.flatMap((root) =>
    existsSync(join(projectRoot, root))
      ? readdirSync(join(projectRoot, root), { recursive: true, encoding: 'utf8' }).map((f) => `${root}/${f}`)
      : [],
  )
  const names = new Set(files.map((file) => basename(file)))
  const isThere = (name: string): boolean =>
    name.includes('/') ? files.some((file) => file === name || file.endsWith(`/${name}`)) : names.has(name)
  for (const page of PAGES) {
    const text = readFileSync(join(projectRoot, page), 'utf8')
    const named = [...text.matchAll(/`([\w./-]+\.ts)`/g)].map((match) => match[1] ?? '')
    t.strictSame(
      named.filter((name) => !isThere(name)),
      [],
      page,
    )
  }
})

function inFolder(folder: string): string[] {
  if (!existsSync(join(projectRoot, folder))) return []
  return readdirSync(join(projectRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}
