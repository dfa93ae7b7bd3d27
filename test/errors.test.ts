import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EXIT_MEANINGS, exitCodeOf } from '../src/commands/exit-codes.js'
import { describeFailure } from '../src/commands/failure.js'
import { CODES, type ErrorCode, isSluiceError, SluiceError, sluiceError } from '../src/errors.js'
import { projectRoot } from './support/shared.js'
import { readSourceTree } from './support/source-tree.js'

const names = Object.keys(CODES) as ErrorCode[]

const textsOf = (folder: string): string[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'errors.test.ts')
    .map((name) => readFileSync(join(projectRoot, folder, name), 'utf8'))

const named = (texts: readonly string[]) => (code: string) =>
  texts.some((text) => new RegExp(`(?<![A-Z_])${code}(?![A-Z_])`).test(text))

t.test('every code is used, documented, and brought about by a test', async (t) => {
  const source = [...readSourceTree(join(projectRoot, 'src'))].filter(([file]) => file !== 'errors.ts')
  const isUsed = (code: string) => source.some(([, text]) => text.includes(`'${code}'`))
  const isProvoked = named(textsOf('test'))
  const page = readFileSync(join(projectRoot, 'docs', 'errors.md'), 'utf8')
  for (const code of names) {
    t.ok(isUsed(code), `${code} is used`)
    t.ok(page.includes(`| \`${code}\` |`), `${code} is in docs/errors.md`)
    t.ok(isProvoked(code), `${code} is provoked`)
  }
})

t.test(
  'the texts of the table can follow a colon and a semicolon, and its exit codes are documented',
  async (t) => {
    const exitCodes = EXIT_MEANINGS.map(([code]) => code)
    for (const code of names) {
      const { means, help, exitCode, blame } = CODES[code]
      for (const text of [means, help]) t.match(text, /^[a-z].*[^.]$/, `${code}: ${text}`)
      t.ok(exitCodes.includes(exitCode), `${code} ends with ${exitCode}`)
      t.equal(exitCode === 1, blame === 'bug', `${code}: only a bug ends with 1`)
    }
  },
)

t.test('a place gives what happened; the table gives blame, retry and what to do', async (t) => {
  const cause = new Error('ENOSPC')
  const error = sluiceError('SINK_FULL', { at: 'x.ndjson', message: 'no room left', cause })
  t.match(error, { code: 'SINK_FULL', blame: 'sink', retry: 'later', at: 'x.ndjson', cause })
  t.equal(error.message, 'no room left; make room and run it again')
  t.equal(exitCodeOf(error), 4)
  t.equal(describeFailure(error).text, 'SINK_FULL: x.ndjson: no room left; make room and run it again')
  t.ok(error instanceof SluiceError && error instanceof Error && isSluiceError(error))
})

t.test('a place that knows better gives its own advice', async (t) => {
  const error = sluiceError('SINK_FULL', { message: 'no room left', help: 'delete /tmp/x' })
  t.equal(error.message, 'no room left; delete /tmp/x')
})

t.test('problems say themselves what to do', async (t) => {
  const problems = [{ path: 'a', message: 'must be a number' }]
  const error = sluiceError('CONFIG_INVALID', { message: 'the file has a problem:\n  - a', problems })
  t.equal(error.message, 'the file has a problem:\n  - a')
  t.equal(describeFailure(error).text, 'CONFIG_INVALID: the file has a problem:\n  - a')
})

t.test('the code of the system stands with what happened', async (t) => {
  const cause = Object.assign(new Error('x'), { code: 'ENOENT' })
  const { text } = describeFailure(
    sluiceError('CONFIG_INVALID', { at: 'c.json', message: 'cannot be read', cause }),
  )
  t.equal(text, 'CONFIG_INVALID: c.json: cannot be read (ENOENT); correct it and run it again')
})
