import { splitSink } from '../../src/storage/split.js'
import type { Sink } from '../../src/storage/store.js'
import { codeOf } from '../support/pipeline-run.js'
import { type Check, contentOf, FINGERPRINT, finish, namesOf, type Place } from './place.js'

const ONE = '0123456789abcdef0123456789abcdef'
const TWO = 'fedcba9876543210fedcba9876543210'

/** A unit of the place, as each process would open it for itself. */
const unitOf = (place: Place, id = ONE, outputs: readonly string[] = ['sub/x.ndjson']): Sink =>
  place.sink().unit(id, outputs)

/** What every store keeps to where several processes share a run. */
export const UNIT_CHECKS: Readonly<Record<string, Check>> = {
  async 'outputs of units stand in the place, side by side'(t, place) {
    const units = [unitOf(place, ONE, ['sub/x.ndjson']), unitOf(place, TWO, ['sub/y.ndjson'])]
    const unlocks = await Promise.all(units.map(({ state }) => state.lock()))
    const items = units.map((unit, at) => unit.item(at === 0 ? 'sub/x.ndjson' : 'sub/y.ndjson', FINGERPRINT))
    for (const [at, item] of items.entries()) {
      await item.resume(0)
      await item.append([Buffer.from(`unit ${at}\n`)])
    }
    t.strictSame(await namesOf(place), [], 'not before the commit')
    for (const item of items) await finish(item)
    for (const item of items) await item.close()
    for (const unlock of unlocks) await unlock()
    t.equal(await contentOf(place, 'sub/x.ndjson'), 'unit 0\n')
    t.equal(await contentOf(place, 'sub/y.ndjson'), 'unit 1\n')
    t.match(await place.sink().head('sub/x.ndjson'), { bytes: 7 }, 'the place sees it, too')
    t.match(await unitOf(place, TWO).head('sub/x.ndjson'), { bytes: 7 }, 'and each other unit')
    t.equal(await unitOf(place, TWO).head('sub/z.ndjson'), undefined)
  },

  async 'each unit has a lock of its own, that nobody waits for who does not want to'(t, place) {
    const main = await place.sink().state.lock()
    const unlock = await unitOf(place).state.lock({ isPatient: false })
    const begun = performance.now()
    t.equal(await codeOf(unitOf(place).state.lock({ isPatient: false })), 'SINK_LOCKED')
    t.ok(performance.now() - begun < 2_000, 'at once')
    const other = await unitOf(place, TWO).state.lock({ isPatient: false })
    await unlock()
    const again = await unitOf(place).state.lock({ isPatient: false })
    t.equal(await codeOf(unitOf(place, TWO).state.lock({ isPatient: false })), 'SINK_LOCKED')
    t.equal(await codeOf(place.sink().state.lock({ isPatient: false })), 'SINK_LOCKED')
    for (const release of [again, other, main]) await release()
    const both = await Promise.allSettled([1, 2, 3].map(() => unitOf(place).state.lock({ isPatient: false })))
    const held = both.filter((each) => each.status === 'fulfilled')
    t.equal(held.length, 1, 'started three times at once, one has it')
    for (const { value } of held) await value()
  },

  async 'who holds a lock is seen without taking it'(t, place) {
    t.equal(await unitOf(place).state.holder(), undefined)
    const unlock = await unitOf(place).state.lock()
    const holder = await unitOf(place).state.holder()
    t.type(holder?.host, 'string')
    t.type(holder?.signature, 'string')
    t.equal(await unitOf(place, TWO).state.holder(), undefined)
    t.equal(await place.sink().state.holder(), undefined)
    t.equal(
      await codeOf(unitOf(place).state.lock({ isPatient: false })),
      'SINK_LOCKED',
      'a look frees nothing',
    )
    await unlock()
    t.equal(await unitOf(place).state.holder(), undefined)
  },

  async 'one that holds no lock reads what is there now'(t, place) {
    const [watcher, main] = [unitOf(place).state, place.sink().state]
    t.equal(await watcher.read('done.json'), undefined)
    t.equal(await main.read('plan.json'), undefined)
    const { state } = unitOf(place)
    const unlock = await state.lock()
    for (const text of ['{"lines":1}', '{"lines":22}']) {
      await state.write('done.json', text)
      t.equal(await state.read('done.json'), text)
      t.equal(await watcher.read('done.json'), text)
      t.equal(await watcher.bytesOf('done.json'), text.length)
    }
    t.equal(await unitOf(place, TWO).state.read('done.json'), undefined, 'texts of others are not its own')
    t.equal(await main.read('done.json'), undefined)
    const owner = place.sink().state
    const release = await owner.lock()
    await owner.write('plan.json', '{}')
    t.equal(await main.read('plan.json'), '{}')
    await owner.remove('plan.json')
    t.equal(await main.read('plan.json'), undefined)
    await release()
    await state.remove('done.json')
    t.equal(await watcher.read('done.json'), undefined)
    await unlock()
  },

  async 'another process goes on with a unit where it was left'(t, place) {
    const first = unitOf(place)
    const unlock = await first.state.lock()
    const begun = first.item('sub/x.ndjson', FINGERPRINT)
    await begun.resume(0)
    await begun.append([Buffer.from('one\n'), Buffer.from('two\n')])
    await begun.complete()
    await begun.flush()
    const journal = await first.state.appender('items/x.journal', 0)
    await journal.append('8 bytes\n')
    await journal.flush()
    await journal.close()
    await begun.close()
    await unlock()
    const second = unitOf(place)
    const release = await second.state.lock()
    t.equal(await second.state.bytesOf('items/x.journal'), 8)
    t.equal(await second.state.read('items/x.journal'), '8 bytes\n')
    const item = second.item('sub/x.ndjson', FINGERPRINT)
    t.equal(await item.leftBytes(), 8)
    t.equal(await item.resume(8), true)
    await item.append([Buffer.from('three\n')])
    await finish(item)
    await item.close()
    await release()
    t.equal(await contentOf(place, 'sub/x.ndjson'), 'one\ntwo\nthree\n')
  },

  async 'whoever takes the lock of the place disturbs no unit at work'(t, place) {
    const unit = unitOf(place)
    const unlock = await unit.state.lock()
    const item = unit.item('sub/x.ndjson', FINGERPRINT)
    await item.resume(0)
    await item.append([Buffer.from('one\n')])
    const journal = await unit.state.appender('items/x.journal', 0)
    await journal.append('4 bytes\n')
    await journal.keep()
    for (let count = 0; count < 2; count += 1) await (await place.sink().state.lock())()
    const another = unitOf(place, TWO, ['sub/y.ndjson'])
    await (await another.state.lock())()
    await unit.state.confirm()
    await journal.append('8 bytes\n')
    await journal.flush()
    await journal.close()
    await item.append([Buffer.from('two\n')])
    await finish(item)
    await item.close()
    t.equal(await unit.state.read('items/x.journal'), '4 bytes\n8 bytes\n')
    await unlock()
    t.equal(await contentOf(place, 'sub/x.ndjson'), 'one\ntwo\n')
  },

  async 'the state of a unit is cleared by itself, and with that of the place'(t, place) {
    const texts = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all([
        unitOf(place).state.read('done.json'),
        unitOf(place, TWO).state.read('done.json'),
        place.sink().state.read('plan.json'),
      ])
    for (const state of [unitOf(place).state, unitOf(place, TWO).state]) {
      const unlock = await state.lock()
      await state.write('done.json', 'text')
      await unlock()
    }
    const main = place.sink().state
    const unlock = await main.lock()
    await main.write('plan.json', 'plan')
    await unitOf(place).state.clear()
    t.strictSame(await texts(), [undefined, 'text', 'plan'])
    await unlock()
    const { state } = unitOf(place)
    const again = await state.lock()
    t.equal(await state.read('done.json'), undefined, 'a cleared unit begins afresh')
    await again()
    await place.sink().state.clear()
    t.strictSame(await texts(), [undefined, undefined, undefined])
  },

  async 'an output in parts is one in a unit, too'(t, place) {
    const parts = ['x-00001.ndjson', 'x-00002.ndjson']
    const split = (): Sink => splitSink(place.sink(), 4).unit(ONE, parts)
    const unit = split()
    const unlock = await unit.state.lock()
    const item = unit.item('x.ndjson', FINGERPRINT)
    await item.resume(0)
    for (const line of ['one\n', 'two\n']) await item.append([Buffer.from(line)])
    await finish(item)
    await item.close()
    await unlock()
    t.strictSame(await namesOf(place), parts)
    t.equal(await contentOf(place, 'x-00002.ndjson'), 'two\n')
    t.match(await split().head('x.ndjson'), { bytes: 8, parts: parts.map((name) => ({ name, bytes: 4 })) })
  },
}
