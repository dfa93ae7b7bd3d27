import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { peekAssertion, signAssertion, verifyAssertion } from '../../src/http/client-assertion.js'
import { peekJwt, publicKeysOf, signingKeysOf, signJwt } from '../../src/http/jwt.js'
import { firstOf } from '../support/elements.js'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const KEY = firstOf(signingKeysOf({ ...privateKey.export({ format: 'jwk' }), kid: 'k1' }))
const keys = publicKeysOf({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
const AUDIENCE = 'https://server/token'
const JWKS = 'https://client/jwks'

t.test(
  'an assertion says who asks and where the keys are, lives four minutes, and is never repeated',
  async (t) => {
    const before = Math.floor(Date.now() / 1000)
    const jwt = await signAssertion({ clientId: 'me', jwksUrl: JWKS }, KEY, AUDIENCE)
    const after = Math.floor(Date.now() / 1000)
    const { header, claims = {} } = peekJwt(jwt) ?? {}
    t.same(header, { alg: 'ES384', typ: 'JWT', kid: 'k1', jku: JWKS })
    t.same(Object.keys(claims), ['iss', 'sub', 'aud', 'jti', 'iat', 'exp'])
    const { iss, sub, aud, iat = 0, exp } = claims
    t.same({ iss, sub, aud }, { iss: 'me', sub: 'me', aud: AUDIENCE })
    t.ok(iat >= before && iat <= after)
    t.equal(exp, iat + 240)
    const plain = await signAssertion({ clientId: 'me' }, { ...KEY, kid: '' }, AUDIENCE)
    t.same(peekJwt(plain)?.header, { alg: 'ES384', typ: 'JWT' }, 'no kid and no jku where there is none')
    t.not(peekJwt(plain)?.claims.jti, claims.jti)
    t.same(peekAssertion(jwt), { issuer: 'me', keysUrl: JWKS })
    t.same(peekAssertion(plain), { issuer: 'me' })
    t.equal(peekAssertion('x'), undefined)
  },
)

t.test('the server takes what the client signs, and nothing that lacks a part', async (t) => {
  const expected = { keys, client: 'me', audience: AUDIENCE }
  const jwt = await signAssertion({ clientId: 'me' }, KEY, AUDIENCE)
  const { jti, exp } = peekJwt(jwt)?.claims ?? {}
  t.same(await verifyAssertion(jwt, expected), { id: jti, expires: exp })
  await t.rejects(verifyAssertion(jwt, { ...expected, client: 'other' }))
  await t.rejects(verifyAssertion(jwt, { ...expected, audience: 'https://other/token' }))
  const claims = { iss: 'me', sub: 'me', aud: AUDIENCE, jti: '1', exp: Math.floor(Date.now() / 1000) + 60 }
  const sign = (changed: object) =>
    signJwt({ ...claims, ...changed }, { alg: 'ES384', typ: 'JWT', kid: 'k1' }, privateKey)
  t.ok(await verifyAssertion(await sign({}), expected))
  for (const changed of [{ jti: '' }, { jti: undefined }, { exp: undefined }, { sub: 'other' }])
    await t.rejects(verifyAssertion(await sign(changed), expected), JSON.stringify(changed))
})
