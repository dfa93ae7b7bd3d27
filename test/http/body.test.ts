import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { objectsIn, parseObject, piecesOf, textOf } from '../../src/http/body.js'
import { createHttpClient } from '../../src/http/client.js'

const LONG = Buffer.from('0123456789abcdef'.repeat(2 ** 18))

interface Sent {
  readonly body: Uint8Array
  readonly encoding?: string
  /** Breaks the connection after this many bytes. */
  readonly cutAfter?: number
}

async function answerOf(t: Test, { body, encoding, cutAfter }: Sent) {
  const server = createServer((_, response) => {
    response.writeHead(200, {
      'content-length': String(body.length),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    })
    if (cutAfter === undefined) response.end(body)
    else response.write(body.subarray(0, cutAfter), () => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createHttpClient({ silenceMs: 10_000 })
  t.teardown(() => {
    client.close()
    server.close()
    server.closeAllConnections()
  })
  return client.send(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
}

t.test('a body arrives whole, packed or not', async (t) => {
  for (const encoding of [undefined, 'identity', 'gzip', 'x-gzip', ' GZIP ']) {
    const isPacked = /gzip/i.test(encoding ?? '')
    const body = isPacked ? gzipSync(LONG) : LONG
    const pieces = piecesOf(await answerOf(t, { body, ...(encoding === undefined ? {} : { encoding }) }))
    const held: Uint8Array[] = []
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) held.push(piece)
    pieces.close()
    t.ok(Buffer.concat(held).equals(LONG), String(encoding))
  }
  const empty = await answerOf(t, { body: Buffer.alloc(0), encoding: 'gzip' })
  t.equal(await textOf(empty, 100), '', 'nothing, called gzip')
})

t.test('a body that ends too early or is damaged fails, and may be asked for again', async (t) => {
  const packed = gzipSync(LONG)
  for (const [name, sent] of [
    ['cut', { body: LONG, cutAfter: 1000 }],
    ['packed and cut', { body: packed, encoding: 'gzip', cutAfter: packed.length - 100 }],
    ['packed in part', { body: packed.subarray(0, packed.length - 100), encoding: 'gzip' }],
    ['not packed', { body: LONG, encoding: 'gzip' }],
  ] as const)
    await t.rejects(
      textOf(await answerOf(t, sent), 2 ** 30),
      { code: name.endsWith('cut') ? 'ECONNRESET' : 'SHORT_BODY', isRetryable: true },
      name,
    )
})

t.test('a text that is too long, also once unpacked, and an unknown encoding are refused', async (t) => {
  for (const sent of [{ body: LONG }, { body: gzipSync(LONG), encoding: 'gzip' }])
    await t.rejects(textOf(await answerOf(t, sent), LONG.length - 1), {
      code: 'BODY_TOO_LONG',
      isRetryable: false,
    })
  t.equal((await textOf(await answerOf(t, { body: LONG }), LONG.length)).length, LONG.length)
  const brotli = await answerOf(t, { body: LONG, encoding: 'br' })
  t.throws(() => piecesOf(brotli), { code: 'UNKNOWN_ENCODING', isRetryable: false })
})

t.test('only objects are taken from what another program wrote', async (t) => {
  t.same(parseObject('{"a":1}'), { a: 1 })
  for (const text of ['', '[]', 'null', '1', '"x"', '{', '<html>'])
    t.equal(parseObject(text), undefined, text)
  t.same(objectsIn([{ a: 1 }, null, 7, 'x']), [{ a: 1 }])
  for (const value of [undefined, null, {}, 'x']) t.same(objectsIn(value), [])
})
