import t from 'tap'
import { inBatches } from '../../../src/load/prepare/batches.js'

async function* upTo(count: number, onRead: (n: number) => void = () => {}): AsyncGenerator<number> {
  for (let n = 0; n < count; n += 1) {
    onRead(n)
    yield n
  }
}

async function collect<T>(results: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

const sizes = { bytesOf: (n: number) => n, batchBytes: 10, batchCount: 4, batchesAtOnce: 3 }

t.test('batches end by count or by bytes, and results come in order, whatever finishes first', async (t) => {
  const batches: (readonly number[])[] = []
  const open: (() => void)[] = []
  const work = (batch: readonly number[]): Promise<readonly number[]> => {
    batches.push(batch)
    // The last one of those under way finishes first.
    return new Promise((resolve) => {
      open.push(() => resolve(batch))
      if (open.length === 3 || batch.includes(11)) for (const finish of open.splice(0).reverse()) finish()
    })
  }
  t.strictSame(
    await collect(inBatches(upTo(12), work, sizes)),
    Array.from({ length: 12 }, (_, n) => n),
  )
  t.strictSame(batches, [[0, 1, 2, 3], [4, 5, 6], [7, 8], [9, 10], [11]])
})

t.test('no more is read than the batches under way hold', async (t) => {
  let lastRead = -1
  const results = inBatches(
    upTo(1000, (n) => {
      lastRead = n
    }),
    async (batch) => batch,
    { bytesOf: () => 1, batchBytes: 1000, batchCount: 10, batchesAtOnce: 3 },
  )
  for (let n = 0; n < 100; n += 1) {
    t.equal((await results.next()).value, n)
    if (lastRead > n + 30) return t.fail(`${lastRead} was read when ${n} was asked for`)
  }
  await results.return(undefined)
})

t.test('items longer than a batch leave room for fewer batches', async (t) => {
  let underWay = 0
  let most = 0
  const work = async (batch: readonly number[]): Promise<readonly number[]> => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    return batch
  }
  for (const [bytes, expected] of [
    [10, 8],
    [40, 2],
    [1000, 1],
  ] as const) {
    most = 0
    await collect(inBatches(upTo(30), work, { ...sizes, bytesOf: () => bytes, batchesAtOnce: 8 }))
    t.equal(most, expected)
  }
})

t.test('a failure comes after the results before it, and no work goes on behind it', async (t) => {
  let underWay = 0
  const work = async (batch: readonly number[]): Promise<readonly number[]> => {
    underWay += 1
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    if (batch.includes(5)) throw new Error('five')
    return batch
  }
  const seen: number[] = []
  const results = inBatches(upTo(100), work, { ...sizes, bytesOf: () => 1, batchCount: 2 })
  await t.rejects(async () => {
    for await (const result of results) seen.push(result)
  }, /five/)
  t.strictSame([seen, underWay], [[0, 1, 2, 3], 0])
})

t.test('a source that fails ends what is under way', async (t) => {
  async function* failing(): AsyncGenerator<number> {
    yield* upTo(9)
    throw new Error('source')
  }
  let underWay = 0
  const work = async (batch: readonly number[]): Promise<readonly number[]> => {
    underWay += 1
    await new Promise((resolve) => setImmediate(resolve))
    underWay -= 1
    return batch
  }
  await t.rejects(collect(inBatches(failing(), work, sizes)), /source/)
  t.equal(underWay, 0)
})
