// Holds src/commands/share/text.ts, src/check/shared.ts, src/share/open.ts.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Azurite, startAzurite } from '../../support/azurite.js'
import { elementAt, firstOf } from '../../support/elements.js'
import { CONFIG } from '../../support/pipeline-run.js'
import { sluice } from '../../support/sluice.js'
import { verbRun } from '../../support/verb-run.js'

const azurite = await startAzurite(t)
const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
Object.assign(process.env, env)
const share = (...words: string[]) => verbRun(['share', ...words])
const SIGNATURE = /sig=[^&\s"]+/

/** A container with the output of a run in `folder`, or in the container itself. */
async function output(t: Test, from: Azurite, folder: string) {
  const cwd = t.testdir({ 'config.json': JSON.stringify(CONFIG) })
  mkdirSync(join(cwd, 'in'))
  for (const name of ['Patient', 'More'])
    writeFileSync(join(cwd, 'in', `${name}.ndjson`), '{"resourceType":"Patient","id":"1"}\n')
  const client = await from.container()
  const address = ['azurite:/', client.containerName, ...(folder === '' ? [] : [folder])].join('/')
  const [config, input] = [join(cwd, 'config.json'), join(cwd, 'in')]
  const words = ['anonymize', '-c', config, '-i', input, '-o', address, '--layout', 'none']
  const run = await verbRun(words)
  t.equal(run.exitCode, 0, run.stderr)
  return { client, address, container: client.containerName }
}

const withName = (link: string, name: string): string => link.replace('?', `/${name}?`)
const status = async (url: string, init?: RequestInit): Promise<number> => {
  const answer = await fetch(url, init)
  await answer.arrayBuffer()
  return answer.status
}
const put = { method: 'PUT', body: 'x', headers: { 'x-ms-blob-type': 'BlockBlob' } }
const listing = (link: string): string => {
  const [place, query] = link.split('?')
  return `${place}?restype=container&comp=list&${query}`
}

interface Json {
  readonly resource: string
  readonly kind: string
  readonly policy?: string
  readonly links: readonly { readonly name: string; readonly url: string }[]
  readonly commands: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly expiresAt: string
}

const shared = async (t: Test, ...words: string[]): Promise<Json> => {
  const made = await share(...words, '--json')
  t.equal(made.exitCode, 0, made.stderr)
  return JSON.parse(made.stdout) as Json
}

async function auditOf(t: Test, container: string, folder = ''): Promise<Record<string, unknown>[]> {
  const { ContainerClient } = await import('@azure/storage-blob')
  const client = new ContainerClient(azurite.connectionString, `${container}-sluice`)
  const text = (await client.getBlobClient(`${folder}shares.ndjson`).downloadToBuffer()).toString()
  t.notMatch(text, 'sig')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

t.test('a link to a container reads every file, and cannot list, write or delete', async (t) => {
  const { address, container } = await output(t, azurite, '')
  const made = await sluice(['share', address, '--for', 'Dr. Grey', '--hours', '2', '--verify'], { env })
  t.equal(made.exitCode, 0, made.stderr)
  const [link = '', end] = made.stdout.split('\n')
  t.equal(end, '', 'the link and nothing else is on stdout')
  t.match(made.stderr, /a link to \S+ for Dr\. Grey: read, from .* until .*\n.*proved by real requests/)
  t.notMatch(made.stderr, SIGNATURE, 'stderr may be logged')
  t.match(link, /[?&]sr=c&sp=r&/)
  for (const name of ['Patient.ndjson', 'More.ndjson', 'run.json'])
    t.equal(await status(withName(link, name)), 200)
  t.equal(await status(listing(link)), 403)
  t.equal(await status(withName(link, 'Patient.ndjson'), put), 403)
  t.equal(await status(withName(link, 'new.ndjson'), put), 403)
  t.equal(await status(withName(link, 'Patient.ndjson'), { method: 'DELETE' }), 403)
  const elsewhere = link.replace(container, `${container}-sluice`)
  t.equal(await status(withName(elsewhere, 'shares.ndjson')), 403, 'the state is another container')
  const line = firstOf(await auditOf(t, container))
  t.match(line, {
    event: 'shared',
    for: 'Dr. Grey',
    what: address,
    resource: 'container',
    fileCount: 3,
    permissions: ['read'],
    kind: 'account-key',
    isVerified: true,
    isForced: false,
    by: /.+/,
  })
  const hours = (Date.parse(String(line.expiresAt)) - Date.parse(String(line.startsAt))) / 3_600_000
  t.equal(hours.toFixed(3), (2 + 5 / 60).toFixed(3), 'five minutes for clocks that differ')
})

t.test('a link that lists lists, also with curl as it is told', async (t) => {
  const { address, container } = await output(t, azurite, 'out/2026')
  const { resource, links, commands } = await shared(
    t,
    address,
    '--for',
    'a',
    '--permissions',
    'list,read',
    '--verify',
  )
  t.equal(resource, 'container', 'nothing else is in it')
  const listed = await fetch(
    String(commands.list).replace(/^curl -fsS "(.*?)&\$.*$/, `$1&${firstOf(links).url.split('?')[1]}`),
  )
  t.match(await listed.text(), /out\/2026\/More\.ndjson/)
  t.equal(await status(withName(firstOf(links).url, 'Patient.ndjson')), 200)
  t.equal(await status(withName(firstOf(links).url, 'Patient.ndjson'), put), 403)
  t.match(await auditOf(t, container, 'out/2026/'), [{ permissions: ['read', 'list'] }])
  const only = await shared(t, address, '--for', 'a', '--permissions', 'list', '--verify')
  t.equal(await status(withName(firstOf(only.links).url, 'Patient.ndjson')), 403)
})

t.test(
  'in a flat account a folder is read by a link for each file, and not listed beside others',
  async (t) => {
    const { address, client, container } = await output(t, azurite, 'out/2026')
    await client.getBlockBlobClient('raw/Patient.ndjson').upload('secret', 6)
    const made = await shared(t, address, '--for', 'a', '--verify')
    t.strictSame(
      made.links.map(({ name }) => name),
      ['More.ndjson', 'Patient.ndjson', 'run.json'],
    )
    for (const { url } of made.links) {
      t.equal(await status(url), 200)
      t.equal(await status(url.replace(/out\/2026\/[^?]*/, 'raw/Patient.ndjson')), 403, 'the wrong path')
    }
    const refused = await share(address, '--for', 'a', '--permissions', 'read,list')
    t.equal(refused.exitCode, 2)
    t.match(refused.stderr, 'a link with list permission shows the whole container')
    t.equal((await auditOf(t, container, 'out/2026/')).length, 1, 'what was refused is not in the audit')
  },
)

t.test('a link to a file reads that file only', async (t) => {
  const { address } = await output(t, azurite, 'out')
  const { links, resource } = await shared(t, `${address}/Patient.ndjson`, '--for', 'a', '--verify')
  t.equal(resource, 'blob')
  t.equal(await status(firstOf(links).url), 200)
  t.equal(await status(firstOf(links).url.replace('Patient', 'More')), 403)
  t.equal(await status(firstOf(links).url, put), 403)
  t.equal(await status(firstOf(links).url, { method: 'DELETE' }), 403)
  const listed = await share(`${address}/Patient.ndjson`, '--for', 'a', '--permissions', 'read,list')
  t.match(listed, { exitCode: 2, stderr: /a file has nothing to list/ })
})

t.test('a link is not valid before its start, or once its terms are changed', async (t) => {
  const { address } = await output(t, azurite, '')
  const later = await shared(t, address, '--for', 'a', '--start', '2199-01-01T00:00Z')
  t.equal(later.startsAt, '2199-01-01T00:00:00Z')
  t.equal(later.expiresAt, '2199-01-02T00:00:00Z')
  t.equal(await status(withName(firstOf(later.links).url, 'run.json')), 403)
  const here = await shared(t, address, '--for', 'a', '--ip', '127.0.0.1', '--verify')
  t.equal(await status(withName(firstOf(here.links).url, 'run.json')), 200)
  const longer = withName(firstOf(here.links).url, 'run.json').replace(/se=20../, 'se=2199')
  t.equal(await status(longer), 403, 'the signature covers the expiry')
  t.equal(await status(withName(firstOf(here.links).url, 'run.json').replace(/sp=r/, 'sp=rwd')), 403)
})

t.test('a revocable link ends when it is revoked; policies of others stay', async (t) => {
  const { address, client, container } = await output(t, azurite, '')
  const foreign = [
    { id: 'theirs', accessPolicy: { permissions: 'rw', expiresOn: new Date('2199-01-01T00:00:00Z') } },
    { id: 'empty', accessPolicy: { permissions: 'r' } },
  ]
  await client.setAccessPolicy(undefined, foreign as never)
  const made = await shared(t, address, '--for', 'Dr. Grey', '--revocable', '--verify')
  t.match(made, { kind: 'stored-policy', policy: /^sluice-dr-grey-/ })
  t.notMatch(firstOf(made.links).url, /[?&]s[ept]=/)
  const other = await shared(t, address, '--for', 'study', '--revocable')
  const file = withName(firstOf(made.links).url, 'run.json')
  t.equal(await status(file), 200)
  t.equal(await status(withName(firstOf(made.links).url, 'x'), put), 403)
  const nobody = await share(address, '--revoke', 'dr-grey')
  t.match(nobody, { exitCode: 2, stderr: /has no revocable link for that name/ })
  const revoked = await share(address, '--revoke', 'Dr. Grey')
  t.match(revoked, { exitCode: 0, stdout: `revoked: ${made.policy}` })
  t.equal(await status(file), 403)
  t.equal(await status(withName(firstOf(other.links).url, 'run.json')), 200)
  const { signedIdentifiers } = await client.getAccessPolicy()
  t.strictSame(signedIdentifiers.map(({ id }) => id).sort(), ['empty', other.policy, 'theirs'].sort())
  t.match(signedIdentifiers.find(({ id }) => id === 'theirs')?.accessPolicy, firstOf(foreign).accessPolicy)
  t.match(await auditOf(t, container), [
    { event: 'shared', policy: made.policy },
    { event: 'shared', for: 'study' },
    { event: 'revoked', for: 'Dr. Grey', policies: [made.policy] },
  ])
})

t.test('a container has room for five policies; expired ones of ours give theirs up', async (t) => {
  const { address, client } = await output(t, azurite, '')
  const past = new Date('2020-01-01T00:00:00Z')
  const ids = ['a', 'b', 'c', 'd', 'e']
  const full = ids.map((id) => ({ id, accessPolicy: { permissions: 'r', expiresOn: past } }))
  await client.setAccessPolicy(undefined, full as never)
  const refused = await share(address, '--for', 'a', '--revocable')
  t.match(refused, {
    exitCode: 2,
    stderr: /has 5 stored access policies, and cannot have more \(a, b, c, d, e\)/,
  })
  full[2] = { ...elementAt(full, 2), id: 'sluice-old-01234567-89abcdef' }
  await client.setAccessPolicy(undefined, full as never)
  const made = await shared(t, address, '--for', 'a', '--revocable')
  const { signedIdentifiers } = await client.getAccessPolicy()
  t.strictSame(signedIdentifiers.map(({ id }) => id).sort(), ['a', 'b', 'd', 'e', made.policy].sort())
})

t.test('what is incomplete, or not made by Sluice, is shared with --force only', async (t) => {
  const { address, client } = await output(t, azurite, 'out')
  await client.getBlockBlobClient('raw/Patient.ndjson').upload('secret', 6)
  await client.getBlockBlobClient('out/notes.txt').upload('hello', 5)
  const says = async (place: string, pattern: RegExp) => {
    const refused = await share(place, '--for', 'a')
    t.match(refused, { exitCode: 2, stdout: '', stderr: pattern }, place)
  }
  const container = address.slice(0, -'/out'.length)
  await says(address, /holds 1 file that run\.json does not name \(out\/notes\.txt\)/)
  await says(`${address}/notes.txt`, /not an output of Sluice/)
  await says(`${container}/raw/Patient.ndjson`, /not an output of Sluice/)
  await says(`${container}/raw`, /has no run\.json/)
  await says(container, /has no run\.json/)
  await client.deleteBlob('out/notes.txt')
  await client.deleteBlob('out/More.ndjson')
  await says(address, /1 file named by run\.json cannot be found \(out\/More\.ndjson\)/)
  const forced = await shared(t, `${container}/raw`, '--for', 'a', '--force')
  t.equal(await status(firstOf(forced.links).url), 200)
})

t.test('wrong input is told as such, and nothing of a SAS is repeated', async (t) => {
  const { address, container } = await output(t, azurite, '')
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 2, /missing required argument 'address'/],
    [[address], 2, /--for is missing/],
    [[address, '--for', ' '], 2, /must be a name of 1 to 100 characters/],
    [[address, '--for', 'a\nb'], 2, /must be a name/],
    [[address, '--for', 'a', '--hours', '0'], 2, /whole number between 1 and 8760/],
    [[address, '--for', 'a', '--hours', '1.5'], 2, /whole number between 1 and 8760/],
    [
      [address, '--for', 'a', '--permissions', 'read,write'],
      2,
      /must be read, or read,list; links never write/,
    ],
    [[address, '--for', 'a', '--ip', '10.0.0.9-10.0.0.1'], 2, /must be an IPv4 address/],
    [[address, '--for', 'a', '--ip', '::1'], 2, /must be an IPv4 address/],
    [[address, '--for', 'a', '--start', '2026-02-30'], 2, /must be a time in UTC/],
    [[address, '--for', 'a', '--start', '2026-11-21T08:00'], 2, /must be a time in UTC/],
    [[address, '--for', 'a', '--start', '2020-01-01'], 2, /would have expired already/],
    [[address, '--for', 'a', '--start', '2199-01-01', '--verify'], 2, /exclude each other/],
    [[address, '--revoke', 'a', '--verify'], 2, /--verify is for making one/],
    [['out', '--for', 'a'], 2, /must be the address of a container/],
    [[`${address}/none`, '--for', 'a'], 3, /there is no such file, and no folder/],
    [[`azurite://${container}-none`, '--for', 'a'], 3, /there is no such container/],
    [[`azurite://${container}-sluice`, '--for', 'a'], 2, /state and quarantine, which are not for sharing/],
    [[`${address}?sv=1&sig=CANARY`, '--for', 'a'], 2, /a SAS cannot make other links/],
    [[address, '--for', 'a', '--state', 'folder'], 2, /must be the address of a container/],
  ]
  for (const [words, exitCode, message] of cases) {
    const refused = await share(...words)
    t.match(refused, { exitCode, stdout: '', stderr: message }, words.join(' '))
    t.notMatch(refused.stderr, 'CANARY')
  }
})

t.test('a container that is open to everybody is found out by --verify', async (t) => {
  const { address, client, container } = await output(t, azurite, '')
  await client.setAccessPolicy('container')
  const refused = await share(address, '--for', 'a', '--verify')
  t.match(refused, {
    exitCode: 2,
    stdout: '',
    stderr: /allows what it must not: list .*public access/,
  })
  await t.rejects(auditOf(t, container), 'nothing was shared')
})

t.test('links made at the same time all stand in the audit', async (t) => {
  const { address, container } = await output(t, azurite, '')
  const names = ['a', 'b', 'c', 'd']
  await Promise.all(names.map((name) => shared(t, address, '--for', name)))
  const lines = await auditOf(t, container)
  t.strictSame(lines.map((line) => line.for).sort(), names)
})
