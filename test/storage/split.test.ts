import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { journalName } from '../../src/pipeline/checkpoint/done-record.js'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderSink, folderSource } from '../../src/storage/folder/folder.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { splitSink } from '../../src/storage/split.js'
import type { Sink } from '../../src/storage/store.js'
import { elementAt, firstOf } from '../support/elements.js'
import { filesIn, KEEP_ALL, planFor, run } from '../support/pipeline-run.js'

const FACTS = { sourceVersion: '1', lines: 1, quarantined: 0 }
const bytes = (text: string): [Uint8Array] => [Buffer.from(text)]

type Open = (options?: { readonly overwrite: boolean }) => Sink
const STORES: Readonly<Record<string, (t: Test) => Open>> = {
  folder: (t) => {
    const folder = join(t.testdir(), 'out')
    return (options) => splitSink(folderSink(folder), 6, options)
  },
  memory: () => {
    const content = new MemoryContent()
    return (options) => splitSink(memorySink(content), 6, options)
  },
}

for (const [store, make] of Object.entries(STORES))
  t.test(store, async (t) => {
    t.test('parts end between appends, and are found again at every moment', async (t) => {
      const open = make(t)
      const first = open().item('a/P.ndjson', 'print')
      await first.resume(0)
      for (const text of ['one\n', 'two\n', 'three\n', 'four\n']) await first.append(bytes(text))
      await first.complete()
      t.equal(first.keptBytes, 19)
      await first.close()
      const second = open().item('a/P.ndjson', 'print')
      t.equal(await second.leftBytes(), 19)
      t.equal(await second.resume(14), true)
      await second.append(bytes('5\n'))
      await second.complete()
      t.equal(second.keptBytes, 16)
      const sealed = await second.sealed()
      t.same(
        sealed.parts?.map(({ name }) => name),
        ['a/P-00001.ndjson', 'a/P-00002.ndjson', 'a/P-00003.ndjson'],
      )
      await second.close()
      const third = open().item('a/P.ndjson', 'print')
      t.equal(await third.find(sealed), 'ready')
      await third.commit(FACTS)
      const sink = open()
      t.same((await sink.head('a/P.ndjson'))?.version, sealed.version)
      const texts = await Promise.all((sealed.parts ?? []).map(({ name }) => sink.get(name)))
      t.same(texts, ['one\ntwo\n', 'three\n', '5\n'])
      t.equal(await open().item('a/P.ndjson', 'print').find(sealed), 'committed')
    })

    t.test('a shorter output takes away the parts of a longer one; an empty one has one part', async (t) => {
      const open = make(t)
      for (const [texts, parts] of [
        [['longer\n', 'longer\n', 'longer\n'], 3],
        [['short\n'], 1],
        [[], 1],
      ] as const) {
        const item = open().item('P.ndjson', 'print')
        // What is there is known, as a run's survey knows it.
        await open().head('P.ndjson')
        await item.resume(0)
        for (const text of texts) await item.append(bytes(text))
        await item.complete()
        const sealed = await item.sealed()
        t.equal(await item.find(sealed), 'ready')
        await item.commit(FACTS)
        t.equal((await open().head('P.ndjson'))?.parts?.length, parts)
      }
      await open().remove('P.ndjson')
      t.equal(await open().head('P.ndjson'), undefined)
    })

    t.test('parts behind a missing one are neither replaced nor removed, unless asked to', async (t) => {
      const open = make(t)
      const foreign = ['P-00002.ndjson', 'P-00003.ndjson', 'P-00004.ndjson']
      for (const name of foreign) await open().put(name, 'mine')
      const written = async (sink: Sink, texts: readonly string[]) => {
        await sink.head('P.ndjson')
        const item = sink.item('P.ndjson', 'print')
        await item.resume(0)
        for (const text of texts) await item.append(bytes(text))
        await item.complete()
        t.equal(await item.find(await item.sealed()), 'ready')
        return item
      }
      for (const texts of [['longer\n', 'longer\n'], ['short\n']]) {
        const item = await written(open(), texts)
        await t.rejects(item.commit(FACTS), { code: 'SINK_CONFLICT', at: 'P-00002.ndjson' })
        t.equal(await open().get('P-00001.ndjson'), undefined, 'nothing is committed')
        await item.abort()
      }
      for (const name of foreign) t.equal(await open().get(name), 'mine', name)
      const item = await written(open({ overwrite: true }), ['longer\n', 'longer\n'])
      await item.commit(FACTS)
      const parts = await Promise.all(['P-00001.ndjson', ...foreign].map((name) => open().get(name)))
      t.same(parts, ['longer\n', 'longer\n', undefined, undefined])
    })

    t.test('documents are not split', async (t) => {
      const item = make(t)().item('one.json', 'print')
      await item.resume(0)
      for (const text of ['{"a":1,', '"b":2}']) await item.append(bytes(text))
      await item.complete()
      t.equal((await item.sealed()).parts, undefined)
      await item.abort()
    })
  })

