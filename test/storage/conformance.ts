import type { Test } from 'tap'
import type { Sink, SinkItem, Source, SourceItem } from '../../src/storage/store.js'
import { codeOf } from '../support/pipeline-run.js'

/** An empty place of its own. */
export interface Place {
  readonly source: Source
  /** As each process would open it for itself. */
  sink(): Sink
  /** As another program would, whole. */
  write(name: string, content: string | Uint8Array): Promise<void>
  delete(name: string): Promise<void>
}

/** In what a store may differ, each with its reason in the table of stores. */
export type Difference =
  /** Sorted within each folder, not by whole names. */
  | 'order within folders'
  /** A name cannot be that of an output and the folder of another. */
  | 'no output above another'
  /** A segment of a name is at most 255 bytes long. */
  | 'short segments'
  /** A commit does not see what another program put there meanwhile. */
  | 'replaces whatever is there'

export interface StoreUnderTest {
  readonly name: string
  make(t: Test): Promise<Place>
  readonly differences: Readonly<Partial<Record<Difference, string>>>
}

type Check = (t: Test, place: Place, store: StoreUnderTest) => Promise<void>

const MANY = 5001

/** What every store keeps to. */
export const CHECKS: Readonly<Record<string, Check>> = {
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
    ]) {
      const reader = await place.source.open(item, fromByte)
      const target = new Uint8Array(new SharedArrayBuffer(targetBytes))
      let at = fromByte
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

  async 'nothing of an output is visible before it is committed, and then all of it'(t, place) {
    const sink = place.sink()
    const item = sink.item('sub/x.ndjson', FINGERPRINT)
    t.equal(await item.resume(0), true)
    await item.append([Buffer.from('one\n'), Buffer.from('two\n')])
    await item.complete()
    await item.flush()
    t.equal(item.keptBytes, 8)
    t.equal(await sink.head('sub/x.ndjson'), undefined)
    t.strictSame(await namesOf(place), [])
    const sealed = await item.sealed()
    t.equal(sealed.bytes, 8)
    t.equal(await sink.head('sub/x.ndjson'), undefined)
    t.equal(await item.find(sealed), 'ready')
    await item.commit(FACTS)
    await item.settle()
    await item.close()
    t.match(await sink.head('sub/x.ndjson'), { bytes: 8, version: sealed.version }, 'known before')
    t.equal(await contentOf(place, 'sub/x.ndjson'), 'one\ntwo\n')
  },

  async 'pieces may be used for something else once they are appended'(t, place) {
    const item = outputOf(place)
    await item.resume(0)
    const slab = Buffer.from(new SharedArrayBuffer(4))
    for (const text of ['one\n', 'two\n', 'six\n']) {
      slab.write(text)
      await item.append([slab.subarray(0, 2), slab.subarray(2)])
    }
    slab.fill('x')
    await finish(item)
    t.equal(await contentOf(place, 'x.ndjson'), 'one\ntwo\nsix\n')
  },

  async 'an output goes on where it was kept'(t, place) {
    const first = outputOf(place)
    await first.resume(0)
    t.equal(first.keptBytes, 0)
    await first.append([Buffer.from('one\n'), Buffer.from('two\n')])
    await first.complete()
    t.equal(first.keptBytes, 8)
    await first.append([Buffer.from('lost\n')])
    t.ok([8, 13].includes(first.keptBytes), 'at the end of an append')
    await first.close()
    const second = outputOf(place)
    t.equal(await second.resume(8), true)
    t.equal(second.keptBytes, 8)
    await second.append([Buffer.from('three\n')])
    await second.complete()
    await second.close()
    const third = outputOf(place)
    t.equal(await third.resume(14), true, 'and again')
    await third.append([Buffer.from('four\n')])
    await finish(third)
    t.equal(await contentOf(place, 'x.ndjson'), 'one\ntwo\nthree\nfour\n')
  },

  async 'where less is left than asked for, nothing is kept'(t, place) {
    const first = outputOf(place)
    await first.resume(0)
    await first.append([Buffer.from('one\n')])
    await first.complete()
    await first.close()
    const second = outputOf(place)
    t.equal(await second.resume(5), false)
    await second.append([Buffer.from('new\n')])
    await finish(second)
    t.equal(await contentOf(place, 'x.ndjson'), 'new\n')
    const third = outputOf(place)
    t.equal(await third.resume(2), false, 'a committed output is nothing to go on from')
    await third.append([Buffer.from('begun\n')])
    await third.close()
    const fourth = outputOf(place)
    t.equal(await fourth.resume(0), true)
    await fourth.append([Buffer.from('afresh\n')])
    await finish(fourth)
    t.equal(await contentOf(place, 'x.ndjson'), 'afresh\n')
  },

  async 'a sealed output is found ready, committed or lost by another run'(t, place) {
    const item = outputOf(place)
    await item.resume(0)
    await item.append([Buffer.from('text\n')])
    await item.complete()
    const sealed = await item.sealed()
    t.equal(await item.find(sealed), 'ready')
    await item.close()
    const later = outputOf(place)
    t.equal(await later.find(sealed), 'ready')
    await later.commit(FACTS)
    await later.settle()
    t.equal(await later.find(sealed), 'committed')
    t.equal(await outputOf(place).find(sealed), 'committed')
    t.equal(await contentOf(place, 'x.ndjson'), 'text\n')
    const other = outputOf(place)
    await other.resume(0)
    await other.append([Buffer.from('else\n')])
    await other.complete()
    t.equal(await other.find(sealed), 'committed', 'what is appended since is another output')
    const otherSealed = await other.sealed()
    t.not(otherSealed.version, sealed.version)
    await other.abort()
    t.equal(await outputOf(place).find(otherSealed), 'lost')
    t.equal(await outputOf(place, 'none.ndjson').find(sealed), 'lost')
  },

  async 'a commit replaces what is there as a whole'(t, place) {
    await place.write('x.ndjson', 'a much longer text that stood here before')
    const before = await place.sink().head('x.ndjson')
    const item = outputOf(place)
    await item.resume(0)
    await item.append([Buffer.from('new\n')])
    t.strictSame(await place.sink().head('x.ndjson'), before, 'until then it stays')
    await finish(item)
    t.equal(await contentOf(place, 'x.ndjson'), 'new\n')
    t.not((await place.sink().head('x.ndjson'))?.version, before?.version)
  },

  async 'an aborted output leaves nothing, and alone what is there'(t, place) {
    for (const there of [undefined, 'there']) {
      if (there !== undefined) await place.write('x.ndjson', there)
      const item = outputOf(place)
      await item.resume(0)
      await item.append([Buffer.from('new\n')])
      await item.abort()
      const later = outputOf(place)
      t.equal(await later.resume(4), false)
      await later.abort()
      t.equal(await place.sink().get('x.ndjson'), there)
    }
  },

  async 'an output may be empty'(t, place) {
    const item = outputOf(place)
    await item.resume(0)
    await item.complete()
    const sealed = await item.sealed()
    t.equal(sealed.bytes, 0)
    await item.close()
    const later = outputOf(place)
    t.equal(await later.find(sealed), 'ready')
    await later.commit(FACTS)
    await later.settle()
    t.match(await place.sink().head('x.ndjson'), { bytes: 0, version: sealed.version })
    t.equal(await contentOf(place, 'x.ndjson'), '')
  },

  async 'an output of some MB in pieces of odd sizes is whole'(t, place) {
    const bytes = patterned(9_000_001)
    const item = outputOf(place)
    await item.resume(0)
    for (let at = 0, size = 1; at < bytes.length; size = (size * 7 + 1) % 700_001) {
      await item.append([bytes.subarray(at, at + size)])
      at += size
    }
    await finish(item)
    t.equal((await place.sink().head('x.ndjson'))?.bytes, bytes.length)
    t.ok((await bytesOf(place, 'x.ndjson')).equals(bytes))
  },

  async 'many outputs are written side by side'(t, place) {
    const sink = place.sink()
    const items = Array.from({ length: 60 }, (_, n) => ({
      item: sink.item(`sub/${n}.ndjson`, FINGERPRINT),
      n,
    }))
    await Promise.all(items.map(({ item }) => item.resume(0)))
    for (const text of ['one', 'two'])
      await Promise.all(items.map(({ item, n }) => item.append([Buffer.from(`${text} ${n}\n`)])))
    await Promise.all(items.map(({ item }) => finish(item)))
    for (const { n } of items) t.equal(await contentOf(place, `sub/${n}.ndjson`), `one ${n}\ntwo ${n}\n`)
  },

  async 'outputs of odd names are written'(t, place, { differences }) {
    const names = ['a b/ü 東京 😀.ndjson', '100%2F.ndjson', 'plus+&=#?.ndjson', 'a/x.ndjson']
    if (differences['no output above another'] === undefined) names.push('a')
    for (const name of names) {
      const item = outputOf(place, name)
      await item.resume(0)
      await item.append([Buffer.from(name)])
      await finish(item)
      t.equal(await contentOf(place, name), name)
    }
  },

  async 'names never leave the place'(t, place) {
    const sink = place.sink()
    const uses: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
      item: async (name) => sink.item(name, FINGERPRINT).close(),
      head: async (name) => sink.head(name),
      put: async (name) => sink.put(name, 'text'),
      get: async (name) => sink.get(name),
      remove: async (name) => sink.remove(name),
    }
    for (const name of ['../x', 'a/../../x', '/etc/x', '', 'a//b', './x', 'a/..', 'x\0y'])
      for (const [use, call] of Object.entries(uses))
        t.equal(await codeOf(call(name)), 'SOURCE_UNREADABLE', `${use} ${JSON.stringify(name)}`)
  },

  async 'a small file is put whole, read and removed'(t, place) {
    const sink = place.sink()
    t.equal(await sink.get('run.json'), undefined)
    await sink.remove('run.json')
    for (const text of ['{"long":"ü 東京 😀"}\n', '{}', '']) {
      await sink.put('run.json', text)
      t.equal(await place.sink().get('run.json'), text)
    }
    await sink.remove('run.json')
    t.equal(await sink.get('run.json'), undefined)
    t.equal(await sink.head('run.json'), undefined)
  },

  async 'texts of the state are whole, and none of them is an output'(t, place) {
    const { state } = place.sink()
    t.equal(await state.read('deep/x.json'), undefined)
    t.equal(await state.bytesOf('deep/x.json'), undefined)
    for (const text of ['a longer text: ü 東京 😀', 'short', '']) {
      await state.write('deep/x.json', text)
      t.equal(await place.sink().state.read('deep/x.json'), text)
      t.equal(await state.bytesOf('deep/x.json'), Buffer.byteLength(text))
    }
    await state.write('quarantine/ü b.ndjson', 'text')
    t.equal(await state.read('quarantine/ü b.ndjson'), 'text')
    t.strictSame(await namesOf(place), [])
    for (const forget of [state.remove, state.destroy]) {
      await state.write('x', 'secret')
      await forget('x')
      await forget('x')
      t.equal(await state.read('x'), undefined)
    }
  },

  async 'a text that is appended to keeps as much as it is told to'(t, place) {
    const appended = async (keepBytes: number, ...texts: readonly string[]) => {
      const appender = await place.sink().state.appender('deep/j', keepBytes)
      for (const text of texts) await appender.append(text)
      await appender.flush()
      await appender.close()
      return place.sink().state.read('deep/j')
    }
    t.equal(await appended(0, 'one\n', 'two ü\n'), 'one\ntwo ü\n')
    t.equal(await place.sink().state.bytesOf('deep/j'), 11)
    t.equal(await appended(4, 'three\n'), 'one\nthree\n')
    t.equal(await appended(10, 'four\n'), 'one\nthree\nfour\n')
    t.equal(await appended(15), 'one\nthree\nfour\n')
    const long = `${'x'.repeat(99_999)}\n`
    t.equal(await appended(0, long, long, long), long + long + long, 'afresh')
    const many = Array.from({ length: 300 }, (_, n) => `line ${n}\n`)
    t.equal(await appended(0, ...many), many.join(''))
  },

  async 'what was appended is there once it is kept'(t, place) {
    const appender = await place.sink().state.appender('j', 0)
    await appender.append('one\n')
    await appender.keep()
    t.equal(await place.sink().state.read('j'), 'one\n')
    await appender.append('two\n')
    await appender.keep()
    await appender.close()
    t.equal(await place.sink().state.read('j'), 'one\ntwo\n')
  },

  async 'an output that another program wrote meanwhile is SINK_CONFLICT'(t, place, { differences }) {
    if (differences['replaces whatever is there'] !== undefined) return
    for (const there of [undefined, 'before']) {
      if (there !== undefined) await place.write('x.ndjson', there)
      const item = outputOf(place)
      await item.resume(0)
      await item.append([Buffer.from('new\n')])
      await item.complete()
      const sealed = await item.sealed()
      await place.write('x.ndjson', 'theirs')
      t.equal(await item.find(sealed), 'ready')
      t.equal(await codeOf(item.commit(FACTS)), 'SINK_CONFLICT')
      t.equal(await contentOf(place, 'x.ndjson'), 'theirs')
      await item.abort()
      await place.delete('x.ndjson')
    }
  },

  async 'the lock is held by one only, until it lets go'(t, place) {
    const unlock = await place.sink().state.lock()
    t.equal(await codeOf(place.sink().state.lock()), 'SINK_LOCKED')
    await unlock()
    const again = await place.sink().state.lock()
    await unlock()
    t.equal(await codeOf(place.sink().state.lock()), 'SINK_LOCKED', 'it lets go of its own only')
    await again()
    const both = await Promise.allSettled([place.sink().state.lock(), place.sink().state.lock()])
    t.strictSame(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], 'both at once')
    for (const each of both) if (each.status === 'fulfilled') await each.value()
  },
}

