import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { folderSink, stateFolderOf } from '../../../src/storage/folder/folder.js'
import { folderState } from '../../../src/storage/folder/folder-state.js'
import type { Sink } from '../../../src/storage/store.js'
import { FACTS, FINGERPRINT, finish } from '../place.js'

const UNIT = '0123456789abcdef0123456789abcdef'
const OTHER = 'fedcba9876543210fedcba9876543210'
// Longer than 241 bytes, so that a hash stands for it in the name of its temporary file.
const LONG = `sub/${'x'.repeat(240)}.ndjson`
const OUTPUTS = ['sub/deep/x.ndjson', 'y-00001.ndjson', LONG]

// A holder that gives no sign of life among those who soon believe it dead, and one that beats.
const FROZEN = { beatEveryMs: 1_000_000, staleAfterMs: 400, lookEveryMs: 20 }
const BEATING = { ...FROZEN, beatEveryMs: 50, staleAfterMs: 60_000 }

const sinkOf = (folder: string, times = FROZEN): Sink =>
  folderSink(folder, folderState(stateFolderOf(folder), times))

const partsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.part'))
    .sort()

/** Makes the holder one of a host that nobody here can ask. The texts stay as long as they were. */
function moveToOtherHost(stateFolder: string): void {
  for (const name of ['lock', 'epoch.json']) {
    const path = join(stateFolder, name)
    const elsewhere = readFileSync(path, 'utf8').replace(
      /"host":"([^"]*)"/,
      (_, host: string) => `"host":"${'~'.repeat(host.length)}"`,
    )
    writeFileSync(path, elsewhere, { flag: 'r+' })
  }
}

/** A unit that a task of another host has begun, with something half-written of each output. */
async function begun(t: Test, folder: string, { id = UNIT, outputs = OUTPUTS, times = FROZEN } = {}) {
  const unit = sinkOf(folder, times).unit(id, outputs)
  const unlock = await unit.state.lock()
  t.teardown(unlock)
  const items = outputs.map((name) => unit.item(name, FINGERPRINT))
  for (const item of items) {
    await item.resume(0)
    await item.append([Buffer.from('first\n')])
    t.teardown(() => item.close())
  }
  moveToOtherHost(unit.state.place)
  return { unit, items }
}

t.test('one whose unit was taken over commits nothing, and leaves nothing of its own', async (t) => {
  const folder = join(t.testdir(), 'out')
  const frozen = await begun(t, folder)
  const other = await begun(t, folder, { id: OTHER, outputs: ['sub/deep/xx.ndjson', 'y-00002.ndjson'] })
  mkdirSync(join(folder, 'foreign'))
  writeFileSync(join(folder, 'sub/deep/theirs.part'), 'of another program')
  writeFileSync(join(folder, 'foreign/x.ndjson.0123abcd.part'), 'not in a folder of its outputs')
  const stays = partsIn(folder).filter((name) => !name.includes(frozen.unit.state.epoch().id))
  t.equal(stays.length, 4)

  const next = sinkOf(folder).unit(UNIT, OUTPUTS)
  await t.rejects(next.state.lock({ isPatient: false }), { code: 'SINK_LOCKED' }, 'it may be alive')
  const unlock = await next.state.lock()
  t.ok(next.state.epoch().isNew)
  t.strictSame(next.state.epoch().earlier, [frozen.unit.state.epoch().id])
  t.strictSame(partsIn(folder), stays, 'only its own outputs are fenced')
  await other.unit.state.confirm()

  const items = OUTPUTS.map((name) => next.item(name, FINGERPRINT))
  for (const item of items) {
    t.equal(await item.leftBytes(), 0, 'nothing of it is gone on with')
    await item.resume(0)
    await item.append([Buffer.from('second\n')])
  }
  for (const item of frozen.items) {
    await item.append([Buffer.from('late\n')])
    await t.rejects(item.commit(FACTS), { code: 'SINK_LOCKED' })
  }
  for (const item of frozen.items) await t.rejects(item.resume(0), { code: 'SINK_LOCKED' })
  await t.rejects(frozen.unit.state.write('done.json', '{}'), { code: 'SINK_LOCKED' })
  await t.rejects(frozen.unit.put('late.ndjson', ''), { code: 'SINK_LOCKED' })
  await t.rejects(frozen.unit.remove('sub/deep/x.ndjson'), { code: 'SINK_LOCKED' })
  t.notOk(OUTPUTS.some((name) => existsSync(join(folder, name))))
  for (const item of items) {
    await finish(item)
    await item.close()
  }
  await unlock()
  for (const name of OUTPUTS) t.equal(readFileSync(join(folder, name), 'utf8'), 'second\n')
  t.strictSame(partsIn(folder), stays)
  t.equal(await next.state.read('done.json'), undefined)
  for (const item of other.items) await finish(item)
  t.equal(readFileSync(join(folder, 'sub/deep/xx.ndjson'), 'utf8'), 'first\n', 'the other unit goes on')
})