t.test('a run with parts has the bytes of one without, and its report names them', async (t) => {
  const folder = t.testdir()
  const [input, whole, split] = [join(folder, 'in'), join(folder, 'whole'), join(folder, 'split')]
  mkdirSync(input)
  const line = (n: number) => `{"resourceType":"Patient","id":"${n}"}\n`
  writeFileSync(join(input, 'P.ndjson'), Array.from({ length: 20_000 }, (_, n) => line(n)).join(''))
  await run(input, whole)
  const options = { source: folderSource(input), plan: planFor(KEEP_ALL), workers: 2, chunkBytes: 64 * 1024 }
  const sink = () => splitSink(folderSink(split), 200_000)
  const report = await runPipeline({ ...options, sink: sink() })
  const parts = firstOf(report.outputs).parts ?? []
  t.ok(parts.length >= 3, `${parts.length} parts`)
  const joined = Buffer.concat(parts.map(({ name }) => readFileSync(join(split, name))))
  t.ok(joined.equals(readFileSync(join(input, 'P.ndjson'))))
  t.ok(parts.every(({ name }) => readFileSync(join(split, name)).at(-1) === 0x0a))
  t.notOk(existsSync(join(split, 'P.ndjson')))
  t.match((await runPipeline({ ...options, sink: sink() })).items, { finishedBefore: 1, committed: 0 })
  t.same(
    [...filesIn(split).keys()].filter((name) => name.includes('part')),
    [],
  )
})

t.test(
  'a commit that was interrupted over an older output is gone on with, also without a journal',
  async (t) => {
    const input = join(t.testdir(), 'in')
    mkdirSync(input)
    const content = new MemoryContent()
    const options = {
      source: folderSource(input),
      plan: planFor(KEEP_ALL),
      workers: 1,
      chunkBytes: 64 * 1024,
    }
    const runInto = (sink: Sink) => runPipeline({ ...options, sink: splitSink(sink, 200_000) })
    const textOf = (id: string) => `{"resourceType":"Patient","id":"${id}"}\n`.repeat(12_000)
    writeFileSync(join(input, 'P.ndjson'), textOf('a'))
    await runInto(memorySink(content))
    writeFileSync(join(input, 'P.ndjson'), textOf('b'))
    await t.rejects(runInto(killedAt(memorySink(content), 'P-00002.ndjson')), /killed/)
    const { state } = memorySink(content)
    await state.remove(journalName('P.ndjson'))
    const report = await runInto(memorySink(content))
    const sink = memorySink(content)
    const texts = await Promise.all((firstOf(report.outputs).parts ?? []).map(({ name }) => sink.get(name)))
    t.equal(texts.join(''), textOf('b'))
  },
)

/** The names of the files of the only output. */
function namesOf({ outputs }: RunReport): string[] {
  const output = firstOf(outputs)
  return (output.parts ?? [output]).map(({ name }) => name)
}

