// Holds src/load/audit/audit.ts, src/load/audit/audit-line.ts, src/load/audit/error-line.ts,
// src/load/audit/line-log.ts, src/load/audit/error-log.ts,
// src/load/audit/item-record.ts, src/load/audit/settled-entry.ts.

import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createRetry } from '../../../src/http/retry.js'
import { Audit, type AuditOptions } from '../../../src/load/audit/audit.js'
import type { Fate } from '../../../src/load/audit/audit-line.js'
import type { SettledEntry } from '../../../src/load/audit/settled-entry.js'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { openLoadState } from '../../../src/storage/open.js'
import type { State } from '../../../src/storage/store.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../../support/azurite.js'

const ITEM = { name: 'a/Patient.ndjson', version: 'v1' }

const settled = (ordinal: number, fate: SettledEntry['fate'] = 'loaded', item = ITEM): SettledEntry => ({
  item,
  ordinal,
  offset: ordinal * 100,
  fate,
  status: fate === 'loaded' ? '201' : '422',
})

const error = (ordinal: number, fate: Exclude<Fate, 'loaded'>) => ({
  item: ITEM.name,
  version: ITEM.version,
  ordinal,
  offset: ordinal * 100,
  fate,
})

const azurite = await startAzurite(t)
const container = await azurite.container()

/** Each makes a state anew for each test, which can be opened again as after the end of a process. */
const STATES: Readonly<Record<string, (name: string) => () => Promise<State>>> = {
  memory: () => {
    const content = new MemoryContent()
    return async () => {
      content.crash('process')
      return memorySink(content).state
    }
  },
  folder: (name) => {
    const folder = join(t.testdir(), name)
    return () => openLoadState(folder, ACCESS, { target: 'host-0' })
  },
  azure: (name) => () =>
    openLoadState(`azurite://${container.containerName}/${name}`, ACCESS, { target: 'host-0' }),
}

const ACCESS = {
  credentials: () => ({
    accounts: [],
    emulator: { account: ACCOUNT, endpoint: `${azurite.url}/${ACCOUNT}`, key: ACCOUNT_KEY },
  }),
  retry: createRetry({ baseMs: 1 }),
}

/** Opens an audit under the lock of its state; the lock is given up when the test ends. */
async function openAudit(state: State, options: Partial<AuditOptions> = {}) {
  const unlock = await state.lock()
  const audit = await Audit.open({ state, ...options })
  return { audit, end: () => audit.close().then(unlock) }
}

const textOf = async (state: State, name: string): Promise<string> => (await state.read(name)) ?? ''

