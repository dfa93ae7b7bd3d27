// Holds src/load/archive/archive-bytes.ts, src/load/archive/unpacked-file.ts, src/load/archive/zip-archive.ts.
import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { EntryLimits } from '../../../src/load/entries/limits.js'
import { loadItems } from '../../../src/load/entries/load-items.js'
import type { LoadItem } from '../../../src/load/unit.js'
import { memorySource } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { directoryRecords, overwritten, zipFile } from '../../support/zip-file.js'
import { inWords } from '../entries/read-units.js'

const patient = (id: string): string => JSON.stringify({ resourceType: 'Patient', id })
const OFFSET_FIELD = 42
const SIZE_FIELD = 24

interface Seen {
  readonly items: Record<string, readonly string[] | string>
  readonly skipped: readonly string[]
}

/** What each item of a folder with these files gives: its units in words, or its error. */
async function seenIn(
  files: Readonly<Record<string, Buffer | string>>,
  limits: EntryLimits = {},
): Promise<Seen> {
  const content = new MemoryContent()
  for (const [name, bytes] of Object.entries(files)) content.write(name, bytes)
  const items: Record<string, readonly string[] | string> = {}
  const skipped: string[] = []
  const onEvent = ({ item }: { readonly item: string }): void => void skipped.push(item)
  for await (const item of loadItems(memorySource(content), { ...limits, onEvent }))
    items[item.name] = await outcome(item)
  return { items, skipped }
}

async function outcome(item: LoadItem): Promise<readonly string[] | string> {
  const words: string[] = []
  try {
    for await (const unit of item.units({ skip: () => false })) words.push(inWords(unit))
    return words
  } catch (error) {
    const { code, at } = error as { code?: string; at?: string }
    return words.length === 0 ? `${code} at ${at}` : `${words.length} units before ${code}`
  }
}

t.test('files in folders are items, whatever their names and compression', async (t) => {
  const lines = `${patient('a')}\n${patient('b')}\n`
  const zip = await zipFile({
    'x.ndjson': lines,
    'sub/': '',
    'sub/deeper/x.ndjson': lines,
    'sub/é 東 &?#%.json': patient('c'),
    'x.ndjson.gz': gzipSync(lines),
    'empty.ndjson': '',
    'readme.txt': 'text',
    'inner.zip': await zipFile({ 'x.ndjson': lines }),
    '__MACOSX/._x.ndjson': 'text',
  })
  const both = ['entry Patient/a', 'entry Patient/b']
  const { items, skipped } = await seenIn({ 'in/a.zip': zip, 'b.ndjson': lines })
  t.strictSame(items, {
    'b.ndjson': both,
    'in/a.zip/x.ndjson': both,
    'in/a.zip/sub/deeper/x.ndjson': both,
    'in/a.zip/sub/é 東 &?#%.json': ['entry Patient/c'],
    'in/a.zip/x.ndjson.gz': both,
    'in/a.zip/empty.ndjson': [],
  })
  t.strictSame(skipped, ['in/a.zip/readme.txt', 'in/a.zip/inner.zip', 'in/a.zip/__MACOSX/._x.ndjson'])
})

t.test('zip64, stored files and equal names', async (t) => {
  const zip64 = await zipFile({ 'x.ndjson': patient('a') }, { zip64: true })
  t.strictSame((await seenIn({ 'a.zip': zip64 })).items, { 'a.zip/x.ndjson': ['entry Patient/a'] })
  const twice = overwritten(
    await zipFile({ 'x.ndjson': patient('a'), 'y.ndjson': patient('b') }, { level: 0 }),
    'y.ndjson',
    'x.ndjson',
  )
  t.strictSame((await seenIn({ 'a.zip': twice })).items, {
    'a.zip/x.ndjson': ['entry Patient/a'],
    'a.zip/x.ndjson (2)': ['entry Patient/b'],
  })
})

