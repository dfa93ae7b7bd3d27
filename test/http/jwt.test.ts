import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import {
  type Claims,
  type Expected,
  peekJwt,
  publicKeysOf,
  signingKeysOf,
  signJwt,
  verifyJwt,
} from '../../src/http/jwt.js'
import { firstOf } from '../support/elements.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const jwkOf = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: 'jwk' }), ...more })
const RS = jwkOf(rsa.privateKey, { kid: 'rs' })
const ES = jwkOf(ec.privateKey, { kid: 'es' })

const KEY_SETS: readonly (readonly [name: string, keys: object, usable: readonly string[]])[] = [
  ['an RSA key', RS, ['RS384 rs']],
  ['a key on P-384', ES, ['ES384 es']],
  ['a set, in its order', { keys: [ES, RS] }, ['ES384 es', 'RS384 rs']],
  ['a key without a kid', jwkOf(ec.privateKey), ['ES384 ']],
  [
    'a key that names another algorithm and use of itself',
    jwkOf(rsa.privateKey, { alg: 'RS256', key_ops: ['sign'], use: 'sig' }),
    ['RS384 '],
  ],
  ['what cannot sign, beside a key that can', { keys: [null, 'x', 7, {}, RS] }, ['RS384 rs']],
  ['a public key', jwkOf(rsa.publicKey), []],
  ['a key for encryption', jwkOf(rsa.privateKey, { use: 'enc' }), []],
  ['an RSA key of 1024 bits', jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), []],
  ['a key on P-256', jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), []],
  ['an Ed25519 key', jwkOf(generateKeyPairSync('ed25519').privateKey), []],
  ['a damaged key', { ...ES, x: 'AAAA' }, []],
  ['a shared secret', { kty: 'oct', k: 'c2VjcmV0', d: 'x' }, []],
  ['an empty set', { keys: [] }, []],
  ['nothing', {}, []],
]

t.test('of a JWK or JWK set, the keys are taken that can sign RS384 or ES384', async (t) => {
  for (const [name, keys, usable] of KEY_SETS)
    t.same(
      signingKeysOf(keys).map(({ algorithm, kid }) => `${algorithm} ${kid}`),
      usable,
      name,
    )
})

t.test('a signed token has the header and claims that were given, and its signature is right', async (t) => {
  for (const [{ algorithm, key }, publicKey] of [
    [firstOf(signingKeysOf(RS)), rsa.publicKey],
    [firstOf(signingKeysOf(ES)), ec.publicKey],
  ] as const) {
    const claims = { iss: 'me', aud: 'https://x/token', iat: 1, exp: 2 }
    const header = { alg: algorithm, typ: 'JWT', kid: 'k', jku: 'https://x/jwks' }
    const token = await signJwt(claims, header, key)
    const [head = '', body = '', signature = ''] = token.split('.')
    t.equal(Buffer.from(head, 'base64url').toString(), JSON.stringify(header), `${algorithm}: header`)
    t.equal(Buffer.from(body, 'base64url').toString(), JSON.stringify(claims), `${algorithm}: claims`)
    const signed = Buffer.from(`${head}.${body}`)
    const options = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    t.ok(verify('sha384', signed, options, Buffer.from(signature, 'base64url')), `${algorithm}: signature`)
    t.same(peekJwt(token), { claims, header })
  }
  for (const text of ['', 'x', 'a.b', 'a.b.c', `${Buffer.from('[]').toString('base64url')}..`])
    t.equal(peekJwt(text), undefined, `not a JWT: ${text}`)
})

const nowSeconds = Math.floor(Date.now() / 1000)
const GOOD: Claims = { iss: 'issuer', aud: 'us', sub: 'client', jti: '1', exp: nowSeconds + 600 }
const { jti: _, ...WITHOUT_ID } = GOOD
const EXPECTED: Expected = {
  issuer: 'issuer',
  audience: 'us',
  subject: 'client',
  algorithms: ['ES384'],
  type: 'at+jwt',
  requiredClaims: ['exp', 'jti'],
}
const HEADER = { alg: 'ES384', typ: 'at+jwt', kid: 'es' }

t.test('a token is accepted only if all that is expected of it holds', async (t) => {
  const keys = publicKeysOf({
    keys: [jwkOf(ec.publicKey, { kid: 'es' }), jwkOf(rsa.publicKey, { kid: 'rs' })],
  })
  const [es, rs] = [ec.privateKey, rsa.privateKey]
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  t.same(await verifyJwt(await signJwt(GOOD, HEADER, es), keys, EXPECTED), GOOD)
  const refused: readonly (readonly [string, Promise<string>])[] = [
    ['another issuer', signJwt({ ...GOOD, iss: 'x' }, HEADER, es)],
    ['another audience', signJwt({ ...GOOD, aud: 'x' }, HEADER, es)],
    ['another subject', signJwt({ ...GOOD, sub: 'x' }, HEADER, es)],
    ['another type', signJwt(GOOD, { ...HEADER, typ: 'JWT' }, es)],
    ['another algorithm', signJwt(GOOD, { ...HEADER, alg: 'RS384', kid: 'rs' }, rs)],
    ['another key of that name', signJwt(GOOD, HEADER, other)],
    ['an unknown key', signJwt(GOOD, { ...HEADER, kid: 'x' }, es)],
    ['a missing claim', signJwt(WITHOUT_ID, HEADER, es)],
    ['an expired one', signJwt({ ...GOOD, exp: nowSeconds - 60 }, HEADER, es)],
  ]
  for (const [name, token] of refused) await t.rejects(verifyJwt(await token, keys, EXPECTED), name)
  const late = await signJwt({ ...GOOD, exp: nowSeconds - 60 }, HEADER, es)
  const tolerant = { ...EXPECTED, toleranceSeconds: 3600 }
  t.ok(await verifyJwt(late, keys, tolerant), 'clocks that differ')
})

t.test('a shared secret signs and verifies, and only that one', async (t) => {
  const secret = Buffer.alloc(32, 7)
  const expected = { ...EXPECTED, algorithms: ['HS256'] }
  const token = await signJwt(GOOD, { alg: 'HS256', typ: 'at+jwt' }, secret)
  t.same(await verifyJwt(token, secret, expected), GOOD)
  await t.rejects(verifyJwt(token, Buffer.alloc(32, 8), expected))
})

t.test('keys at an address are fetched once, and again for a token that names an unknown key', async (t) => {
  let served: readonly object[] = [jwkOf(ec.publicKey, { kid: 'es' })]
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: served }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  const keys = publicKeysOf({ url })
  const token = await signJwt(GOOD, HEADER, ec.privateKey)
  t.equal(asked, 0, 'not before they are needed')
  await verifyJwt(token, keys, EXPECTED)
  await verifyJwt(token, keys, EXPECTED)
  t.equal(asked, 1)
  served = []
  await t.rejects(verifyJwt(token, publicKeysOf({ url }), EXPECTED), 'a set without the key')
  t.equal(asked, 2)
})
