import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from './support/shared.js'
import { readSourceTree, violations } from './support/source-tree.js'

t.test(
  'the source keeps to the design: direction, adapters, folder names, no barrels, no cycles',
  async (t) => {
    const tree = readSourceTree(join(projectRoot, 'src'))
    t.ok(tree.size > 5, 'the source is found')
    t.strictSame(violations(tree), [])
  },
)

const against: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an import against the direction': { 'fhir/a.ts': `import { b } from '../rules/b.js'`, 'rules/b.ts': '' },
  'an import between siblings': {
    'load/a.ts': `import type { b } from '../export/b.js'`,
    'export/b.ts': '',
  },
  'config imported below the commands': {
    'pipeline/a.ts': `import { b } from '../config/b.js'`,
    'config/b.ts': '',
  },
  'an unknown folder that imports': { 'thing/a.ts': `import '../errors.js'`, 'errors.ts': '' },
  'two importers of one library': {
    'fhir/a.ts': `import x from '@a/b'`,
    'rules/b.ts': `const x = await import('@a/b/c')`,
  },
  'a library loaded by require elsewhere': {
    'fhir/a.ts': `import x from 'lib'`,
    'rules/b.ts': "require('lib/sub')",
  },
  'zod outside config': { 'rules/a.ts': `import { z } from 'zod'` },
  'a folder of leftovers': { 'rules/helpers/a.ts': '' },
  'a barrel': { 'rules/all.ts': `export { a } from './a.js'`, 'rules/a.ts': '' },
  'an index file': { 'rules/index.ts': '' },
  'a cycle': { 'fhir/a.ts': `import { b } from './b.js'`, 'fhir/b.ts': `import type { a } from './a.js'` },
  'a cycle of rooms': {
    'fhir/json/a.ts': `import { b } from '../b.js'`,
    'fhir/b.ts': `import type { c } from './json/c.js'`,
    'fhir/json/c.ts': '',
  },
  'process.env outside config': { 'storage/a.ts': 'const home = process.env.HOME' },
  'process.exit outside cli.ts': { 'commands/a.ts': 'process.exit(1)' },
  'a signal outside cli.ts': { 'pipeline/a.ts': `process.once('SIGINT', stop)` },
  'stdout outside cli.ts': { 'commands/a.ts': 'process.stdout.write(text)' },
  'a text that is thrown': { 'rules/a.ts': `throw 'no'` },
  'an object that is thrown': { 'rules/a.ts': `throw { code: 'X' }` },
  'an instance that is no error': {
    'rules/a.ts': `import { Wrong } from './b.js'\nthrow new Wrong()`,
    'rules/b.ts': 'export class Wrong {}',
  },
  'a class of errors that is none': { 'rules/a.ts': 'class TextError {}' },
  'a promise rejected with a text': { 'rules/a.ts': 'new Promise((_, reject) => reject(`no`))' },
  'a signal aborted with undefined': { 'rules/a.ts': 'stop.abort(undefined)' },
  'an import of nothing': { 'rules/a.ts': `import './b.js'` },
}

t.test('each thing against the design is found', async (t) => {
  for (const [name, files] of Object.entries(against))
    t.equal(violations(new Map(Object.entries(files))).length, 1, name)
})

t.test('what the design allows is not found', async (t) => {
  const tree = new Map(
    Object.entries({
      'cli.ts': `import { run } from './commands/run.js'\nprocess.exit(await run(process.stdout))`,
      'commands/run.ts': `import { read } from '../config/read.js'\nimport { Command } from 'commander'`,
      'config/read.ts': `import { z } from 'zod'\nimport type { Spec } from '../anonymizer/spec.js'\nprocess.env.KEY`,
      'config/rule.ts': `import { z } from 'zod'`,
      'anonymizer/spec.ts': `import { x } from '../fhir/x.js' // not process.env`,
      'fhir/x.ts': `import { readFile } from 'node:fs/promises'\nimport { e } from '../errors.js'`,
      'errors.ts': 'export class E extends TypeError {}\nclass F extends E {}\nthrow new F()',
      'rules/y.ts': `const stop = () => item.abort()\nif (e) throw e\nthrow await made(e)\nreject(new Error('x'))\nPromise.reject(signal.reason)`,
      'index.ts': `export { run } from './commands/run.js'`,
    }),
  )
  t.strictSame(violations(tree), [])
})
