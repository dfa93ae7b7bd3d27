import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

// npx fetches what is not installed: a name that belongs to nobody can become anybody's, and it swallows signals.
const FETCHES = /\b(?:npx|npm exec|pnpm dlx|yarn dlx|bunx)\b/

const textsIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name))

t.test('no document, example or message starts Sluice by a name that a registry would resolve', async (t) => {
  const files = [
    'README.md',
    'ARCHITECTURE.md',
    ...textsIn('docs', /\.md$/),
    ...textsIn('configs', /\.(?:md|json|ya?ml)$/),
    ...textsIn('src', /\.c?ts$/),
  ]
  t.ok(files.length > 100, 'the texts are found')
  for (const file of files) {
    const at = readFileSync(join(projectRoot, file), 'utf8').split('\n')
    t.strictSame(
      at.filter((text) => FETCHES.test(text)),
      [],
      file,
    )
  }
})
