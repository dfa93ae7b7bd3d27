import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readClients, readKeyPlace } from '../../../src/config/pipeline/registered-clients.js'

const jwk = (key: KeyObject): object => key.export({ format: 'jwk' })
const rsa = (modulusLength: number): object => jwk(generateKeyPairSync('rsa', { modulusLength }).publicKey)

const KEYS: readonly (readonly [string, object, boolean])[] = [
  ['RSA of 2048 bits', rsa(2048), true],
  ['EC on P-384', jwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), true],
  ['RSA of 1024 bits', rsa(1024), false],
  [
    'RSA made longer by zeros',
    { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(256, 0).fill(7, 200).toString('base64url') },
    false,
  ],
  ['RSA without modulus', { kty: 'RSA', e: 'AQAB' }, false],
  ['a modulus that is no text', { kty: 'RSA', e: 'AQAB', n: 7 }, false],
  ['a shared secret', { kty: 'oct', k: 'QQ' }, false],
  ['an unknown type', { kty: 'none' }, false],
]

t.test('keys that are too weak to trust, or not public, are refused when the server starts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'clients.json')
  for (const [name, key, isGood] of KEYS) {
    const jwks = { keys: [key] }
    writeFileSync(path, JSON.stringify({ clients: [{ client_id: 'a', scope: 'system/*.rs', jwks }] }))
    const clients = await readClients(path).catch((error: unknown) => error)
    writeFileSync(path, JSON.stringify(jwks))
    const issuer = await readKeyPlace(path).catch((error: unknown) => error)
    for (const read of [clients, issuer])
      if (isGood) t.notOk(read instanceof Error, name)
      else t.match(read, { code: 'CONFIG_INVALID', message: /RSA/ }, name)
  }
})