for (const [name, make] of Object.entries(STATES)) {
  t.test(`${name}: what a run settled is settled for the next one, whatever its batches`, async (t) => {
    const reopen = make('settled')
    const first = await openAudit(await reopen())
    await first.audit.begin({ base: 'https://fhir.example.org/' })
    await first.audit.settle([settled(0), settled(2), settled(1, 'failed')], [error(1, 'failed')], {
      bundle: 1,
      httpStatus: 200,
      requestId: 'r-1',
      ms: 12.4,
    })
    await first.audit.settle([settled(4, 'retry'), settled(3, 'ambiguous')], [error(3, 'ambiguous')])
    await first.end()
    const second = await openAudit(await reopen())
    const record = second.audit.recordOf(ITEM)
    t.strictSame(
      [0, 1, 2, 3, 4].map((ordinal) => record.isSettled(ordinal)),
      [true, true, true, true, false],
    )
    t.strictSame(record.counts, { loaded: 2, failed: 1, rejected: 0, ambiguous: 1 })
    t.notOk(record.isDone)
    record.readToEnd(4)
    await second.audit.settle([settled(4)], [])
    t.ok(record.isDone)
    record.reconcile()
    await second.end()
    const third = await openAudit(await reopen())
    t.ok(third.audit.recordOf(ITEM).isDone)
    t.equal(third.audit.recordOf(ITEM).entryCount, 5)
    t.notOk(third.audit.recordOf({ ...ITEM, version: 'v2' }).isSettled(0), 'another version is another item')
    await third.end()
    const lines = (await textOf(await reopen(), 'audit.ndjson')).trim().split('\n')
    t.match(JSON.parse(lines[1] ?? ''), {
      bundle: 1,
      sources: [{ item: ITEM.name, version: 'v1', offset: 0, entries: [[0, 2]], failed: [[1, 1]] }],
      loaded: 2,
      failed: 1,
      ambiguous: 0,
      byStatus: { 201: 2, 422: 1 },
      ms: 12,
      httpStatus: 200,
      requestId: 'r-1',
    })
    t.equal((await textOf(await reopen(), 'errors.ndjson')).trim().split('\n').length, 2)
  })

  t.test(
    `${name}: entries without an answer are ambiguous, and those that were answered are not`,
    async (t) => {
      const reopen = make('lost')
      const first = await openAudit(await reopen())
      await first.audit.sending([settled(0), settled(1), settled(2), settled(3)])
      await first.audit.settle([settled(0), settled(1, 'retry')], [])
      await first.audit.close()
      // No end: the process is gone, and its lock with it.
      await first.end()
      const found: number[] = []
      const second = await openAudit(await reopen(), { onLost: (count) => found.push(count) })
      t.strictSame(found, [2])
      t.strictSame(second.audit.recordOf(ITEM).counts, { loaded: 1, failed: 0, rejected: 0, ambiguous: 2 })
      t.notOk(second.audit.recordOf(ITEM).isSettled(1), 'was answered, and is sent again')
      await second.end()
      const state = await reopen()
      const third = await openAudit(state, { onLost: (count) => found.push(count) })
      t.strictSame(found, [2], 'said once')
      t.equal(third.audit.recordOf(ITEM).counts.ambiguous, 2)
      await third.end()
      t.match(await textOf(await reopen(), 'errors.ndjson'), /"ordinal":2,.*ANSWER_LOST.*\n.*"ordinal":3,/)
    },
  )

  t.test(`${name}: errors of entries that a later run settled are removed at its end`, async (t) => {
    const reopen = make('tidied')
    const first = await openAudit(await reopen(), { maxSegmentBytes: 300 })
    const ordinals = [0, 1, 2, 3, 4, 5]
    for (const ordinal of ordinals)
      await first.audit.settle([settled(ordinal, 'failed')], [error(ordinal, 'failed')])
    await first.end()
    const second = await openAudit(await reopen(), { repeatsFailures: true, maxSegmentBytes: 300 })
    for (const ordinal of [0, 2, 5]) await second.audit.settle([settled(ordinal)], [])
    await second.audit.settle([settled(3, 'failed')], [error(3, 'failed')])
    await second.audit.end()
    await second.end()
    const state = await reopen()
    const texts = await Promise.all(
      Array.from({ length: 9 }, (_, at) =>
        textOf(state, at === 0 ? 'errors.ndjson' : `errors-${at + 1}.ndjson`),
      ),
    )
    const left = texts
      .join('')
      .split('\n')
      .flatMap((line) => /"ordinal":(\d)/.exec(line)?.[1] ?? [])
    t.strictSame(left, ['1', '4', '3'])
    const third = await openAudit(state, { maxSegmentBytes: 300 })
    await third.audit.settle([settled(9, 'failed')], [error(9, 'failed')])
    await third.end()
    t.equal(third.audit.recordOf(ITEM).counts.failed, 4, 'lines can be appended after that')
  })
}

t.test('a torn last line is cut off, and a damaged one in the middle is told', async (t) => {
  const folder = join(t.testdir(), 'in')
  const reopen = () => openLoadState(folder, ACCESS, { target: 'host-0' })
  const path = `${folder}.load/host-0/audit.ndjson`
  const first = await openAudit(await reopen())
  for (let ordinal = 0; ordinal < 3; ordinal += 1) await first.audit.settle([settled(ordinal)], [])
  await first.end()
  t.equal(statSync(`${folder}.load/host-0/audit.ndjson`).mode & 0o777, 0o600)
  const [one = '', two = '', three = ''] = (await textOf(await reopen(), 'audit.ndjson')).split('\n')
  writeFileSync(path, `${one}\n${two.slice(1)}\n${three}\n${three.slice(0, 20)}`)
  const found: number[] = []
  const second = await openAudit(await reopen(), { onDamaged: (count) => found.push(count) })
  t.strictSame(found, [1])
  const record = second.audit.recordOf(ITEM)
  t.strictSame(
    [0, 1, 2].map((ordinal) => record.isSettled(ordinal)),
    [true, false, true],
  )
  await second.audit.settle([settled(1)], [])
  await second.end()
  const third = await openAudit(await reopen())
  t.equal(third.audit.recordOf(ITEM).settledCount, 3, 'the line behind the torn one is whole')
  await third.end()
  writeFileSync(path, Buffer.concat([Buffer.from(`${one}\n`), Buffer.from([0xff, 0x0a])]))
  const fourth = await openAudit(await reopen())
  await fourth.audit.settle([settled(7)], [])
  await fourth.end()
  const fifth = await openAudit(await reopen())
  t.strictSame(
    [0, 7].map((ordinal) => fifth.audit.recordOf(ITEM).isSettled(ordinal)),
    [true, true],
  )
  await fifth.end()
})

