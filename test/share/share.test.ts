// Holds src/share/share.ts, src/share/links.ts, src/share/scope.ts, src/share/policies.ts,
// src/share/trial.ts, src/share/audit.ts, src/storage/azure/azure-account.ts.
import t from 'tap'
import { RequestFailure } from '../../src/http/request-failure.js'
import { createRetry } from '../../src/http/retry.js'
import { Secret } from '../../src/secret.js'
import type { ShareSigner } from '../../src/share/links.js'
import { addPolicy } from '../../src/share/policies.js'
import { type SharePlace, type ShareRequest, share } from '../../src/share/share.js'
import { azureAccount } from '../../src/storage/azure/azure-account.js'
import type { Authorization, ContainerOptions } from '../../src/storage/azure/azure-client.js'
import { azureContainer } from '../../src/storage/azure/azure-container.js'
import { parseBlobAddress } from '../../src/storage/azure/blob-address.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../support/azurite.js'
import { firstOf } from '../support/elements.js'
import { startHierarchicalStub } from '../support/hierarchical-stub.js'
import { loopbackTlsFiles } from '../support/loopback-tls.js'

// Nobody trusts the certificate of the tests.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
const azurite = await startAzurite(t, loopbackTlsFiles(t))
const HOUR_MS = 3_600_000
const OBJECT = '11111111-2222-3333-4444-555555555555'
const TENANT = '66666666-7777-8888-9999-000000000000'
const KEY: Authorization = { kind: 'key', account: ACCOUNT, key: new Secret(ACCOUNT_KEY) }

/** A token as Azurite believes it: unsigned. */
const token = (): Authorization => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    aud: 'https://storage.azure.com',
    iss: `https://sts.windows.net/${TENANT}/`,
    oid: OBJECT,
    tid: TENANT,
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
  }
  const text = `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.x`
  const getToken = async () => ({ token: text, expiresOnTimestamp: (now + 3600) * 1000 })
  return { kind: 'token', identity: { getToken } }
}

const REQUEST: ShareRequest = {
  for: 'Dr. Grey',
  by: 'test',
  permissions: ['read'],
  hours: 24,
  isRevocable: false,
  isVerified: true,
  isForced: false,
}

interface Place extends SharePlace {
  readonly audit: () => Promise<Record<string, unknown>[]>
}

