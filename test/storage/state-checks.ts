import { codeOf } from '../support/pipeline-run.js'
import { type Check, FINGERPRINT, namesOf } from './place.js'

/** What every state keeps to, and the small files of a sink. */
export const STATE_CHECKS: Readonly<Record<string, Check>> = {
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
        t.equal(await codeOf(call(name)), 'SOURCE_UNUSABLE', `${use} ${JSON.stringify(name)}`)
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

  async 'a text of any length is read in pieces'(t, place) {
    const { state } = place.sink()
    const joined = async (name: string) => {
      const pieces: Uint8Array[] = []
      for await (const piece of place.sink().state.pieces(name)) pieces.push(Buffer.from(piece))
      return Buffer.concat(pieces).toString()
    }
    t.equal(await joined('deep/none'), '')
    for (const text of ['', 'ü 東京 😀\n', 'ü'.repeat(1_500_000)]) {
      await state.write('deep/p', text)
      t.ok((await joined('deep/p')) === text, `${text.length} characters`)
    }
    const appender = await state.appender('q', 0)
    await appender.append('one\n')
    await appender.append('two\n')
    await appender.flush()
    await appender.close()
    t.equal(await joined('q'), 'one\ntwo\n')
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
