import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  readServerAuth,
  resolveServerAuth,
  serverAuthSchema,
} from '../../../src/config/fhir-client/server-auth.js'
import { isSluiceError } from '../../../src/errors.js'
import { projectRoot } from '../../support/shared.js'

const noVault = async () => ''
const sourcesIn = (baseFolder: string) => ({ baseFolder, keyVault: noVault })

t.test('every example of an authentication is one', async (t) => {
  const folder = join(projectRoot, 'configs/auth')
  const names = readdirSync(folder)
  t.ok(names.length >= 6)
  for (const name of names)
    t.ok(serverAuthSchema.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8'))).success, name)
})

t.test('secrets come from the environment or files, without the line end that editors add', async (t) => {
  const folder = t.testdir({ secret: 'a/b+c=\n', 'auth.json': '' })
  process.env.EXPORT_AUTH_TEST = 'token'
  const bearer = { type: 'bearer', token: { env: 'EXPORT_AUTH_TEST' } }
  t.same(await resolveServerAuth(bearer, sourcesIn(folder)), { type: 'bearer', token: 'token' })
  const basic = { type: 'basic', username: 'me', password: { file: 'secret' } }
  t.same(await resolveServerAuth(basic, sourcesIn(folder)), { ...basic, password: 'a/b+c=' })
})

const wrong: readonly (readonly [unknown, string])[] = [
  [{ type: 'bearer', token: 'CANARY' }, 'CONFIG_INVALID'],
  [{ type: 'other' }, 'CONFIG_INVALID'],
  [{ type: 'azure', tenantId: 't', clientId: 'c' }, 'CONFIG_INVALID'],
  [{ type: 'bearer', token: { env: 'EXPORT_AUTH_NOT_SET' } }, 'KEY_MISSING'],
  [{ type: 'basic', username: 'me', password: { file: 'none' } }, 'KEY_MISSING'],
  [{ type: 'smart', clientId: 'c', keys: { file: 'keys' } }, 'CONFIG_INVALID'],
  [{ type: 'smart', clientId: 'c', keys: { url: 'http://127.0.0.1/keys' } }, 'CONFIG_INVALID'],
]

t.test('what is wrong is said by its place, and no secret is repeated', async (t) => {
  const folder = t.testdir({ keys: 'CANARY no JSON', 'auth.json': '{"type": "bearer", "token": CANARY}' })
  for (const [auth, code] of wrong) {
    const error: unknown = await resolveServerAuth(auth, sourcesIn(folder)).catch((reason: unknown) => reason)
    if (!isSluiceError(error)) throw error
    t.equal(error.code, code, JSON.stringify(auth))
    t.match(JSON.stringify([error.at, error.message]), /auth/)
    t.notMatch(error.message, /CANARY/)
  }
  await t.rejects(readServerAuth(join(folder, 'auth.json'), noVault), { code: 'CONFIG_INVALID' })
})
