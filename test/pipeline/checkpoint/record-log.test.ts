import t from 'tap'
import type { DoneRecord } from '../../../src/pipeline/checkpoint/done-record.js'
import { RecordLog } from '../../../src/pipeline/checkpoint/record-log.js'
import { NO_COUNTS } from '../../../src/pipeline/report/item-counts.js'
import { grouped } from '../../../src/storage/grouped-work.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { memoryState } from '../../../src/storage/memory/memory-state.js'
import type { Epoch, State } from '../../../src/storage/store.js'
import { elementAt, firstOf } from '../../support/elements.js'

const record = (output: string, fingerprint = 'f'): DoneRecord => ({
  done: 1,
  output,
  fingerprint,
  head: { bytes: 1, version: `${output} ${fingerprint}` },
  source: { name: output, bytes: 1, version: 'v' },
  totals: NO_COUNTS,
})

const stateOf = (content: MemoryContent, epoch: Partial<Epoch> = {}): State => ({
  ...memoryState(content, content.guard()),
  epoch: () => ({ id: '', earlier: [], isNew: false, ...epoch }),
})

async function log(state: State, ...entries: Parameters<RecordLog['append']>[0][]): Promise<void> {
  const opened = await RecordLog.open(state)
  for (const entry of entries) await opened.append(entry)
  await opened.close()
}

const [a, b, c] = [record('a'), record('b'), record('c')]

t.test('a log says of each output what was written last', async (t) => {
  const content = new MemoryContent()
  await log(stateOf(content), { sealed: a }, { sealed: b }, { done: 'b' }, { record: c })
  await log(stateOf(content), { gone: 'c' }, { sealed: record('b', 'g') }, { done: 'none' })
  const read = await RecordLog.open(stateOf(content))
  t.strictSame(read.logged('a'), { sealed: [a] })
  t.strictSame(read.logged('b'), { record: b, sealed: [record('b', 'g')] })
  t.equal(read.logged('c'), undefined)
  t.equal(read.logged('none'), undefined)
  read.release('a')
  t.ok(read.logged('a'), 'what was sealed only is still asked for')
})

t.test('a record of nothing finished leaves what was sealed', async (t) => {
  const content = new MemoryContent()
  await log(stateOf(content), { sealed: a }, { record: record('a', '') }, { done: 'a' })
  t.strictSame((await RecordLog.open(stateOf(content))).logged('a'), { record: a, sealed: [] })
})

t.test('a damaged or torn line costs its own record only', async (t) => {
  const whole = new MemoryContent()
  await log(stateOf(whole), { record: a }, { record: b }, { record: c })
  const [name, text] = firstOf([...whole.texts])
  for (const damage of [
    (lines: string[]) => [lines[0], elementAt(lines, 1).replace('"b"', '"x"'), lines[2], ''],
    (lines: string[]) => [lines[0], elementAt(lines, 1).slice(20), lines[2], ''],
    (lines: string[]) => [lines[0], '\0'.repeat(50), lines[2], ''],
    (lines: string[]) => [lines[0], lines[2], elementAt(lines, 1).slice(0, 30)],
  ]) {
    const content = new MemoryContent()
    const bytes = Buffer.from(damage(text.bytes.toString().split('\n')).join('\n'))
    content.texts.set(name, { bytes, keptBytes: bytes.length, flushedBytes: bytes.length })
    await log(stateOf(content), { record: record('d') })
    const read = await RecordLog.open(stateOf(content))
    t.strictSame(
      ['a', 'b', 'c', 'd'].map((output) => read.logged(output)?.record?.output),
      ['a', undefined, 'c', 'd'],
    )
  }
})

t.test(
  'a log that is mostly out of date is rewritten; a crash at any write of it loses nothing',
  async (t) => {
    const outputs = Array.from({ length: 5 }, (_, at) => `o${at}`)
    const worn = async (): Promise<MemoryContent> => {
      const content = new MemoryContent()
      for (let round = 0; round < 17; round += 1)
        await log(stateOf(content), ...outputs.map((output) => ({ record: record(output, `f${round}`) })))
      return content
    }
    const texts = (content: MemoryContent) =>
      [...content.texts.keys()].filter((name) => name.endsWith('.log'))
    for (let crashAt = 1; ; crashAt += 1) {
      const content = await worn()
      let changes = 0
      const state = stateOf(content)
      const counted = async (change: () => Promise<void>): Promise<void> => {
        changes += 1
        if (changes === crashAt) content.crash('power')
        await change()
      }
      const crashing: State = {
        ...state,
        write: (name, text) => counted(() => state.write(name, text)),
        remove: (name) => counted(() => state.remove(name)),
        async appender(name, keepBytes) {
          const file = await state.appender(name, keepBytes)
          return { ...file, flush: () => counted(file.flush) }
        },
      }
      const isWhole = await RecordLog.open(crashing).then(
        (opened) => opened.close().then(() => true),
        () => false,
      )
      const read = await RecordLog.open(stateOf(content))
      for (const output of outputs)
        t.equal(read.logged(output)?.record?.fingerprint, 'f16', `${crashAt} ${output}`)
      await read.close()
      t.ok(texts(content).length < 18, `${texts(content).length} segments`)
      if (!isWhole) continue
      t.ok(crashAt > 10)
      break
    }
  },
)

