import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { readAzureSettings } from '../../../src/config/environment/azure-settings.js'

const KEY = `${'c2VjcmV0'.repeat(10)}ab==`
const STRING = `DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=${KEY};EndpointSuffix=core.windows.net`

t.test('credentials come from the environment or from files', async (t) => {
  t.strictSame(readAzureSettings({}), { accounts: [], emulator: undefined })
  const folder = t.testdir({
    'key.txt': `${KEY}\n`,
    'strings.txt': `${STRING}\n${STRING.replace('acct', 'two')}\n`,
  })
  const account = { account: 'acct', key: KEY, sas: undefined }
  for (const env of [
    { AZURE_STORAGE_ACCOUNT: 'acct', AZURE_STORAGE_KEY: KEY },
    { AZURE_STORAGE_ACCOUNT: 'acct', AZURE_STORAGE_KEY_FILE: join(folder, 'key.txt') },
  ])
    t.strictSame(readAzureSettings(env).accounts, [account])
  t.match(readAzureSettings({ AZURE_STORAGE_CONNECTION_STRING: STRING }).accounts, [
    { account: 'acct', key: KEY },
  ])
  t.match(readAzureSettings({ AZURE_STORAGE_CONNECTION_STRING_FILE: join(folder, 'strings.txt') }).accounts, [
    { account: 'acct' },
    { account: 'two' },
  ])
  t.match(
    readAzureSettings({ AZURE_STORAGE_ACCOUNT: 'acct', AZURE_STORAGE_SAS_TOKEN: '?sv=1&sig=x' }).accounts,
    [{ account: 'acct', sas: 'sv=1&sig=x' }],
  )
  t.match(
    readAzureSettings({
      AZURITE_CONNECTION_STRING: `AccountName=a1;AccountKey=${KEY};BlobEndpoint=http://127.0.0.1:9/a1/;`,
    }).emulator,
    { account: 'a1', key: KEY, endpoint: 'http://127.0.0.1:9/a1' },
  )
  t.match(
    readAzureSettings({
      AZURE_STORAGE_CONNECTION_STRING:
        'BlobEndpoint=https://acct.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x%3D',
    }).accounts,
    [{ account: 'acct', sas: 'sv=1&sig=x%3D' }],
  )
})

const WRONG: readonly (readonly [string, NodeJS.ProcessEnv, RegExp])[] = [
  ['a key without account', { AZURE_STORAGE_KEY: KEY }, /without AZURE_STORAGE_ACCOUNT/],
  [
    'a key that is none',
    { AZURE_STORAGE_ACCOUNT: 'acct', AZURE_STORAGE_KEY: 'c2VjcmV0 no' },
    /not an account key/,
  ],
  ['a file that is not there', { AZURE_STORAGE_KEY_FILE: '/does/not/exist' }, /cannot be read/],
  ['no account', { AZURE_STORAGE_CONNECTION_STRING: `AccountKey=${KEY}` }, /names no account/],
  ['no key', { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=c2VjcmV0' }, /neither/],
  [
    'no endpoint',
    { AZURITE_CONNECTION_STRING: `AccountName=a;AccountKey=${KEY};BlobEndpoint=c2VjcmV0` },
    /invalid BlobEndpoint/,
  ],
]

t.test('what cannot be used is named by its variable, not shown', async (t) => {
  for (const [name, env, message] of WRONG)
    try {
      readAzureSettings(env)
      t.fail(name)
    } catch (error) {
      t.match(error, { code: 'CONFIG_INVALID', message }, name)
      t.notMatch(inspect(error, { depth: 9 }), /c2VjcmV0/, name)
    }
})