/** An output in a container of its own, to be shared by these signers. */
async function placeOf(
  path: string,
  signs: readonly Authorization[],
  { url = azurite.url, refused = false }: { url?: string; refused?: boolean } = {},
): Promise<Place> {
  const client = await azurite.container()
  const prefix = path === '' ? '' : `${path}/`
  for (const [name, text] of [
    ['Patient.ndjson', '{}\n'],
    ['run.json', '{"generator":"fhir-sluice","outputs":[{"name":"Patient.ndjson","bytes":3}]}'],
  ] as const)
    await client.getBlockBlobClient(`${prefix}${name}`).upload(text, text.length)
  const address = parseBlobAddress(
    `${url}/${ACCOUNT}/${client.containerName}${path === '' ? '' : `/${path}`}`,
  )
  const options = (authorization: Authorization, container = address.container): ContainerOptions => ({
    endpoint: address.endpoint,
    container,
    place: address.place,
    role: 'source',
    authorization,
    retry: createRetry({ baseMs: 1 }),
  })
  const states = azureContainer(options(firstOf(signs), `${address.container}-sluice`))
  const signers = signs.map((authorization): ShareSigner => {
    const account = azureAccount(options(authorization))
    if (authorization.kind === 'key') return { kind: 'key', account, key: authorization.key }
    return {
      kind: 'identity',
      account: refused ? azureAccount(options(tokenRefused())) : account,
    }
  })
  return {
    address,
    container: azureContainer(options(firstOf(signs))),
    auditOf: (folder) => ({ container: states, name: `${folder}/shares.ndjson`, place: 'the audit' }),
    signers,
    retry: createRetry({ baseMs: 1 }),
    audit: async () =>
      ((await states.readText(`${path}/shares.ndjson`))?.text ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

const tokenRefused = (): Authorization => ({
  kind: 'token',
  identity: {
    async getToken() {
      throw new RequestFailure({ status: 403, code: 'AuthorizationPermissionMismatch' })
    },
  },
})

const sasOf = (url: Secret): URLSearchParams => new URL(url.reveal()).searchParams
const status = async (url: string, init?: RequestInit): Promise<number> => (await fetch(url, init)).status

t.test('an identity signs a user-delegation SAS, which Azurite honours', async (t) => {
  const place = await placeOf('out', [token(), KEY])
  const made = await share(place, REQUEST)
  t.equal(made.kind, 'user-delegation')
  t.equal(made.links.length, 2, 'a flat account: a link for each file')
  const sas = sasOf(firstOf(made.links).url)
  t.match(Object.fromEntries(sas), { sr: 'b', sp: 'r', spr: 'https', skoid: OBJECT, sktid: TENANT, sks: 'b' })
  const link = firstOf(made.links).url.reveal()
  t.equal(await status(link), 200)
  t.equal(await status(link, { method: 'DELETE' }), 403)
  t.equal(await status(link.replace('Patient.ndjson', 'run.json')), 403)
  t.match(await place.audit(), [{ kind: 'user-delegation', identity: OBJECT, isVerified: true }])
})

t.test('where the identity may not, the account key signs; without one that is told', async (t) => {
  const place = await placeOf('out', [token(), KEY], { refused: true })
  t.equal((await share(place, REQUEST)).kind, 'account-key')
  const keyless = { ...place, signers: place.signers.slice(0, 1) }
  await t.rejects(share(keyless, REQUEST), {
    code: 'SOURCE_DENIED',
    message: /give it the role "Storage Blob Delegator"/,
  })
  await t.rejects(share(keyless, { ...REQUEST, isRevocable: true }), {
    code: 'USAGE',
    message: /--revocable needs the account key.*az storage account revoke-delegation-keys/,
  })
})

t.test('an identity signs for 7 days by the clock of the service, longer links need the key', async (t) => {
  const place = await placeOf('out', [token(), KEY])
  const week = await share(place, { ...REQUEST, hours: 168 })
  t.equal(week.kind, 'user-delegation')
  t.equal(Date.parse(week.expiresAt) - Date.parse(week.startsAt), 168 * HOUR_MS)
  t.equal((await share(place, { ...REQUEST, hours: 169 })).kind, 'account-key')
  const keyless = { ...place, signers: place.signers.slice(0, 1) }
  await t.rejects(share(keyless, { ...REQUEST, hours: 169 }), { code: 'USAGE', message: /7 days from now/ })
})

t.test('an expired link reads nothing, and --verify finds it out before it is given out', async (t) => {
  for (const signer of [token(), KEY]) {
    const place = await placeOf('out', [signer])
    const past = Date.now() - 25 * HOUR_MS
    const { links } = await share(place, { ...REQUEST, isVerified: false }, past)
    t.equal(await status(firstOf(links).url.reveal()), 403)
    await t.rejects(share(place, REQUEST, past), {
      code: 'SOURCE_DENIED',
      message: /the link does not read \(403/,
    })
    t.equal((await place.audit()).length, 1)
  }
})

t.test('a link that fails its trial leaves no stored access policy behind', async (t) => {
  const place = await placeOf('out', [KEY])
  const signer = firstOf(place.signers)
  const elsewhere = { ...REQUEST, isRevocable: true, ip: '192.0.2.1' }
  const impatient = { ...place, limits: { requestMs: 1 } }
  await t.rejects(share({ ...impatient, retry: createRetry({ maxAttempts: 1 }) }, elsewhere), {
    code: 'SERVICE_UNAVAILABLE',
  })
  t.strictSame((await signer.account.policies()).policies, [])
})

t.test('in a hierarchical account a folder has one link, which ends at the folder', async (t) => {
  const stub = await startHierarchicalStub(t, azurite.url)
  const place = await placeOf('out/2026 ü', [token()], { url: stub.url })
  const made = await share(place, { ...REQUEST, permissions: ['read', 'list'], ip: '127.0.0.1' })
  t.equal(made.links.length, 1)
  t.match(Object.fromEntries(sasOf(firstOf(made.links).url)), {
    sr: 'd',
    sdd: '2',
    sp: 'rl',
    sip: '127.0.0.1',
    spr: 'https',
    skoid: OBJECT,
    sktid: TENANT,
    st: made.startsAt,
    se: made.expiresAt,
    skt: made.startsAt,
    ske: made.expiresAt,
  })
  t.match(made.listUrl, /\?resource=filesystem&recursive=true&directory=out%2F2026%20%C3%BC$/)
  t.strictSame(
    stub.seen.map(({ use, status }) => [use, status]),
    [
      ['GET', 206],
      ['GET', 403],
      ['list', 200],
      ['PUT', 403],
      ['DELETE', 403],
      ['GET', 403],
    ],
    'it was tried: read, list the container, list the folder, write, delete, read outside',
  )
  await t.rejects(share(place, { ...REQUEST, ip: '192.0.2.1-192.0.2.9' }), {
    code: 'SOURCE_DENIED',
    message: /it is for 192\.0\.2\.1-192\.0\.2\.9, and this machine may have another address/,
  })
  const lines = await place.audit()
  t.equal(lines.length, 1, 'what was not given out is not in the audit')
  t.match(lines, [{ resource: 'directory', permissions: ['read', 'list'] }])
  const reading = await share(place, { ...REQUEST, permissions: ['read'] })
  t.equal(sasOf(firstOf(reading.links).url).get('sp'), 'r')
  t.equal(reading.listUrl, undefined)
})

t.test('a policy that others add meanwhile survives', async (t) => {
  const place = await placeOf('out', [KEY])
  const account = firstOf(place.signers).account
  let isFirst = true
  const raced: typeof account = {
    ...account,
    async policies() {
      const found = await account.policies()
      if (isFirst && found.readAtMs >= found.lastModified.getTime() + 1000) {
        isFirst = false
        await account.setPolicies([{ id: 'theirs', accessPolicy: { permissions: 'r' } as never }], found)
      }
      return found
    },
  }
  const id = await addPolicy(raced, 'me', {
    permissions: 'r',
    startsOn: new Date(),
    expiresOn: new Date(Date.now() + HOUR_MS),
  })
  const { policies } = await account.policies()
  t.equal(isFirst, false)
  t.strictSame(policies.map((policy) => policy.id).sort(), [id, 'theirs'].sort())
})
