// Holds src/check/contents.ts, src/check/files.ts, src/check/problems.ts, src/published/read.ts,
// src/published/names.ts, src/storage/azure/blob-output.ts, src/storage/folder/folder-output.ts.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CheckResult, checkOutput } from '../../src/check/check.js'
import { createRetry } from '../../src/http/retry.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { folderOutput } from '../../src/storage/folder/folder-output.js'
import { openOutputFiles, openSink } from '../../src/storage/open.js'
import { splitSink } from '../../src/storage/split.js'
import { ACCOUNT_KEY, startAzurite } from '../support/azurite.js'
import { firstOf } from '../support/elements.js'
import { run, runPipelineInto, textIn, writeFiles } from '../support/pipeline-run.js'

const LINE = `${JSON.stringify({ resourceType: 'Patient', id: 'a', gender: 'male' })}\n`
const INPUT = { 'a.ndjson': LINE.repeat(3), 'sub/b.ndjson': LINE, 'c.json': LINE, 'empty.ndjson': '' }

const check = (folder: string, options = {}): Promise<CheckResult> =>
  checkOutput(folderOutput(folder), options)

const found = ({ problems }: CheckResult): readonly string[] =>
  problems.map(({ code, file }) => `${code} ${file}`)

t.test('every kind of output is proven, with parts, gzip and sub-folders', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  await run(input, join(folder, 'plain'))
  await run(input, join(folder, 'gzip'), { gzip: true })
  await runPipelineInto(input, splitSink(folderSink(join(folder, 'split')), 60), { chunkBytes: 100 })
  for (const [name, fileCount] of [
    ['plain', 4],
    ['gzip', 4],
    ['split', 5],
  ] as const) {
    const result = await check(join(folder, name))
    t.same(found(result), [], name)
    t.match(result, { isProven: true, outputs: [{ folder: '', fileCount, lines: { delivered: 5 } }] }, name)
  }
})

const DAMAGE: Readonly<
  Record<string, readonly [damage: (out: string) => void, expected: readonly string[]]>
> = {
  'a missing file': [(out) => rmSync(join(out, 'a.ndjson')), ['missing a.ndjson']],
  'a file more': [(out) => writeFileSync(join(out, 'x.ndjson'), LINE), ['extra x.ndjson']],
  'a hidden file more': [(out) => writeFileSync(join(out, '.x'), ''), ['extra .x']],
  'a file renamed': [
    (out) => renameSync(join(out, 'a.ndjson'), join(out, 'z.ndjson')),
    ['missing a.ndjson', 'extra z.ndjson'],
  ],
  'one byte flipped': [
    (out) => writeFileSync(join(out, 'a.ndjson'), textIn(out, 'a.ndjson').replace('m', 'n')),
    ['changed a.ndjson'],
  ],
  'a byte more': [(out) => writeFileSync(join(out, 'empty.ndjson'), 'x'), ['changed empty.ndjson']],
  'a file cut off': [(out) => truncateSync(join(out, 'sub/b.ndjson'), 1), ['truncated sub/b.ndjson']],
  'a link to the same bytes': [
    (out) => {
      renameSync(join(out, 'a.ndjson'), `${out}-a`)
      symlinkSync(`${out}-a`, join(out, 'a.ndjson'))
    },
    ['link a.ndjson'],
  ],
  'a pipe more': [(out) => execFileSync('mkfifo', [join(out, 'pipe')]), ['not-a-file pipe']],
  'a folder linked in': [(out) => symlinkSync('/tmp', join(out, 'more')), ['link more']],
  'no report': [(out) => rmSync(join(out, 'run.json')), ['no-report run.json']],
  'a report in a sub-folder': [
    (out) => writeFileSync(join(out, 'sub/run.json'), '{}'),
    ['extra sub/run.json'],
  ],
}

