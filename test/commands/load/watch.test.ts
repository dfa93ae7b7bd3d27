// Holds src/commands/load/watch.ts, src/commands/load/watch-options.ts, src/commands/load/load-setting.ts.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../../fhir-server/server.js'
import { patient, patients } from '../../support/load-run.js'
import { startSluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

/** Waits for what the process does to the files. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('what arrives in two folders is loaded and moved, with a note beside it', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const cwd = t.testdir({ bundles: {}, ndjson: { 'early.ndjson': patients(3) } })
  const words = ['load', 'bundles', 'ndjson', '--to', server.base, '--watch', '--move']
  const { child, finished } = startSluice([...words, '--every', '1', '--settle', '0'], { cwd })
  t.teardown(() => child.kill())
  const namesIn = (folder: string) => (existsSync(join(cwd, folder)) ? readdirSync(join(cwd, folder)) : [])
  await until(() => namesIn('ndjsonprocessed').length === 2)
  t.strictSame(namesIn('ndjsonprocessed'), ['early.ndjson.processed', 'early.ndjson.processed.result'])
  writeFileSync(join(cwd, 'bundles', 'one.json'), patient(10))
  writeFileSync(join(cwd, 'ndjson', 'bad.ndjson'), `${patients(1, 20)}{"resourceType":"Patient"}\n`)
  await until(() => namesIn('bundlesprocessed').length === 2 && namesIn('ndjsonerr').length === 2)
  t.strictSame(namesIn('ndjsonerr'), ['bad.ndjson.err', 'bad.ndjson.err.response'])
  const note = JSON.parse(readFileSync(join(cwd, 'ndjsonerr', 'bad.ndjson.err.response'), 'utf8'))
  t.match(note, { file: 'bad.ndjson', read: 2, loaded: 1, failed: 1, audit: /audit\.ndjson$/ })
  t.strictSame([namesIn('ndjson'), namesIn('bundles')], [[], []])
  t.equal(server.resources().size, 5)
  child.kill('SIGTERM')
  const { exitCode, stderr } = await finished
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /"event":"watch.moved"/)
  t.notMatch(stderr, /item\.gone|CANARY/)
})

t.test('without --move files stay, and are not loaded twice', async (t) => {
  const server = await startFhirServer()
  t.teardown(server.close)
  const cwd = t.testdir({ in: { 'a.ndjson': patients(3) } })
  const words = ['load', 'in', '--to', server.base, '--watch', '--every', '1', '--settle', '0']
  for (let run = 0; run < 2; run += 1) {
    const { child, finished, saw } = startSluice(words, { cwd })
    t.teardown(() => child.kill())
    await saw('"event":"watch.loaded"')
    child.kill('SIGTERM')
    t.equal((await finished).exitCode, 0)
  }
  t.strictSame(readdirSync(join(cwd, 'in')), ['a.ndjson'])
  t.equal(server.figures().entries, 3)
})

const WRONG: Readonly<Record<string, RegExp>> = {
  'in --move': /--move needs --watch/,
  'in --processed x': /--processed needs --watch/,
  'in --watch --retry-errors': /--retry-errors loads once/,
  'in --watch --json': /--json prints one result/,
  'in --watch --via import --stage x': /cannot be used with --via import/,
  'in other --watch --processed x': /are for one source/,
}

t.test('options that do not fit together are refused', async (t) => {
  mkdirSync(join(t.testdir(), 'in'))
  for (const [words, says] of Object.entries(WRONG)) {
    const { exitCode, stderr } = await verbRun([
      'load',
      ...words.split(' '),
      '--to',
      'http://127.0.0.1:1/fhir',
    ])
    t.equal(exitCode, 2, words)
    t.match(stderr, says, words)
  }
})
