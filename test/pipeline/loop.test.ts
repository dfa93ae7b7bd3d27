import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { AnonymizedChunk } from '../../src/pipeline/chunks/chunk-result.js'
import type { Chunk } from '../../src/pipeline/chunks/chunks.js'
import { type Slab, Slabs } from '../../src/pipeline/chunks/slabs.js'
import { settleLimits } from '../../src/pipeline/limits.js'
import { anonymizeChunks } from '../../src/pipeline/loop.js'

/** A source of `count` chunks in slabs, and what became of the slabs. */
function chunksIn(count: number) {
  const limits = { ...settleLimits({ workers: 1, chunkBytes: 64 }), chunksPerItem: 3 }
  const slabs = new Slabs({ ...limits, slabCount: 4 })
  const held = new Set<Slab>()
  let given = 0
  const give = slabs.give.bind(slabs)
  slabs.give = (slab) => {
    held.delete(slab)
    give(slab)
  }
  const next = async (): Promise<Chunk | undefined> => {
    if (given === count) return undefined
    const slab = await slabs.take()
    held.add(slab)
    given += 1
    return { kind: 'lines', slab, start: 0, end: 1, offset: given - 1 }
  }
  return { next, held, run: { slabs, limits }, given: () => given }
}

const answerOf = ({ offset }: Chunk): AnonymizedChunk => ({
  offset,
  endOffset: offset + 1,
  output: [],
  parts: [],
})

t.test('answers that arrive in any order are delivered in the order of the chunks', async (t) => {
  const source = chunksIn(20)
  const delivered: number[] = []
  let underWay = 0
  let maxUnderWay = 0
  await anonymizeChunks(
    {
      next: source.next,
      async anonymize(chunk) {
        underWay += 1
        maxUnderWay = Math.max(maxUnderWay, underWay)
        await wait(chunk.offset % 3 === 0 ? 5 : 0)
        underWay -= 1
        return answerOf(chunk)
      },
      async deliver({ offset }) {
        delivered.push(offset)
      },
    },
    source.run,
  )
  t.strictSame(
    delivered,
    Array.from({ length: 20 }, (_, at) => at),
  )
  t.ok(maxUnderWay > 1 && maxUnderWay <= 3, `${maxUnderWay} at once, of 3 at most`)
  t.equal(source.held.size, 0, 'every slab is given back')
})

for (const [where, failing] of [
  ['anonymizing', 'anonymize'],
  ['delivering', 'deliver'],
] as const)
  t.test(`after a failure in ${where} nothing more is delivered and every slab is given back`, async (t) => {
    const source = chunksIn(1000)
    const delivered: number[] = []
    const failures: unknown[] = []
    const fail = (offset: number): void => {
      if (offset >= 5) throw new Error(`chunk ${offset}`)
    }
    const ends = {
      next: source.next,
      async anonymize(chunk: Chunk) {
        if (failing === 'anonymize') fail(chunk.offset)
        return answerOf(chunk)
      },
      async deliver({ offset }: AnonymizedChunk) {
        if (failing === 'deliver') fail(offset)
        delivered.push(offset)
      },
    }
    await t.rejects(
      anonymizeChunks(ends, source.run, (reason) => failures.push(reason)),
      { message: 'chunk 5' },
    )
    t.strictSame(delivered, [0, 1, 2, 3, 4])
    t.equal(failures.length, 1, 'it is reported once')
    t.equal(source.held.size, 0)
    t.ok(source.given() < 20, 'reading ends')
  })

t.test('a chunk that fails counts before a source that fails after it', async (t) => {
  const source = chunksIn(2)
  const ends = (fails: boolean) => ({
    async next() {
      const chunk = await source.next()
      if (chunk === undefined) throw new Error('the source')
      return chunk
    },
    async anonymize(chunk: Chunk) {
      await wait(5)
      if (fails) throw new Error('a chunk')
      return answerOf(chunk)
    },
    async deliver() {},
  })
  await t.rejects(anonymizeChunks(ends(true), source.run), { message: 'a chunk' })
  await t.rejects(anonymizeChunks(ends(false), source.run), { message: 'the source' })
  t.equal(source.held.size, 0)
})
