import type { SourceItem } from '../../src/storage/store.js'
import { codeOf } from '../support/pipeline-run.js'
import { type Check, contentOf, itemOf, listed, namesOf, type Place, patterned } from './place.js'

const MANY = 5001

/** What every source keeps to. */
export const SOURCE_CHECKS: Readonly<Record<string, Check>> = {
  async 'nothing is listed where nothing is, one where one is'(t, place) {
    t.strictSame(await namesOf(place), [])
    await place.write('x.ndjson', 'text')
    t.strictSame(await namesOf(place), ['x.ndjson'])
    const item = await itemOf(place, 'x.ndjson')
    t.equal(item.bytes, 4)
    t.strictSame((await listed(place))[0], item, 'listed as it is')
  },

  async '5,001 items are listed once each, in order'(t, place) {
    const names = Array.from({ length: MANY }, (_, n) => `item-${String(n).padStart(5, '0')}.ndjson`)
    await inLanes(names.toReversed(), (name) => place.write(name, ''))
    t.strictSame(await namesOf(place), names)
  },

  async 'items of odd names are listed and read'(t, place, { differences }) {
    const names = [
      'a b.ndjson',
      '100%2F.ndjson',
      'plus+and&=#?.ndjson',
      'ü-e\u0301-東京-😀.ndjson',
      'quote\'".ndjson',
      'two..dots.json',
      'sub/x.ndjson',
      'sub.ndjson',
      'sub/deeper/sub.ndjson/x.ndjson.gz',
      `${'long'.repeat(60)}.ndjson`,
      ...(differences['short segments'] === undefined ? [`${'x'.repeat(900)}.ndjson`] : []),
    ]
    for (const name of names) await place.write(name, name)
    const found = await namesOf(place)
    t.strictSame(found.toSorted(), names.toSorted())
    if (differences['order within folders'] === undefined) t.strictSame(found, names.toSorted(), 'in order')
    for (const name of names) t.equal(await contentOf(place, name), name)
  },

  async 'what is no item is not listed'(t, place) {
    const others = [
      'run.json',
      'sub/run.json',
      '.hidden.ndjson',
      '.hidden/x.ndjson',
      'x.ndjson.part',
      'x.txt',
      'ndjson',
    ]
    for (const name of [...others, 'x.NDJSON', 'y.jsonl.gz']) await place.write(name, 'text')
    t.strictSame((await namesOf(place)).toSorted(), ['x.NDJSON', 'y.jsonl.gz'])
  },

  async 'archives are items only of those who ask for them'(t, place) {
    for (const name of ['a.ndjson', 'b.zip', 'sub/c.ZIP', '.d.zip', 'e.zip.gz'])
      await place.write(name, 'text')
    t.strictSame(await namesOf(place), ['a.ndjson'])
    const found: string[] = []
    const skipped: string[] = []
    const report = ({ item }: { readonly item: string }): void => void skipped.push(item)
    for await (const { name } of place.source.list(report, { archives: true })) found.push(name)
    t.strictSame(found.toSorted(), ['a.ndjson', 'b.zip', 'sub/c.ZIP'])
    t.strictSame(skipped.toSorted(), ['.d.zip', 'e.zip.gz'])
  },

  async 'a version is another after every write, of an item that is gone there is none'(t, place) {
    t.equal(await place.source.head('x.ndjson'), undefined)
    const versions = new Set<string>()
    for (const text of ['one', 'two', 'two']) {
      await place.write('x.ndjson', text)
      versions.add((await itemOf(place, 'x.ndjson')).version)
    }
    t.equal(versions.size, 3)
    await place.delete('x.ndjson')
    t.equal(await place.source.head('x.ndjson'), undefined)
  },

  async 'a read begins at any byte and fills what it is given'(t, place) {
    const bytes = patterned(300_000)
    await place.write('x.ndjson', bytes)
    const item = await itemOf(place, 'x.ndjson')
    for (const [fromByte, targetBytes] of [
      [0, 300_000],
      [0, 299_999],
      [1, 65_536],
      [299_999, 10],
      [123_457, 100_000],
      [300_000, 10],
    ] as const) {
      const reader = await place.source.open(item, fromByte)
      const target = new Uint8Array(new SharedArrayBuffer(targetBytes))
      let at: number = fromByte
      for (;;) {
        const wanted = Math.min(targetBytes, bytes.length - at)
        const filled = await reader.read(target)
        t.equal(filled, wanted, `${targetBytes} bytes from ${at}`)
        t.ok(Buffer.from(target.subarray(0, filled)).equals(bytes.subarray(at, at + filled)))
        if (filled === 0) break
        at += filled
      }
      await reader.verify()
      await reader.close()
    }
  },

  async 'an empty item is read as nothing'(t, place) {
    await place.write('x.ndjson', '')
    const reader = await place.source.open(await itemOf(place, 'x.ndjson'), 0)
    t.equal(await reader.read(new Uint8Array(10)), 0)
    await reader.verify()
    await reader.close()
  },

  async 'what changed or is gone since it was listed is SOURCE_CHANGED'(t, place) {
    const alter: Readonly<Record<string, () => Promise<void>>> = {
      'the same size': () => place.write('x.ndjson', 'other text'),
      longer: () => place.write('x.ndjson', 'some text that is longer'),
      gone: () => place.delete('x.ndjson'),
    }
    for (const [how, change] of Object.entries(alter)) {
      await place.write('x.ndjson', 'some text.')
      const item = await itemOf(place, 'x.ndjson')
      const reader = await place.source.open(item, 0)
      t.equal(await reader.read(new Uint8Array(5)), 5)
      await change()
      t.equal(await codeOf(readOn(place, item)), 'SOURCE_CHANGED', `${how}, before it is opened`)
      const verified = reader.read(new Uint8Array(5)).then(() => reader.verify())
      t.equal(await codeOf(verified), 'SOURCE_CHANGED', `${how}, while it is read`)
      await reader.close()
    }
  },
}

async function readOn({ source }: Place, item: SourceItem): Promise<void> {
  const reader = await source.open(item, 0)
  try {
    await reader.read(new Uint8Array(100))
    await reader.verify()
  } finally {
    await reader.close()
  }
}

async function inLanes<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const queue = all.values()
  const lane = async (): Promise<void> => {
    for (const each of queue) await work(each)
  }
  await Promise.all(Array.from({ length: 24 }, lane))
}