t.test('a unit whose holder has ended is gone on with, in its epoch', async (t) => {
  const folder = join(t.testdir(), 'out')
  const first = sinkOf(folder).unit(UNIT, OUTPUTS)
  const unlock = await first.state.lock()
  const item = first.item(LONG, FINGERPRINT)
  await item.resume(0)
  await item.append([Buffer.from('first\n')])
  await item.close()
  const { id } = first.state.epoch()
  await unlock()
  const next = sinkOf(folder).unit(UNIT, OUTPUTS)
  t.teardown(await next.state.lock())
  t.match(next.state.epoch(), { id, isNew: false })
  t.equal(await next.item(LONG, FINGERPRINT).leftBytes(), 6)
})

t.test('who looks on judges by what changes, never by the clock of another host', async (t) => {
  for (const [name, offSeconds] of [
    ['hours ahead', 7_200],
    ['hours behind', -7_200],
  ] as const)
    t.test(name, async (t) => {
      const folder = join(t.testdir(), 'out')
      const { unit } = await begun(t, folder, { times: BEATING })
      const lock = join(unit.state.place, 'lock')
      const shift = (): void => utimesSync(lock, Date.now() / 1000, Date.now() / 1000 + offSeconds)
      shift()
      const watcher = sinkOf(folder, BEATING).unit(UNIT, OUTPUTS).state
      t.equal(watcher.lockLife.kind, 'watched')
      const seen = await watcher.holder()
      t.match(seen, { host: /^~+$/ })
      const begunAt = performance.now()
      await t.rejects(watcher.lock(), { code: 'SINK_LOCKED' }, 'it beats')
      t.not((await watcher.holder())?.signature, seen?.signature)
      await t.rejects(watcher.lock({ stale: seen?.signature, isPatient: false }), { code: 'SINK_LOCKED' })
      t.ok(performance.now() - begunAt < 30_000)
      await unit.state.confirm()
    })

  t.test('one that nobody has seen change is taken by who has watched it', async (t) => {
    const folder = join(t.testdir(), 'out')
    const { unit } = await begun(t, folder)
    utimesSync(join(unit.state.place, 'lock'), Date.now() / 1000, Date.now() / 1000 + 7_200)
    const { state } = sinkOf(folder).unit(UNIT, OUTPUTS)
    const seen = await state.holder()
    await t.rejects(state.lock({ isPatient: false, stale: 'another' }), { code: 'SINK_LOCKED' })
    t.teardown(await state.lock({ isPatient: false, stale: seen?.signature }))
    await t.rejects(unit.state.confirm(), { code: 'SINK_LOCKED' })
    t.match(await state.holder(), { pid: process.pid })
  })
})

t.test('the lock of the place fences its outputs once no unit is left', async (t) => {
  const folder = join(t.testdir(), 'out')
  const { unit } = await begun(t, folder)
  const left = partsIn(folder)
  t.equal(left.length, OUTPUTS.length)
  await (await sinkOf(folder).state.lock())()
  t.strictSame(partsIn(folder), left)
  await unit.state.clear()
  const main = sinkOf(folder)
  const unlock = await main.state.lock()
  // The first lock began an epoch; this one is of a process that nobody can ask, so another begins.
  moveToOtherHost(main.state.place)
  const next = sinkOf(folder)
  t.teardown(await next.state.lock())
  t.ok(next.state.epoch().isNew)
  t.strictSame(partsIn(folder), [])
  await unlock()
})
