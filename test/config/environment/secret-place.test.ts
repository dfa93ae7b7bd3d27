import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readSecret, secretPlaceSchema, variableName } from '../../../src/config/environment/secret-place.js'

const keyVault = async (address: string): Promise<string> => `secret of ${address}`

t.test('a secret is read from a variable, a file or a key vault, without the last line end', async (t) => {
  const baseFolder = t.testdir({ 'a.key': 'from a file\r\n', 'b.key': 'two\nlines\n' })
  process.env.SLUICE_TEST_SECRET = 'from a variable\n'
  t.teardown(() => delete process.env.SLUICE_TEST_SECRET)
  const read = (place: Parameters<typeof readSecret>[0]) =>
    readSecret(place, 'auth.token', { baseFolder, keyVault })
  t.equal(await read({ env: 'SLUICE_TEST_SECRET' }), 'from a variable')
  t.equal(await read({ file: 'a.key' }), 'from a file')
  t.equal(await read({ file: 'b.key' }), 'two\nlines')
  t.equal(
    await read({ keyVault: 'https://v.vault.azure.net/secrets/n' }),
    'secret of https://v.vault.azure.net/secrets/n',
  )
})

t.test('a missing or empty secret is named by its place only', async (t) => {
  const baseFolder = t.testdir({})
  writeFileSync(join(baseFolder, 'empty.key'), '\n')
  const read = (place: Parameters<typeof readSecret>[0]) =>
    readSecret(place, 'auth.token', { baseFolder, keyVault })
  await t.rejects(read({ env: 'SLUICE_TEST_UNSET' }), { code: 'KEY_MISSING', at: 'auth.token' })
  await t.rejects(read({ env: 'constructor' }), { code: 'KEY_MISSING' }, 'every object has such a member')
  await t.rejects(read({ file: 'none.key' }), { code: 'KEY_MISSING', message: /none\.key/ })
  await t.rejects(read({ file: 'empty.key' }), { code: 'KEY_MISSING', message: /empty/ })
})

t.test('a secret given in place of a name is not shown', async (t) => {
  t.match(variableName('HASH_KEY'), /HASH_KEY/)
  for (const name of ['my secret key', 'CANARY=1', 'a'.repeat(80), 'x'.repeat(3)])
    t.notMatch(variableName(name), name)
})

t.test('only the three places are accepted', async (t) => {
  for (const place of [{ env: 'A' }, { file: 'a' }, { keyVault: 'https://v.vault.azure.net/secrets/n/1' }])
    t.ok(secretPlaceSchema.safeParse(place).success)
  for (const place of [
    'CANARY',
    { env: '' },
    { value: 'CANARY' },
    { env: 'A', file: 'a' },
    { keyVault: 'http://v/secrets/n' },
  ]) {
    const { error } = secretPlaceSchema.safeParse(place)
    t.ok(error, JSON.stringify(place))
    t.notMatch(String(error), 'CANARY')
  }
})
