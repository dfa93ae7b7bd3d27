import { inspect } from 'node:util'
import t from 'tap'
import { type BlobAddress, parseBlobAddress } from '../../../src/storage/azure/blob-address.js'
import { storeOf } from '../../../src/storage/stores.js'

const blob = (text: string): BlobAddress => parseBlobAddress(text)

const SAS = 'sv=2024-11-04&se=2099-01-01T00%3A00%3A00Z&sr=c&sp=rl&sig=c2VjcmV0Y2FuYXJ5'

const BLOBS: readonly (readonly [string, string, string, string])[] = [
  ['https://acct.blob.core.windows.net/data', 'https://acct.blob.core.windows.net', 'data', ''],
  ['https://acct.blob.core.windows.net/data/a/b/', 'https://acct.blob.core.windows.net', 'data', 'a/b'],
  ['https://acct.dfs.core.windows.net/data/a%20b/ü', 'https://acct.blob.core.windows.net', 'data', 'a b/ü'],
  ['abfss://data@acct.dfs.core.windows.net/a/b', 'https://acct.blob.core.windows.net', 'data', 'a/b'],
  ['abfss://data@acct.dfs.core.windows.net', 'https://acct.blob.core.windows.net', 'data', ''],
  ['https://acct.blob.core.chinacloudapi.cn/data/a', 'https://acct.blob.core.chinacloudapi.cn', 'data', 'a'],
  ['https://acct.dfs.core.usgovcloudapi.net/data/a', 'https://acct.blob.core.usgovcloudapi.net', 'data', 'a'],
  ['https://acct.z12.blob.storage.azure.net/data', 'https://acct.z12.blob.storage.azure.net', 'data', ''],
  ['http://127.0.0.1:10010/acct/data/a', 'http://127.0.0.1:10010/acct', 'data', 'a'],
  ['http://azurite:10000/acct/data/a', 'http://azurite:10000/acct', 'data', 'a'],
  ['https://blobs.example.org/acct/data/a', 'https://blobs.example.org/acct', 'data', 'a'],
  ['azurite://data/a/b', 'http://127.0.0.1:10000/devstoreaccount1', 'data', 'a/b'],
  ['azurite://data', 'http://127.0.0.1:10000/devstoreaccount1', 'data', ''],
  ['https://acct.blob.core.windows.net/$web/x', 'https://acct.blob.core.windows.net', '$web', 'x'],
]

t.test('addresses of blobs lead to the blob endpoint', async (t) => {
  for (const [text, endpoint, container, path] of BLOBS) {
    const address = blob(text)
    t.match(address, { endpoint, container, path, place: text.replace(/\/$/, '') }, text)
    t.equal(address.sas, undefined)
  }
  t.equal(blob('https://acct.blob.core.windows.net/data').isAzure, true)
  t.equal(blob('https://blobs.example.org/acct/data').isAzure, false, 'no token is sent there')
  t.equal(blob('https://acct.blob.core.windows.net.evil.org/acct/data').isAzure, false)
})

t.test('everything else is a path', async (t) => {
  for (const path of ['in', './in', '/data/in', '../in', 'C:\\data', 'a b', 'in?x=1', '-'])
    t.equal(storeOf(path).name, 'folder', path)
})