const lines = Array.from({ length: 5000 }, (_, n) => patient(`p${n}`)).join('\n')
const GOOD = { 'good.ndjson': patient('a') }

t.test('one bad archive fails alone', async (t) => {
  const good = await zipFile(GOOD)
  const two = await zipFile({ 'x.ndjson': lines, 'y.ndjson': lines })
  const [first = 0, second = 0] = directoryRecords(two)
  const overlapping = Buffer.from(two)
  overlapping.writeUInt32LE(two.readUInt32LE(first + OFFSET_FIELD) + 5, second + OFFSET_FIELD)
  const bad: Readonly<Record<string, readonly [Buffer, string]>> = {
    'no archive': [Buffer.from('text'), 'SOURCE_CORRUPT'],
    empty: [Buffer.alloc(0), 'SOURCE_CORRUPT'],
    truncated: [two.subarray(0, two.length - 100), 'SOURCE_CORRUPT'],
    'its end alone': [two.subarray(two.length - 200), 'SOURCE_CORRUPT'],
    overlapping: [overlapping, 'SOURCE_CORRUPT'],
    traversal: [await zipFile({ ...GOOD, '../../evil.ndjson': patient('a') }), 'SOURCE_UNUSABLE'],
    absolute: [await zipFile({ ...GOOD, '/evil.ndjson': patient('a') }), 'SOURCE_UNUSABLE'],
    backslashes: [await zipFile({ ...GOOD, '..\\evil.ndjson': patient('a') }), 'SOURCE_UNUSABLE'],
  }
  for (const [name, [bytes, code]] of Object.entries(bad)) {
    const { items } = await seenIn({ 'a.zip': bytes, 'b.zip': good })
    t.strictSame(items, { 'a.zip': `${code} at a.zip`, 'b.zip/good.ndjson': ['entry Patient/a'] }, name)
  }
})

t.test('nothing of a bad file is used, and the others are', async (t) => {
  const others = { 'x.ndjson': patient('x'), 'z.ndjson': patient('z') }
  const bad: Readonly<Record<string, readonly [Buffer, string]>> = {}
  const add = (name: string, zip: Buffer, code = 'SOURCE_CORRUPT') =>
    Object.assign(bad, { [name]: [zip, code] })
  for (const level of [0, 6]) {
    const zip = await zipFile(
      { 'x.ndjson': others['x.ndjson'], 'y.ndjson': lines, 'z.ndjson': others['z.ndjson'] },
      { level },
    )
    const altered = Buffer.from(zip)
    const middle = Math.floor(zip.length / 2)
    altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle)
    add(`altered, level ${level}`, altered)
    const record = directoryRecords(zip)[1] ?? 0
    for (const delta of [-1, 1]) {
      const resized = Buffer.from(zip)
      resized.writeUInt32LE(lines.length + delta, record + SIZE_FIELD)
      add(`said to be longer by ${delta}, level ${level}`, resized)
    }
  }
  for (const [name, [bytes, code]] of Object.entries(bad)) {
    const { items } = await seenIn({ 'a.zip': bytes })
    const expected = {
      'a.zip/x.ndjson': ['entry Patient/x'],
      'a.zip/y.ndjson': `${code} at a.zip/y.ndjson`,
      'a.zip/z.ndjson': ['entry Patient/z'],
    }
    t.strictSame(items, expected, name)
  }
  const encrypted = await zipFile({ 'y.ndjson': lines }, { password: 'secret' })
  t.strictSame((await seenIn({ 'a.zip': encrypted })).items, {
    'a.zip/y.ndjson': 'SOURCE_UNUSABLE at a.zip/y.ndjson',
  })
})

