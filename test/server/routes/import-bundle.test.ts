import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FolderInbox } from '../../../src/storage/folder/folder-inbox.js'
import { CLIENTS, tokenOf } from '../auth/token-client.js'
import { provide } from '../provider.js'

const BUNDLE = { resourceType: 'Bundle', type: 'batch', entry: [] }

async function receiver(t: Test, options: Parameters<typeof provide>[1] = {}) {
  const folder = join(t.testdir(), 'bundles')
  const provider = await provide(t, { imports: new FolderInbox(folder), ...options })
  const origin = new URL(provider.base).origin
  const post = (query: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}) =>
    provider.ask(`${origin}/importbundle${query}`, { method: 'POST', body, headers })
  return { folder, provider, origin, post, files: () => readdirSync(folder).sort() }
}

t.test('a Bundle is put where a load finds it', async (t) => {
  const { folder, provider, post, files } = await receiver(t)
  t.strictSame(files(), [], 'the place exists from the start')
  const named = await post('?bundlename=ward%207', JSON.stringify(BUNDLE))
  t.equal(named.status, 202)
  t.strictSame(await named.json(), { filename: 'ward 7.json' })
  t.strictSame(JSON.parse(readFileSync(join(folder, 'ward 7.json'), 'utf8')), BUNDLE)
  const unnamed = await post('', JSON.stringify(BUNDLE))
  const { filename } = (await unnamed.json()) as { readonly filename: string }
  t.match(filename, /^bundle[0-9a-f]{32}\.json$/)
  t.strictSame(files(), [filename, 'ward 7.json'].sort())
  t.strictSame(
    provider.events.filter(({ event }) => event === 'bundle.received').map(({ item }) => item),
    ['ward 7.json', filename],
  )
})

t.test('anything else is refused and leaves nothing', async (t) => {
  const { post, files } = await receiver(t)
  for (const body of ['', '{', '[]', '"Bundle"', '{"resourceType":"Patient"}', 'null'])
    t.equal((await post('', body)).status, 400, body)
  const bytes = Buffer.from(JSON.stringify({ ...BUNDLE, id: 'M\u00fcller' }), 'latin1')
  t.equal((await post('', bytes)).status, 400, 'not in UTF-8')
  for (const name of ['../x', '..%2Fx', 'a%2Fb', '.hidden', 'a%00b', 'x'.repeat(200), 'run'])
    t.equal((await post(`?bundlename=${name}`, JSON.stringify(BUNDLE))).status, 400, name)
  t.strictSame(files(), [])
})

t.test('a body that is too large is refused before it is read', async (t) => {
  const { origin, files } = await receiver(t)
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${origin}/importbundle`, {
      method: 'POST',
      headers: { 'content-length': String(70 * 2 ** 20), 'content-type': 'application/json' },
    })
    sent.on('response', ({ statusCode }) => resolve(statusCode))
    sent.on('error', reject)
    sent.write('{')
  })
  t.equal(status, 413)
  t.strictSame(files(), [])
})

t.test('a larger Bundle than other requests may have is taken', async (t) => {
  const { post, files } = await receiver(t)
  const entry = Array.from({ length: 20_000 }, (_, n) => ({
    resource: { resourceType: 'Patient', id: `p${n}`, name: [{ text: 'x'.repeat(100) }] },
  }))
  t.equal((await post('?bundlename=large', JSON.stringify({ ...BUNDLE, entry }))).status, 202)
  t.strictSame(files(), ['large.json'])
})

t.test('a client needs a token with the right to write', async (t) => {
  const clients = [
    ...CLIENTS,
    ...CLIENTS.slice(0, 1).map((client) => ({
      ...client,
      id: 'writer',
      scopes: 'system/*.rs system/Bundle.write',
    })),
  ]
  const { provider, post, files } = await receiver(t, { auth: { kind: 'clients', clients } })
  const text = JSON.stringify(BUNDLE)
  const as = async (client: string, scope: string) => ({
    authorization: `Bearer ${await tokenOf(provider, client, scope)}`,
  })
  t.equal((await post('', text)).status, 401)
  t.equal((await post('', text, await as('all', 'system/*.rs'))).status, 403)
  await t.rejects(as('all', 'system/Bundle.write'), /invalid_scope/, 'not one that is not registered')
  t.strictSame(files(), [])
  t.equal((await post('', text, await as('writer', 'system/Bundle.write'))).status, 202)
  t.equal(
    (await provider.kickOff('/$export', { headers: await as('writer', 'system/Bundle.write') })).status,
    403,
    'who may write may not read for that',
  )
})
