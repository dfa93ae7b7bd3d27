import { codeOf } from '../support/pipeline-run.js'
import {
  bytesOf,
  type Check,
  contentOf,
  FACTS,
  FINGERPRINT,
  finish,
  namesOf,
  outputOf,
  patterned,
} from './place.js'

/** What every sink keeps to. */
export const OUTPUT_CHECKS: Readonly<Record<string, Check>> = {
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
    await first.append([Buffer.from('three\n')])
    t.ok([8, 14].includes(first.keptBytes), 'at the end of an append')
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

  async 'a sealed output is found ready, committed or lost by another run'(t, place, { differences }) {
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
    if (differences['aborted bytes stay'] === undefined)
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

  async 'an aborted output leaves nothing, and alone what is there'(t, place, { differences }) {
    for (const there of [undefined, 'there']) {
      if (there !== undefined) await place.write('x.ndjson', there)
      const item = outputOf(place)
      await item.resume(0)
      await item.append([Buffer.from('new\n')])
      await item.abort()
      const later = outputOf(place)
      t.equal(await later.resume(4), differences['aborted bytes stay'] !== undefined)
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

  async 'an output that another program wrote meanwhile is SINK_CONFLICT'(t, place, { differences }) {
    if (differences['replaces whatever is there'] !== undefined) return
    for (const there of [undefined, 'before']) {
      if (there !== undefined) await place.write('x.ndjson', there)
      const sink = place.sink()
      await sink.head('x.ndjson')
      const item = sink.item('x.ndjson', FINGERPRINT)
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
}
