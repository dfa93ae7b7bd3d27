import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
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
      t.match(failed, [{ code: 'SOURCE_UNREADABLE', message: /rename it/ }])
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