t.test('whatever is changed in an output is found by its name', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  for (const [at, [name, [damage, expected]]] of Object.entries(DAMAGE).entries()) {
    const out = join(folder, `out${at}`)
    await run(input, out)
    damage(out)
    const result = await check(out)
    t.equal(result.isProven, false, name)
    // Without a report all files lie in no output.
    if (name === 'no report') t.ok(found(result).includes(firstOf(expected)), name)
    else t.same(found(result).toSorted(), [...expected].toSorted(), name)
    const sizes = await check(out, { isSizesOnly: true })
    t.equal(sizes.isProven, name === 'one byte flipped', `${name}, by sizes only`)
  }
})

const digest = 'a'.repeat(64)
const file = { name: 'a.ndjson', bytes: 1, sha256: digest }
const lines = { read: 1, delivered: 1, quarantined: 0, blank: 0 }
const report = (outputs: unknown, more = {}) => ({
  generator: 'fhir-sluice',
  format: 2,
  lines,
  outputs,
  ...more,
})

const HOSTILE: Readonly<Record<string, unknown>> = {
  'another tool': { outputs: [] },
  'a newer format': report([], { format: 3 }),
  'no outputs': report(undefined),
  'outputs of another kind': report('a.ndjson'),
  'a name above': report([{ ...file, name: '../secret' }]),
  'a name above inside': report([{ ...file, name: 'a/../../secret' }]),
  'an absolute name': report([{ ...file, name: '/etc/passwd' }]),
  'a name with NUL': report([{ ...file, name: 'a\0b' }]),
  'an empty name': report([{ ...file, name: '' }]),
  'no name': report([{ bytes: 1 }]),
  'a name twice': report([file, file]),
  'a part twice': report([{ ...file, parts: [file, file] }]),
  'a part above': report([{ ...file, parts: [{ ...file, name: '../x' }] }]),
  'no parts': report([{ ...file, parts: [] }]),
  itself: report([{ ...file, name: 'run.json' }]),
  'a size below nothing': report([{ ...file, bytes: -1 }]),
  'a size that is a text': report([{ ...file, bytes: '1' }]),
  'a huge size': report([{ ...file, bytes: 1e300 }]),
  'a digest in capitals': report([{ ...file, sha256: digest.toUpperCase() }]),
  'counts that are none': report([{ ...file, lines: { delivered: 'x' } }]),
  'a list elsewhere': report({ file: '../outputs.ndjson', count: 1, bytes: 1, sha256: digest }),
}

t.test(
  'a report that names what it must not, or is none, proves nothing and reads nothing else',
  async (t) => {
    const out = writeFiles(join(t.testdir(), 'out'), { 'a.ndjson': 'x' })
    for (const [name, value] of Object.entries(HOSTILE)) {
      writeFileSync(join(out, 'run.json'), JSON.stringify(value))
      t.same(found(await check(out)), ['invalid-report run.json'], name)
    }
    for (const text of ['', '[]', 'null', '{"generator":"fhir-sluice"', '['.repeat(100_000), '\u0000']) {
      writeFileSync(join(out, 'run.json'), text)
      t.same(found(await check(out)), ['invalid-report run.json'], JSON.stringify(text.slice(0, 20)))
    }
    rmSync(join(out, 'run.json'))
    symlinkSync('/dev/zero', join(out, 'run.json'))
    t.ok(found(await check(out)).includes('link run.json'))
  },
)