async function listed({ source }: Place): Promise<SourceItem[]> {
  const items: SourceItem[] = []
  for await (const item of source.list(() => {})) items.push(item)
  return items
}

const namesOf = async (place: Place): Promise<string[]> => (await listed(place)).map(({ name }) => name)

async function itemOf({ source }: Place, name: string): Promise<SourceItem> {
  const item = await source.head(name)
  if (item === undefined) throw new Error(`${name} is not there`)
  return item
}

async function bytesOf(place: Place, name: string): Promise<Buffer> {
  const item = await itemOf(place, name)
  const target = Buffer.alloc(item.bytes)
  const reader = await place.source.open(item, 0)
  const filled = await reader.read(target)
  await reader.verify()
  await reader.close()
  return target.subarray(0, filled)
}

const contentOf = async (place: Place, name: string): Promise<string> =>
  (await bytesOf(place, name)).toString()

async function readOn({ source }: Place, item: SourceItem): Promise<void> {
  const reader = await source.open(item, 0)
  try {
    await reader.read(new Uint8Array(100))
    await reader.verify()
  } finally {
    await reader.close()
  }
}

const FINGERPRINT = 'fingerprint'
const FACTS = { sourceVersion: 'v', lines: 1, quarantined: 0 }

const outputOf = (place: Place, name = 'x.ndjson'): SinkItem => place.sink().item(name, FINGERPRINT)

/** As a run does it. */
async function finish(item: SinkItem): Promise<void> {
  await item.complete()
  const sealed = await item.sealed()
  await item.flush()
  if ((await item.find(sealed)) === 'ready') await item.commit(FACTS)
  await item.settle()
}

const patterned = (length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >>> 8) * 7) & 255
  return bytes
}

async function inLanes<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const queue = all.values()
  const lane = async (): Promise<void> => {
    for (const each of queue) await work(each)
  }
  await Promise.all(Array.from({ length: 24 }, lane))
}