t.test('a rewrite that is torn at any of its lines keeps what was sealed', async (t) => {
  const worn = new MemoryContent()
  for (let round = 0; round < 16; round += 1) await log(stateOf(worn), { record: record('a', `f${round}`) })
  await log(stateOf(worn), { sealed: record('a', 'g') }, { record: b }, { sealed: record('b', 'h') })
  const before = new Map(worn.texts)
  // As if the process had ended before it removed anything.
  await RecordLog.open({ ...stateOf(worn), write: async () => {}, remove: async () => {} })
  const rewritten = [...worn.texts].filter(([each]) => !before.has(each))
  t.equal(rewritten.length, 1)
  const [name, { bytes: written }] = firstOf(rewritten)
  t.ok(written.length > 0)
  for (let length = 0; length <= written.length; length += 20) {
    const content = new MemoryContent()
    for (const [each, text] of before) content.texts.set(each, text)
    const bytes = written.subarray(0, length)
    content.texts.set(name, { bytes, keptBytes: length, flushedBytes: length })
    const read = await RecordLog.open(stateOf(content))
    t.strictSame(read.logged('a'), { record: record('a', 'f15'), sealed: [record('a', 'g')] }, `${length}`)
    t.strictSame(read.logged('b'), { record: b, sealed: [record('b', 'h')] }, `${length}`)
  }
})

t.test('a long log that is up to date is not rewritten', async (t) => {
  const content = new MemoryContent()
  const long = (at: number): DoneRecord => ({
    ...record(`o${at}`),
    source: { name: 'x', bytes: 1, version: 'v'.repeat(4 * 2 ** 20) },
  })
  const opened = await RecordLog.open(stateOf(content))
  for (let at = 0; at < 20; at += 1) await opened.append({ record: long(at) })
  await opened.close()
  const names = [...content.texts.keys()]
  t.equal(names.length, 20)
  const read = await RecordLog.open(stateOf(content))
  t.strictSame([...content.texts.keys()], names)
  t.equal(read.logged('o19')?.record?.output, 'o19')
})

t.test('an append that fails costs its own entries only', async (t) => {
  for (const fault of ['torn', 'not flushed', 'not begun'] as const) {
    const content = new MemoryContent()
    const state = stateOf(content)
    let failsNow = false
    const fails = (): boolean => {
      const now = failsNow
      failsNow = false
      return now
    }
    const failing: State = {
      ...state,
      async appender(name, keepBytes) {
        if (fault === 'not begun' && fails()) throw new Error('full')
        const file = await state.appender(name, keepBytes)
        return {
          ...file,
          async append(text) {
            if (fault !== 'torn' || !fails()) return file.append(text)
            await file.append(text.slice(0, 50))
            throw new Error('full')
          },
          async flush() {
            if (fault === 'not flushed' && fails()) throw new Error('full')
            await file.flush()
          },
        }
      },
    }
    const opened = await RecordLog.open(failing)
    if (fault !== 'not begun') await opened.append({ record: a })
    failsNow = true
    await t.rejects(opened.append({ record: b }), /full/, fault)
    await opened.append({ record: c })
    await opened.close()
    const read = await RecordLog.open(stateOf(content))
    t.strictSame(read.logged('c'), { record: c, sealed: [] }, fault)
    t.ok(fault === 'not begun' || read.logged('a'), fault)
  }
})

t.test('a run that takes over keeps the records of the epochs before', async (t) => {
  const content = new MemoryContent()
  await log(stateOf(content, { id: '1' }), { record: a }, { sealed: b })
  await log(stateOf(content, { id: '2', earlier: ['1'] }), { record: record('a', 'g') })
  t.notOk(
    [...content.texts.keys()].some((name) => name.includes('.1-')),
    'they are written again',
  )
  const read = await RecordLog.open(stateOf(content, { id: '3', earlier: ['2', '1'] }))
  t.strictSame(read.logged('a'), { record: record('a', 'g'), sealed: [] })
  t.strictSame(read.logged('b'), { sealed: [b] })
})

t.test('callers at the same time share a round that begins after them, and its failure', async (t) => {
  const rounds: (readonly number[])[] = []
  const share = grouped<number>(async (calls) => {
    rounds.push(calls)
    await Promise.resolve()
    if (calls.includes(4)) throw new Error('failed')
  })
  await Promise.all([share(1), share(2)])
  const third = share(3)
  await third
  const failing = [share(4), share(5)]
  for (const each of failing) await t.rejects(each, /failed/)
  await share(6)
  t.strictSame(rounds, [[1, 2], [3], [4, 5], [6]])
})