const DAMAGED: readonly unknown[] = [
  null,
  7,
  [],
  { at: 'x' },
  { sources: [{ item: 1, version: 'v', offset: 0, entries: [] }] },
  { sources: [{ item: 'a', version: 'v', offset: 0, entries: [[2, 1]] }] },
  { sources: [{ item: 'a', version: 'v', offset: 0, entries: [[0, 1.5]] }] },
  { sources: [{ item: 'a', version: 'v', offset: 0, entries: [[0, 1]], failed: [[0]] }] },
  { sources: [{ item: 'a', version: 'v', offset: 0, entries: [], of: -1 }] },
]

t.test('lines that say what no run can have written are not believed', async (t) => {
  const folder = join(t.testdir(), 'in')
  const reopen = () => openLoadState(folder, ACCESS, { target: 'host-0' })
  const first = await openAudit(await reopen())
  await first.audit.settle([settled(0)], [])
  await first.end()
  writeFileSync(
    `${folder}.load/host-0/audit.ndjson`,
    DAMAGED.map((line) => `${JSON.stringify(line)}\n`).join(''),
  )
  const found: number[] = []
  const second = await openAudit(await reopen(), { onDamaged: (count) => found.push(count) })
  t.strictSame(found, [DAMAGED.length])
  await second.end()
})

t.test('a long log goes on in further files, each line of them counts', async (t) => {
  for (const limits of [{ maxSegmentBytes: 1000 }, { maxSegmentAppends: 7 }]) {
    const folder = join(t.testdir(), Object.keys(limits)[0] ?? '')
    const reopen = () => openLoadState(folder, ACCESS, { target: 'host-0' })
    for (let run = 0; run < 3; run += 1) {
      const opened = await openAudit(await reopen(), limits)
      for (let step = 0; step < 10; step += 1)
        await opened.audit.settle([settled(run * 10 + step, 'failed')], [error(run * 10 + step, 'failed')])
      await opened.end()
    }
    const state = await reopen()
    t.ok(await state.bytesOf('audit-2.ndjson'))
    t.ok(await state.bytesOf('errors-2.ndjson'))
    const last = await openAudit(state)
    t.equal(last.audit.recordOf(ITEM).settledCount, 30)
    await last.end()
  }
})

t.test('failures are settled anew when that is asked for, and counted once', async (t) => {
  const content = new MemoryContent()
  const state = () => {
    content.crash('process')
    return memorySink(content).state
  }
  const first = await openAudit(state())
  first.audit.recordOf(ITEM).readToEnd(3)
  await first.audit.settle(
    [settled(0), settled(1, 'failed'), settled(2, 'rejected'), settled(3, 'ambiguous')],
    [],
  )
  t.ok(first.audit.recordOf(ITEM).isDone)
  await first.end()
  const second = await openAudit(state(), { repeatsFailures: true })
  const record = second.audit.recordOf(ITEM)
  t.notOk(record.isDone)
  t.strictSame(
    [0, 1, 2, 3].map((ordinal) => record.isSettled(ordinal)),
    [true, false, false, true],
  )
  await second.audit.settle([settled(1)], [])
  await second.audit.settle([settled(2, 'failed')], [])
  t.ok(record.isDone, 'each is repeated once')
  record.reconcile()
  await second.end()
  const third = await openAudit(state())
  t.strictSame(third.audit.recordOf(ITEM).counts, { loaded: 2, failed: 1, rejected: 0, ambiguous: 1 })
  t.ok(third.audit.recordOf(ITEM).isDone)
  await third.end()
})

t.test('an item of another length than before is a fault', async (t) => {
  const { audit, end } = await openAudit(memorySink(new MemoryContent()).state)
  const record = audit.recordOf(ITEM)
  record.readToEnd(1)
  await audit.settle([settled(0)], [])
  t.throws(() => record.reconcile(), { code: 'RECONCILIATION_FAILED' })
  t.throws(() => record.readToEnd(5), { code: 'RECONCILIATION_FAILED' })
  await end()
})

t.test('an item without entries is done once that is kept', async (t) => {
  const content = new MemoryContent()
  const first = await openAudit(memorySink(content).state)
  const record = first.audit.recordOf(ITEM)
  record.readToEnd(-1)
  t.notOk(record.isDone)
  await first.audit.settleEnd(record)
  t.ok(record.isDone)
  await first.end()
  const second = await openAudit(memorySink(content).state)
  t.ok(second.audit.recordOf(ITEM).isDone)
  await second.end()
})