t.test('a SAS is split off and shown nowhere', async (t) => {
  for (const base of [
    'https://acct.blob.core.windows.net/data/a',
    'abfss://data@acct.dfs.core.windows.net/a',
  ]) {
    const address = blob(`${base}?${SAS}`)
    t.equal(address.place, base)
    t.equal(address.sas?.query.reveal(), SAS)
    t.strictSame(address.sas?.facts, {
      permissions: 'rl',
      expiresAt: '2099-01-01T00:00:00.000Z',
      isAccountSas: false,
    })
    for (const shown of [inspect(address, { depth: 9, showHidden: true }), JSON.stringify(address)])
      t.notMatch(shown, /c2VjcmV0|sig=/)
    t.equal(`${address.sas?.query}`, '(secret)')
  }
})

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['no container', 'https://acct.blob.core.windows.net/', /names no container/],
  ['no container of the emulator', 'azurite://', /./],
  ['upper case in a container', 'https://acct.blob.core.windows.net/In', /invalid container/],
  ['a short container', 'https://acct.blob.core.windows.net/ab', /invalid container/],
  ['two hyphens', 'https://acct.blob.core.windows.net/a--b', /invalid container/],
  ['http to Azure', 'http://acct.blob.core.windows.net/data', /https/],
  ['http to elsewhere', 'http://blobs.example.org/acct/data', /https/],
  ['another service', 's3://bucket/x', /unknown scheme/],
  ['a file URL', 'file:///data', /unknown scheme/],
  ['a fragment', 'https://acct.blob.core.windows.net/data/a#b', /%23/],
  ['a wrong escape', 'https://acct.blob.core.windows.net/data/a%zz', /%25/],
  ['a password', `https://u:${SAS}@acct.blob.core.windows.net/data`, /credentials in the environment/],
  ['a password with a slash', `https://u:c2VjcmV0/x@acct.blob.core.windows.net/data`, /not a valid address/],
  ['no scheme', `acct.blob.core.windows.net/data?${SAS}`, /write https:/],
  ['one slash', `https:/acct.blob.core.windows.net/data?${SAS}`, /write https:/],
  ['a SAS alone', SAS, /write https:/],
  ['a SAS alone that begins with the signature', 'sig=c2VjcmV0&sv=2024-11-04', /write https:/],
  ['the same, encoded', 'sig%3Dc2VjcmV0%26sv=2024-11-04', /write https:/],
  ['the same as a folder', 'https:/acct.blob.core.windows.net/data/sig=c2VjcmV0&sv=2', /write https:/],
  ['the same as a blob', 'https://acct.blob.core.windows.net/data/sig=c2VjcmV0&sv=2', /without a "\?"/],
  [
    'the same where it is refused anyway',
    'https://acct.blob.core.windows.net/DATA/sig=c2VjcmV0',
    /invalid container/,
  ],
  ['a SAS behind "&"', `https://acct.blob.core.windows.net/data&${SAS}`, /without a "\?"/],
  ['a SAS behind %3F', `https://acct.blob.core.windows.net/data/x%3F${SAS}`, /without a "\?"/],
  ['a SAS in full disguise', `azurite://data/x%3F${encodeURIComponent(SAS)}`, /without a "\?"/],
  ['abfss without filesystem', 'abfss://acct.dfs.core.windows.net/data', /abfss:/],
  ['a query that is no SAS', `https://acct.blob.core.windows.net/data?${SAS.replace('sv=', 'xx=')}`, /SAS/],
  [
    'an expired SAS',
    `https://acct.blob.core.windows.net/data?${SAS.replace('2099', '2019')}`,
    /expired at 2019-01-01T00:00:00.000Z/,
  ],
  [
    'a SAS of tomorrow',
    `https://acct.blob.core.windows.net/data?st=2098-01-01T00%3A00%3A00Z&${SAS}`,
    /not valid before 2098/,
  ],
]

t.test('folders may be called as they like', (t) => {
  for (const path of ['data/sig=1', 'R&D', 'a?b#c', 'httpdata', 'x.blob.d', './acct.blob.core.windows.net/x'])
    t.equal(storeOf(path).name, 'folder', path)
  t.end()
})

t.test('what is no address is a clear error of usage, without what follows the "?"', async (t) => {
  for (const [name, text, message] of WRONG) {
    try {
      storeOf(text).placeOf(text)
      t.fail(name)
    } catch (error) {
      t.match(error, { code: 'USAGE', message }, name)
      t.notMatch(inspect(error, { depth: 9, showHidden: true }), /c2VjcmV0/, name)
    }
  }
})