/** A sink whose output `name` can be put in place, or removed, no more: the process is killed there. */
const killedAt = (sink: Sink, name: string): Sink => ({
  ...sink,
  item(each, fingerprint) {
    const item = sink.item(each, fingerprint)
    if (each === name) item.commit = () => Promise.reject(new Error('killed'))
    return item
  },
  remove: (each) => (each === name ? Promise.reject(new Error('killed')) : sink.remove(each)),
})

t.test(
  'a killed commit is taken up by whatever follows, also if that is killed before its own',
  async (t) => {
    for (const splitBytes of [200_000, undefined])
      for (const store of ['folder', 'remote']) {
        const name = `${store}, ${splitBytes}`
        const folder = t.testdir()
        const [input, output] = [join(folder, 'in'), join(folder, 'out')]
        mkdirSync(input)
        const content = new MemoryContent('out')
        const open = () => (store === 'folder' ? folderSink(output) : memorySink(content, { isRemote: true }))
        const textOf = (id: string) => `{"resourceType":"Patient","id":"${id}"}\n`.repeat(12_000)
        const options = {
          source: folderSource(input),
          plan: planFor(KEEP_ALL),
          workers: 1,
          chunkBytes: 64 * 1024,
        }
        const runWith = (id: string, sink: Sink) => {
          writeFileSync(join(input, 'P.ndjson'), textOf(id))
          return runPipeline({
            ...options,
            sink: splitBytes === undefined ? sink : splitSink(sink, splitBytes),
          })
        }
        await runWith('a', open())
        await t.rejects(runWith('b', killedAfterCommitOf(open(), /^P(-00001)?\.ndjson$/)), /killed/)
        content.crash('process')
        await t.rejects(runWith('c', killedAtAppend(open())), /killed/)
        content.crash('process')
        const report = await runWith('d', open())
        const names = namesOf(report)
        const texts = await Promise.all(names.map((part) => open().get(part)))
        t.equal(texts.join(''), textOf('d'), name)
        if (store === 'folder') {
          t.same([...filesIn(output).keys()], [...names, 'run.json'])
          writeFileSync(join(output, firstOf(names)), 'mine')
        } else content.write(firstOf(names), 'mine')
        await t.rejects(
          runWith('e', open()),
          { code: 'SINK_CONFLICT' },
          `${name}: but not over what is not ours`,
        )
      }
  },
)

t.test(
  'a small item of a remote store, which has no journal, is known as ours after a killed commit',
  async (t) => {
    for (const splitBytes of [200_000, undefined]) {
      const content = new MemoryContent('out')
      const input = new MemoryContent('in')
      const patient = (id: string) => `{"resourceType":"Patient","id":"${id}"}\n`
      const open = () => memorySink(content, { isRemote: true })
      const runWith = (id: string, sink: Sink) => {
        input.write('P.ndjson', patient(id))
        const whole = splitBytes === undefined ? sink : splitSink(sink, splitBytes)
        return runPipeline({ source: memorySource(input), plan: planFor(KEEP_ALL), workers: 1, sink: whole })
      }
      await runWith('a', open())
      await t.rejects(runWith('b', killedAfterCommitOf(open(), /^P(-00001)?\.ndjson$/)), /killed/)
      content.crash('process')
      const [name = ''] = namesOf(await runWith('c', open()))
      t.equal(await open().get(name), patient('c'))
      content.texts.delete('owner')
      await t.rejects(
        runWith('d', killedAfterCommitOf(open(), /^P(-00001)?\.ndjson$/)),
        /killed/,
        'what is done is known by its record, whoever the state is',
      )
      content.crash('process')
      content.texts.delete('owner')
      await t.rejects(runWith('e', open()), { code: 'SINK_CONFLICT' }, 'under another state it is not ours')
      t.equal(await open().get(name), patient('d'))
    }
  },
)

/** A sink that is killed once an output is in place, before anything is noted of it. */
const killedAfterCommitOf = (sink: Sink, names: RegExp): Sink => ({
  ...sink,
  item(name, fingerprint) {
    const item = sink.item(name, fingerprint)
    const commit = item.commit.bind(item)
    item.commit = async (facts) => {
      await commit(facts)
      if (names.test(name)) throw new Error('killed')
    }
    return item
  },
})

