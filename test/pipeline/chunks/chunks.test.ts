// Holds src/pipeline/chunks/chunks.ts, src/pipeline/limits.ts.

import t from 'tap'
import { type Chunk, Chunks } from '../../../src/pipeline/chunks/chunks.js'
import { Slabs } from '../../../src/pipeline/chunks/slabs.js'
import type { ItemReader } from '../../../src/pipeline/chunks/unpack.js'
import { settleLimits } from '../../../src/pipeline/limits.js'
import { elementAt } from '../../support/elements.js'
import { type Random, seededRandom } from '../../support/random.js'

const SECONDS = Number(process.env.SLUICE_CHUNK_SECONDS ?? 5)

interface Cut {
  readonly offset: number
  /** Undefined for a line that is too long to hold. */
  readonly text: string | undefined
}

/** A reader as the stores have them: full reads, less only at the end. */
const readerOf = (bytes: Buffer, from: number): ItemReader => {
  let at = from
  return {
    format: undefined,
    sourceBytes: () => at,
    async read(target) {
      const piece = bytes.subarray(at, at + target.length)
      target.set(piece)
      at += piece.length
      return piece.length
    },
    verify: async () => {},
    close: async () => {},
  }
}

interface Sizes {
  readonly chunkBytes: number
  readonly maxLineBytes: number
  readonly slabBytes: number
}

async function cut(
  bytes: Buffer,
  sizes: Sizes,
  from = 0,
): Promise<{ readonly cuts: Cut[]; readonly endOffset: number }> {
  const limits = { ...settleLimits({ workers: 1 }), ...sizes, slabCount: 2 }
  const slabs = new Slabs(limits)
  const chunks = new Chunks(readerOf(bytes, from), slabs, { ...sizes, item: 'x', fromOffset: from })
  const cuts: Cut[] = []
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
    cuts.push(cutOf(chunk))
    if (chunk.kind === 'lines') slabs.give(chunk.slab)
  }
  if (slabs.inFlightBytes !== 0) t.fail('a slab is not given back')
  return { cuts, endOffset: chunks.endOffset }
}

const cutOf = (chunk: Chunk): Cut =>
  chunk.kind === 'lines'
    ? {
        offset: chunk.offset,
        text: Buffer.from(chunk.slab.bytes.subarray(chunk.start, chunk.end)).toString('latin1'),
      }
    : { offset: chunk.offset, text: undefined }

function randomText(random: Random): Buffer {
  const lines = Array.from({ length: random.below(12) }, () => {
    const length = random.chance(0.1) ? random.below(400_000) : random.below(40)
    return 'x'.repeat(length) + (random.chance(0.2) ? '\r' : '')
  })
  return Buffer.from(
    (random.chance(0.2) ? '\ufeff' : '') + lines.join('\n') + (random.chance(0.5) ? '\n' : ''),
  )
}

t.test(
  'chunks hold every line once, begin on the grid, and are the same from wherever reading goes on',
  async (t) => {
    const random = seededRandom('chunks')
    let rounds = 0
    for (const until = Date.now() + SECONDS * 1000; Date.now() < until; rounds += 1) {
      const bytes = randomText(random)
      const sizes: Sizes = {
        chunkBytes: random.between(1, 200),
        maxLineBytes: random.pick([50, 100_000, 500_000]),
        slabBytes: random.between(300, 1000),
      }
      const { cuts, endOffset } = await cut(bytes, sizes)
      const mark = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0
      let reached = mark
      for (const [at, { offset, text }] of cuts.entries()) {
        if (offset !== reached) t.fail(`a gap at ${reached}`)
        reached = at + 1 < cuts.length ? elementAt(cuts, at + 1).offset : endOffset
        if (text === undefined) continue
        if (text !== bytes.subarray(offset, reached).toString('latin1'))
          t.fail('other bytes than the item has')
        const starts = lineStarts(text).map((start) => Math.floor((offset + start) / sizes.chunkBytes))
        if (new Set(starts).size > 1 && at > 0)
          t.fail(`lines of several chunks in one: ${JSON.stringify(sizes)}`)
        if (reached < bytes.length && !text.endsWith('\n')) t.fail('half a line')
      }
      if (cuts.length > 0 && reached !== bytes.length) t.fail(`ends at ${reached} of ${bytes.length}`)
      if (cuts.length > 1) {
        const from = random.between(1, cuts.length - 1)
        const again = (await cut(bytes, sizes, elementAt(cuts, from).offset)).cuts
        if (JSON.stringify(again) !== JSON.stringify(cuts.slice(from))) t.fail('other chunks after going on')
      }
    }
    console.log(`# chunks: ${rounds} rounds`)
    t.ok(rounds > 10)
  },
)

const lineStarts = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0 && at + 1 < text.length; at = text.indexOf('\n', at + 1))
    starts.push(at + 1)
  return starts
}

t.test('limits keep to the budget and refuse nonsense', async (t) => {
  const mebi = 2 ** 20
  for (const budget of [mebi, 8 * mebi, 64 * mebi, 1024 * mebi])
    for (const workers of [1, 2, 16]) {
      const limits = settleLimits({ workers, memoryBudgetBytes: budget, chunkBytes: 64 * 1024 })
      const sum = limits.slabBytes * limits.slabCount + limits.maxLineBytes
      t.ok(sum <= budget, `${sum} of ${budget} with ${workers} workers`)
      t.ok(limits.slabCount >= 2)
    }
  t.ok(settleLimits({ memoryBudgetBytes: 16 * mebi }).maxLineBytes > 3 * mebi)
  for (const bad of [
    { memoryBudgetBytes: 8 * mebi },
    { workers: 0 },
    { workers: Number.NaN },
    { chunkBytes: -1 },
    { memoryBudgetBytes: 5 },
  ])
    t.throws(() => settleLimits(bad), { code: 'USAGE' })
})
