import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import t from 'tap'
import { packedFiles } from '../../scripts/packed.js'
import { projectRoot } from '../support/shared.js'

const files = new Set(packedFiles())
const isPacked = (path: string): boolean =>
  files.has(path) || [...files].some((file) => file.startsWith(`${path.replace(/\/$/, '')}/`))

t.test('the tarball holds what a user needs and nothing of the tests', async (t) => {
  for (const path of [
    ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'ARCHITECTURE.md'],
    ...['dist/src/cli.js', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/engine.d.ts'],
    ...['dist/src/workers/entry.cjs', 'configs/safe-harbor-r4.json', 'docs/reference.md'],
  ])
    t.ok(files.has(path), path)
  t.strictSame(
    [...files].filter((path) => /^(?:dist\/)?(?:test|bench|scripts)\/(?!README)|^src\//.test(path)),
    [],
  )
})

t.test('every relative link in the packed documents leads to a packed file', async (t) => {
  const documents = [...files].filter((path) => path.endsWith('.md'))
  t.ok(documents.length > 10)
  for (const path of documents) {
    const text = readFileSync(join(projectRoot, path), 'utf8').replace(/```[\s\S]*?```/g, '')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!/^[a-z]+:/.test(target)) {
        const found = posix.normalize(posix.join(posix.dirname(path), target))
        t.ok(isPacked(found), `${path} → ${target}`)
        t.ok(existsSync(join(projectRoot, dirname(path), target)))
      }
  }
})

t.test('every heading that a link names is there', async (t) => {
  for (const path of [...files].filter((name) => name.endsWith('.md'))) {
    const text = readFileSync(join(projectRoot, path), 'utf8').replace(/```[\s\S]*?```/g, '')
    for (const [, target = '', anchor = ''] of text.matchAll(/\]\(([^)#\s:]*)#([^)]*)\)/g)) {
      const page = target === '' ? path : posix.normalize(posix.join(posix.dirname(path), target))
      t.ok(anchorsOf(page).has(anchor), `${path} → ${target}#${anchor}`)
    }
  }
})

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    readFileSync(join(projectRoot, page), 'utf8')
      .split('\n')
      .flatMap((line) => /^#+ +(.*)$/.exec(line)?.[1] ?? [])
      .map((heading) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .trim()
          .replace(/\s/g, '-'),
      ),
  )