t.test('a large file is verified before it is used', async (t) => {
  const large = Array.from({ length: 200_000 }, (_, n) => patient(`p${n}`)).join('\n')
  t.ok(large.length > 4 * 2 ** 20)
  const zip = await zipFile({ 'x.ndjson': large }, { level: 1 })
  t.equal((await seenIn({ 'a.zip': zip })).items['a.zip/x.ndjson']?.length, 200_000)
  const altered = Buffer.from(zip)
  const late = Math.floor(zip.length * 0.9)
  altered.writeUInt8(altered.readUInt8(late) ^ 1, late)
  t.strictSame((await seenIn({ 'a.zip': altered })).items, {
    'a.zip/x.ndjson': 'SOURCE_CORRUPT at a.zip/x.ndjson',
  })
})

t.test('a bomb is not unpacked', async (t) => {
  const zip = await zipFile({
    'x.json': Buffer.alloc(101 * 2 ** 20, ' '),
    'y.json': Buffer.alloc(2 ** 20, ' '),
  })
  const bomb = { 'a.zip/x.json': 'SOURCE_UNUSABLE at a.zip/x.json' }
  t.strictSame((await seenIn({ 'a.zip': zip })).items, { ...bomb, 'a.zip/y.json': [] })
  t.strictSame((await seenIn({ 'a.zip': zip }, { maxRatio: 1e6 })).items, {
    'a.zip/x.json': [],
    'a.zip/y.json': [],
  })
  t.strictSame((await seenIn({ 'a.zip': zip }, { maxRatio: 1e6, maxUnpackedBytes: 100 * 2 ** 20 })).items, {
    ...bomb,
    'a.zip/y.json': [],
  })
})

t.test('an archive that changes before its files are read is an error', async (t) => {
  const content = new MemoryContent()
  const large = `${patient('a')}${' '.repeat(3 * 2 ** 20)}`
  const files = { 'x.ndjson': large, 'y.ndjson': large, 'z.ndjson': large }
  content.write('a.zip', await zipFile(files, { level: 0 }))
  const outcomes: unknown[] = []
  for await (const item of loadItems(memorySource(content))) {
    content.write('a.zip', await zipFile({ 'x.ndjson': lines }))
    outcomes.push(await outcome(item))
  }
  t.strictSame(
    outcomes,
    Object.keys(files).map(() => 'SOURCE_CHANGED at a.zip'),
  )
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

t.test('a large file is read without being held', async (t) => {
  const mebibytes = 60
  const line = `${JSON.stringify({ resourceType: 'Patient', id: 'a', text: randomBytes(24_576).toString('base64') })}\n`
  const content = new MemoryContent()
  content.write('a.zip', await zipFile({ 'x.ndjson': line.repeat((mebibytes * 2 ** 20) / line.length) }))
  let before = 0
  let most = 0
  let units = 0
  for await (const item of loadItems(memorySource(content), {}))
    for await (const _ of item.units({ skip: () => false })) {
      units += 1
      if (units % 250 !== 0) continue
      collectGarbage()
      const { arrayBuffers } = process.memoryUsage()
      if (units === 250) before = arrayBuffers
      most = Math.max(most, arrayBuffers - before)
    }
  t.ok(units > 1500, `${units} units`)
  t.ok(most < (mebibytes / 2) * 2 ** 20, `${Math.round(most / 2 ** 20)} MiB`)
})

// All of 70,000 in `npm run soak`; more than 65,535 need the directory of zip64.
const FILES = Number(process.env.SLUICE_ZIP_FILES ?? 1500)

t.test(`an archive of ${FILES} files gives each of them once`, async (t) => {
  const names = Array.from({ length: FILES }, (_, n) => `part-${n % 100}/p${n}.json`)
  const zip = await zipFile(Object.fromEntries(names.map((name, n) => [name, patient(`p${n}`)])), {
    level: 0,
  })
  const content = new MemoryContent()
  content.write('all.zip', zip)
  const found = new Set<string>()
  for await (const item of loadItems(memorySource(content), {}))
    for await (const unit of item.units({ skip: () => false }))
      if (unit.kind === 'entry') found.add(`${item.name} ${unit.entry.id}`)
  t.strictSame([...found].sort(), names.map((name, n) => `all.zip/${name} p${n}`).sort())
})