/** A sink that takes some bytes of each output, and then no more. */
const killedAtAppend = (sink: Sink): Sink => ({
  ...sink,
  item(name, fingerprint) {
    const item = sink.item(name, fingerprint)
    const append = item.append.bind(item)
    let count = 0
    item.append = async (pieces) => {
      count += 1
      if (count > 3) throw new Error('killed')
      await append(pieces)
    }
    return item
  },
})

t.test('our own parts behind a missing one give way, all of them: no output is a mixture', async (t) => {
  const content = new MemoryContent('out')
  const input = new MemoryContent('in')
  const runWith = (id: string, lineCount: number) => {
    input.write('P.ndjson', `{"resourceType":"Patient","id":"${id}"}\n`.repeat(lineCount))
    const sink = splitSink(memorySink(content, { isRemote: true }), 200_000)
    const options = { plan: planFor(KEEP_ALL), workers: 1, chunkBytes: 64 * 1024 }
    return runPipeline({ ...options, source: memorySource(input), sink })
  }
  const partsThere = () => [...content.objects.keys()].filter((name) => name.startsWith('P-'))
  await runWith('a', 40_000)
  t.ok(partsThere().length > 4)
  content.objects.delete('P-00001.ndjson')
  const report = await runWith('b', 8000)
  t.same(partsThere().sort(), namesOf(report))
  t.equal(firstOf(report.outputs).parts?.length, 2)
  content.objects.delete('P-00001.ndjson')
  content.write('P-00004.ndjson', 'mine')
  await runWith('c', 4000)
  t.equal(content.objects.get('P-00004.ndjson')?.bytes.toString(), 'mine', 'what stands behind a gap stays')
  content.objects.delete('P-00001.ndjson')
  content.write('P-00002.ndjson', 'mine')
  await t.rejects(runWith('d', 4000), { code: 'SINK_CONFLICT', at: 'P-00002.ndjson' })
})

t.test('a run killed between two parts is gone on with, also over an older output', async (t) => {
  const folder = t.testdir()
  const [input, output] = [join(folder, 'in'), join(folder, 'out')]
  mkdirSync(input)
  const contentOf = (lineCount: number) =>
    Array.from({ length: lineCount }, (_, n) => `{"resourceType":"Patient","id":"${lineCount}-${n}"}\n`).join(
      '',
    )
  const options = { source: folderSource(input), plan: planFor(KEEP_ALL), workers: 2, chunkBytes: 64 * 1024 }
  const runInto = (sink: Sink) => runPipeline({ ...options, sink: splitSink(sink, 200_000) })
  const partCounts: number[] = []
  for (const [lineCount, killed] of [
    [20_000, 'P-00002.ndjson'],
    [30_000, 'P-00002.ndjson'],
    [15_000, 'P-00004.ndjson'],
  ] as const) {
    writeFileSync(join(input, 'P.ndjson'), contentOf(lineCount))
    await t.rejects(runInto(killedAt(folderSink(output), killed)), /killed/)
    const report = await runInto(folderSink(output))
    const parts = namesOf(report)
    t.equal(parts.map((name) => readFileSync(join(output, name), 'utf8')).join(''), contentOf(lineCount))
    t.same([...filesIn(output).keys()], [...parts, 'run.json'])
    partCounts.push(parts.length)
  }
  t.ok(
    firstOf(partCounts) < elementAt(partCounts, 1) && elementAt(partCounts, 2) < elementAt(partCounts, 1),
    `${partCounts}`,
  )
  writeFileSync(join(input, 'P.ndjson'), contentOf(20_000))
  await t.rejects(runInto(killedAt(folderSink(output), 'P-00002.ndjson')), /killed/)
  writeFileSync(join(output, 'P-00002.ndjson'), 'mine')
  await t.rejects(runInto(folderSink(output)), { code: 'SINK_CONFLICT' }, 'but not over what another made')
})
