import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { splitSink } from '../../src/storage/split.js'
import { KEEP_ALL, planFor } from '../support/pipeline-run.js'
import { verbRun } from '../support/verb-run.js'

const patient = '{"resourceType":"Patient","id":"a"}\n'
const config = JSON.stringify({ fhirVersion: 'R4', fhirPathRules: [{ path: 'Patient.id', method: 'keep' }] })
const ending = Buffer.from('.ndjson')

const BAD = [
  ['no UTF-8', Buffer.concat([Buffer.from([0x61, 0xff, 0xfe]), ending])],
  ['an ISO-8859-1 name', Buffer.concat([Buffer.from('M\xfcller', 'latin1'), ending])],
  ...[252, 254, 255].map(
    (bytes) => [`${bytes} bytes`, Buffer.concat([Buffer.alloc(bytes - 7, 'x'), ending])] as const,
  ),
  ['252 bytes in three-byte characters', Buffer.from(`${'\u20ac'.repeat(81)}.ndjson`)],
] as const

for (const [name, bytes] of BAD)
  t.test(`a file name that cannot be used (${name}) costs that item; the others are delivered`, async (t) => {
    const folder = t.testdir({ 'c.json': config })
    const at = (part: string) => join(folder, part)
    mkdirSync(at('in'))
    writeFileSync(at('in/a.ndjson'), patient)
    writeFileSync(Buffer.concat([Buffer.from(at('in/')), bytes]), patient)
    const words = ['anonymize', '-i', at('in'), '-o', at('out'), '-c', at('c.json'), '--json']
    for (const again of ['first', 'again']) {
      const { exitCode, stdout, stderr } = await verbRun(words)
      t.equal(exitCode, 3, `${again}: ${stderr}`)
      t.equal(readFileSync(at('out/a.ndjson'), 'utf8'), patient)
      const { failed } = JSON.parse(stdout) as {
        failed: { code: string }[]
      }
      t.match(failed, [{ code: 'SOURCE_UNUSABLE', message: /rename it/ }])
    }
  })

for (const name of [
  'a b.ndjson',
  ' lead.ndjson',
  'new\nline.ndjson',
  'CON.ndjson',
  `${'x'.repeat(190)}.ndjson`,
])
  t.test(`a strange name works: ${JSON.stringify(name).slice(0, 30)}`, async (t) => {
    const folder = t.testdir({ 'c.json': config })
    mkdirSync(join(folder, 'in'))
    writeFileSync(join(folder, 'in', name), patient)
    const words = [
      'anonymize',
      '-i',
      join(folder, 'in'),
      '-o',
      join(folder, 'out'),
      '-c',
      join(folder, 'c.json'),
    ]
    t.equal((await verbRun(words)).exitCode, 0)
    t.equal(readFileSync(join(folder, 'out', name), 'utf8'), patient)
  })

t.test(
  'names that differ only in bytes that are not UTF-8 cost those items; the others are delivered',
  async (t) => {
    const folder = t.testdir({ 'c.json': config })
    const at = (part: string) => join(folder, part)
    mkdirSync(at('in'))
    writeFileSync(at('in/a.ndjson'), patient)
    for (const byte of [0xfe, 0xff, 0x80])
      writeFileSync(Buffer.concat([Buffer.from(at('in/x')), Buffer.from([byte]), ending]), patient)
    const words = ['anonymize', '-i', at('in'), '-o', at('out'), '-c', at('c.json'), '--json']
    const { exitCode, stdout, stderr } = await verbRun(words)
    t.equal(exitCode, 3, stderr)
    t.equal(readFileSync(at('out/a.ndjson'), 'utf8'), patient)
    const { failed, items } = JSON.parse(stdout) as { failed: { code: string }[]; items: { failed: number } }
    t.strictSame(
      failed.map(({ code }) => code),
      ['SOURCE_UNUSABLE', 'SOURCE_UNUSABLE', 'SOURCE_UNUSABLE'],
    )
    t.equal(items.failed, 3)
  },
)

/** Names that some stores take and a folder does not. */
const FOREIGN = [
  ['a part of 300 bytes', `${'x'.repeat(300)}.ndjson`],
  ['a folder of 256 bytes', `${'y'.repeat(256)}/a.ndjson`],
  ['a path of 5,000 bytes', `${'d/'.repeat(2500)}a.ndjson`],
  ['a parent folder', '../escape.ndjson'],
  ['a parent folder further down', 'b/../../escape.ndjson'],
  ['an empty part', 'b//x.ndjson'],
  ['a leading slash', '/etc/x.ndjson'],
  ['a dot', './x.ndjson'],
  ['a NUL', 'a\0b.ndjson'],
] as const

for (const isSplit of [false, true])
  t.test(
    `a name that no folder can hold costs that item; the others are delivered${isSplit ? ', split' : ''}`,
    async (t) => {
      for (const [what, name] of FOREIGN) {
        const output = join(t.testdir(), 'out')
        const content = new MemoryContent('blobs')
        content.write(name, patient)
        content.write('a.ndjson', patient)
        const sink = isSplit ? splitSink(folderSink(output), 1000, { overwrite: false }) : folderSink(output)
        const report = await runPipeline({
          source: memorySource(content),
          sink,
          plan: planFor(KEEP_ALL),
          workers: 1,
        })
        t.match(report.failed, [{ item: name, code: 'SOURCE_UNUSABLE', message: /rename it/ }], what)
        const delivered = join(output, isSplit ? 'a-00001.ndjson' : 'a.ndjson')
        t.equal(readFileSync(delivered, 'utf8'), patient, what)
      }
    },
  )