t.test('a list beside the report is held to its digest, size and count', async (t) => {
  const out = writeFiles(join(t.testdir(), 'out'), { 'a.ndjson': 'x' })
  const sha256 = createHash('sha256').update('x').digest('hex')
  const list = `${JSON.stringify({ name: 'a.ndjson', bytes: 1, sha256, lines })}\n`
  const facts = (text: string, more = {}) => ({
    file: 'outputs.ndjson',
    count: 1,
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
    ...more,
  })
  const cases: Readonly<
    Record<string, readonly [text: string | undefined, facts: object, expected: readonly string[]]>
  > = {
    right: [list, facts(list), []],
    'not there': [undefined, facts(list), ['missing outputs.ndjson']],
    'another digest': [list, facts(list, { sha256: digest }), ['invalid-report outputs.ndjson']],
    'another count': [list, facts(list, { count: 2 }), ['invalid-report outputs.ndjson']],
    'another size': [list, facts(list, { bytes: 1 }), ['invalid-report outputs.ndjson']],
    'cut off': [list.slice(0, -3), facts(list.slice(0, -3)), ['invalid-report outputs.ndjson']],
    'a name above': [
      list.replace('a.ndjson', '../x'),
      facts(list.replace('a.ndjson', '../x')),
      ['invalid-report outputs.ndjson'],
    ],
  }
  for (const [name, [text, outputs, expected]] of Object.entries(cases)) {
    rmSync(join(out, 'outputs.ndjson'), { force: true })
    if (text !== undefined) writeFileSync(join(out, 'outputs.ndjson'), text)
    writeFileSync(join(out, 'run.json'), JSON.stringify(report(outputs)))
    t.same(found(await check(out)), expected, name)
  }
})

t.test('a lake is proven run by run; what lies in none of them is extra', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  for (const name of ['2026-1', '2026-2', 'deep/er']) await run(input, join(folder, 'lake', name))
  const lake = join(folder, 'lake')
  // The states of these runs lie beside their folders, in the lake.
  for (const name of ['2026-1.sluice', '2026-2.sluice', 'deep/er.sluice'])
    rmSync(join(lake, name), { recursive: true })
  const whole = await check(lake)
  t.same(found(whole), [])
  t.same(
    whole.outputs.map((output) => output.folder),
    ['2026-1', '2026-2', 'deep/er'],
  )
  writeFiles(lake, { 'half/a.ndjson': LINE, '2026-2/a.ndjson': 'x' })
  t.same(found(await check(lake)), ['truncated 2026-2/a.ndjson', 'extra half/a.ndjson'])
})

t.test('the report of an earlier version proves sizes, and a rerun adds the digests', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson': LINE })
  const out = join(folder, 'out')
  await run(input, out)
  const { sha256, ...rest } = JSON.parse(textIn(out, 'run.json')).outputs[0]
  const source = { name: 'a.ndjson', bytes: LINE.length, version: 'x' }
  writeFileSync(
    join(out, 'run.json'),
    JSON.stringify({ generator: 'fhir-sluice', lines, outputs: [{ ...rest, source }] }),
  )
  t.same(found(await check(out)), ['no-digest a.ndjson'])
  t.equal((await check(out, { isSizesOnly: true })).isProven, true)
  t.match(await run(input, out), { items: { finishedBefore: 1, committed: 0 } })
  t.equal((await check(out)).isProven, true)
  t.equal(JSON.parse(textIn(out, 'run.json')).outputs[0].sha256, sha256)
})

t.test('an output in a container is proven, and what is changed there is found', async (t) => {
  const azurite = await startAzurite(t)
  const client = await azurite.container()
  const access = {
    credentials: () => ({
      accounts: [],
      emulator: {
        account: 'devstoreaccount1',
        endpoint: `${azurite.url}/devstoreaccount1`,
        key: ACCOUNT_KEY,
      },
    }),
    retry: createRetry({}),
  }
  const address = `azurite://${client.containerName}/out`
  const input = writeFiles(join(t.testdir(), 'in'), INPUT)
  await runPipelineInto(input, await openSink(address, access))
  const files = () => openOutputFiles(address, access)
  t.match(await checkOutput(await files()), { isProven: true, outputs: [{ fileCount: 4 }] })
  await client.getBlockBlobClient('out/a.ndjson').upload('x', 1)
  await client.getBlockBlobClient('out/more.txt').upload('x', 1)
  await client.deleteBlob('out/c.json')
  t.same(found(await checkOutput(await files())), ['truncated a.ndjson', 'missing c.json', 'extra more.txt'])
})
