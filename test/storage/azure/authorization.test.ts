import t from 'tap'
import { createRetry } from '../../../src/http/retry.js'
import type { CloudCredentials, StoreAccess } from '../../../src/storage/access.js'
import { authorizationFor } from '../../../src/storage/azure/authorization.js'
import { parseBlobAddress } from '../../../src/storage/azure/blob-address.js'

const SAS = 'sv=2023-11-03&sp=rl&se=2099-01-01&sig=x'
const AZURE = 'https://acct.blob.core.windows.net'
const ELSEWHERE = 'https://blobs.example.org/acct'

const ROWS: readonly (readonly [
  name: string,
  address: string,
  accounts: CloudCredentials['accounts'],
  kind: string,
])[] = [
  ['a SAS in the address', `${AZURE}/data?${SAS}`, [{ account: 'acct', key: 'a2V5' }], 'sas'],
  ['a key of the account', `${AZURE}/data`, [{ account: 'acct', key: 'a2V5', sas: SAS }], 'key'],
  ['a key of the account, elsewhere', `${ELSEWHERE}/data`, [{ account: 'acct', key: 'a2V5' }], 'key'],
  ['a SAS of the account', `${AZURE}/data`, [{ account: 'acct', sas: SAS }], 'sas'],
  [
    'a SAS of that endpoint',
    `${ELSEWHERE}/data`,
    [{ account: 'acct', sas: SAS, endpoint: ELSEWHERE }],
    'sas',
  ],
  ['credentials of another account', `${AZURE}/data`, [{ account: 'other', key: 'a2V5' }], 'token'],
  [
    'a SAS of another endpoint',
    `${AZURE}/data`,
    [{ account: 'acct', sas: SAS, endpoint: ELSEWHERE }],
    'token',
  ],
  ['nothing', `${AZURE}/data`, [], 'token'],
  ['nothing, for the emulator', 'azurite://data', [], 'key'],
]

const access = (accounts: CloudCredentials['accounts']): StoreAccess => ({
  credentials: () => ({ accounts }),
  retry: createRetry(),
})

t.test('the nearest credentials are used, and only where they belong', async (t) => {
  for (const [name, address, accounts, kind] of ROWS)
    t.equal((await authorizationFor(parseBlobAddress(address), access(accounts))).kind, kind, name)
})

t.test('an identity and a SAS of no endpoint are sent to hosts of Azure only', async (t) => {
  for (const accounts of [[], [{ account: 'acct', sas: SAS }]])
    await t.rejects(authorizationFor(parseBlobAddress(`${ELSEWHERE}/data`), access(accounts)), {
      code: 'USAGE',
      message: /AZURE_STORAGE_CONNECTION_STRING/,
    })
})
