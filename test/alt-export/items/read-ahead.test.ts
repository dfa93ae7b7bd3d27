import t from 'tap'
import { inOrder } from '../../../src/alt-export/items/read-ahead.js'

t.test('elements come in order, with no more sequences at once than allowed, each one ahead', async (t) => {
  for (const atOnce of [1, 2, 3, 10]) {
    let running = 0
    let most = 0
    async function* sequence(name: string, length: number): AsyncGenerator<string> {
      running += 1
      most = Math.max(most, running)
      try {
        for (let n = 0; n < length; n += 1) {
          await new Promise((resolve) => setImmediate(resolve))
          yield `${name}${n}`
        }
      } finally {
        running -= 1
      }
    }
    const lengths = [3, 0, 1, 5, 0, 2]
    const expected = lengths.flatMap((length, at) => Array.from({ length }, (_, n) => `${at}-${n}`))
    const got: string[] = []
    for await (const element of inOrder(
      lengths.map((length, at) => () => sequence(`${at}-`, length)),
      atOnce,
    ))
      got.push(element)
    t.strictSame(got, expected)
    t.ok(most <= atOnce && (atOnce === 1 || most > 1), `${most} at once`)
  }
})

t.test('a failure comes in its turn; the other sequences end', async (t) => {
  let closed = 0
  async function* fine(): AsyncGenerator<string> {
    try {
      yield 'a'
      yield 'b'
    } finally {
      closed += 1
    }
  }
  async function* broken(): AsyncGenerator<string> {
    yield 'c'
    throw new Error('no')
  }
  const got: string[] = []
  await t.rejects(
    (async () => {
      for await (const element of inOrder([fine, broken, fine, fine], 4)) got.push(element)
    })(),
    { message: 'no' },
  )
  t.strictSame(got, ['a', 'b', 'c'])
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(closed, 3)
})

t.test('a reader that leaves early ends all sequences', async (t) => {
  let closed = 0
  async function* endless(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n += 1) yield n
    } finally {
      closed += 1
    }
  }
  for await (const element of inOrder([endless, endless], 2)) if (element === 3) break
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(closed, 2)
})
