import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import t from 'tap'
import { tokenKey } from '../../../src/server/auth/token-key.js'
import type { ServerEvent } from '../../../src/server/server-event.js'
import { provide } from '../provider.js'
import { CLIENTS, tokenOf } from './token-client.js'

const GOOD = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7)).toString('base64')

const BAD: readonly (readonly [string, string, number])[] = [
  ['nothing', '', 0o600],
  ['one byte', 'QQ==', 0o600],
  ['31 bytes', Buffer.alloc(31, GOOD).toString('base64'), 0o600],
  ['half of it, as a crash leaves it', GOOD.slice(0, 21), 0o600],
  ['NUL bytes, as a crash leaves it', '\0'.repeat(44), 0o600],
  ['zeros', Buffer.alloc(32).toString('base64'), 0o600],
  ['one byte again and again', Buffer.alloc(32, 'a').toString('base64'), 0o600],
  ['text', 'not a key at all', 0o600],
  ['hexadecimal', 'ab'.repeat(32), 0o600],
  ['a megabyte', 'A'.repeat(1 << 20), 0o600],
  ['a key that the group can read', GOOD, 0o640],
  ['a key that everybody can read', GOOD, 0o644],
]

function place(t: { teardown(end: () => void): unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-key-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

t.test('a token key that is weak, damaged or was readable by others is replaced, and said so', async (t) => {
  const folder = place(t)
  for (const [name, text, mode] of BAD) {
    const path = join(folder, 'token.key')
    rmSync(path, { force: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
    const events: ServerEvent[] = []
    const key = await tokenKey(path, (event) => events.push(event))
    t.equal(key.length, 32, name)
    t.not(Buffer.from(key).toString('base64'), GOOD, name)
    t.same(
      events.map(({ event }) => event),
      ['token-key.replaced'],
      name,
    )
    t.equal(statSync(path).mode & 0o777, 0o600, name)
    const again = await tokenKey(path, (event) => events.push(event))
    t.same(Buffer.from(again), Buffer.from(key), `${name}: the new one is kept`)
    t.equal(events.length, 1, name)
    if (text !== '') t.notOk(JSON.stringify(events).includes(text), 'no key in the events')
  }
})

t.test('a good key is kept, a missing one made in silence, a link or folder not followed', async (t) => {
  const folder = place(t)
  const events: ServerEvent[] = []
  const read = (path: string) => tokenKey(path, (event) => events.push(event))
  const good = join(folder, 'good.key')
  writeFileSync(good, `${GOOD}\n`, { mode: 0o600 })
  t.equal(Buffer.from(await read(good)).toString('base64'), GOOD)
  await read(join(folder, 'new.key'))
  t.same(events, [])
  symlinkSync(good, join(folder, 'link.key'))
  t.not(Buffer.from(await read(join(folder, 'link.key'))).toString('base64'), GOOD)
  t.equal(readFileSync(good, 'utf8'), `${GOOD}\n`, 'what the link named is untouched')
  mkdirSync(join(folder, 'folder.key'))
  await t.rejects(read(join(folder, 'folder.key')))
})

t.test('a token signed with a key that could be guessed opens nothing; a token in time does', async (t) => {
  const state = join(place(t), 'state')
  mkdirSync(state)
  writeFileSync(join(state, 'token.key'), 'QQ==', { mode: 0o600 })
  const provider = await provide(t, { auth: { kind: 'clients', clients: CLIENTS }, stateFolder: state })
  const claims = { scope: 'system/*.rs', client_id: 'all' }
  const forged = (secret: Uint8Array, header: object = {}, lifetime = '5m') =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
      .setIssuer(provider.base)
      .setAudience(provider.base)
      .setSubject('all')
      .setExpirationTime(lifetime)
      .sign(secret)
  const real = Buffer.from(readFileSync(join(state, 'token.key'), 'utf8'), 'base64')
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'none', typ: 'at+jwt' })}.${part({ ...claims, iss: provider.base, aud: provider.base, sub: 'all', exp: 9_999_999_999 })}.`
  for (const [name, token, status] of [
    ['its first key', await forged(Buffer.from('A')), 401],
    ['no key', await forged(new Uint8Array(32)), 401],
    ['the public key of a client', await forged(Buffer.from(JSON.stringify(CLIENTS[0]))), 401],
    ['alg none', unsigned, 401],
    ['expired', await forged(real, {}, '-1m'), 401],
    ['another kind of token', await forged(real, { typ: 'JWT' }), 401],
    ['the real key', await forged(real), 202],
    ['the endpoint', await tokenOf(provider, 'all', 'system/*.rs'), 202],
  ] as const) {
    const headers = { authorization: `Bearer ${token}` }
    t.equal((await provider.kickOff('/$export', { headers })).status, status, name)
  }
})
