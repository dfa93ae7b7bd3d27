// Holds src/fhir-client/auth/token-grant.ts.

import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { ServerAuth } from '../../../src/fhir-client/auth/auth.js'
import {
  type Answer,
  type Asked,
  type BadServer,
  outcome,
  type Plan,
  startBadServer,
} from '../../support/bad-fhir-server.js'
import {
  type ExportOverrides,
  exportTo as exportAnonymized,
  lines,
  patientLine,
} from '../../support/export-run.js'
import { codeOf, outputsIn } from '../../support/pipeline-run.js'

/** Without the pipeline: it is not what is asked here. */
const exportTo = (server: Pick<BadServer, 'base'>, output: string, overrides: ExportOverrides) =>
  exportAnonymized(server, output, { ...overrides, plan: undefined })

const FILES = { Patient: [lines(60, patientLine), lines(60, patientLine, 60), lines(60, patientLine, 120)] }

/** A server that gives tokens, each good for `uses` calls. */
function tokenPlan(
  grant: (asked: Asked) => Answer | undefined,
  uses = Number.POSITIVE_INFINITY,
): Partial<Plan> & Tokens {
  let number = 0
  let left = 0
  return {
    requiresAccessToken: true,
    given: () => number,
    authorization() {
      left -= 1
      return left >= 0 ? `Bearer token-${number}` : 'Bearer none'
    },
    token: (asked) => {
      const refused = grant(asked)
      if (refused !== undefined) return refused
      number += 1
      left = uses
      return {
        body: JSON.stringify({ access_token: `token-${number}`, token_type: 'bearer', expires_in: 300 }),
      }
    },
  }
}

interface Tokens {
  readonly given: () => number
}

const refuse = (error: string): Answer => ({ status: 400, body: JSON.stringify({ error }) })

t.test('client credentials: the secret arrives as it is, in the form and in the header', async (t) => {
  const secret = 'a/b+c=d&e%f g:ü'
  for (const secretIn of ['post', 'basic'] as const) {
    const plan = tokenPlan(({ body, headers }) => {
      const form = new URLSearchParams(body)
      const [id, given] =
        secretIn === 'post'
          ? [form.get('client_id'), form.get('client_secret')]
          : Buffer.from(String(headers.authorization).replace('Basic ', ''), 'base64')
              .toString()
              .split(':')
              .map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
      return id === 'me&you' && given === secret && form.get('grant_type') === 'client_credentials'
        ? undefined
        : refuse('invalid_client')
    })
    const server = await startBadServer(t, { files: FILES, ...plan })
    const auth = {
      type: 'client-credentials',
      tokenUrl: `${server.origin}/token`,
      clientId: 'me&you',
      clientSecret: secret,
      secretIn,
    } as const
    const report = await exportTo(server, join(t.testdir(), secretIn), { auth })
    t.equal(report.isComplete, true)
    t.equal(plan.given(), 1, 'one token for all calls')
  }
})

const pair = {
  RS384: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
}
const jwk = (algorithm: keyof typeof pair): object => ({
  ...pair[algorithm].privateKey.export({ format: 'jwk' }),
  kid: `key-${algorithm}`,
})

/** What is wrong with an assertion (SMART App Launch 2.2, "Protocol details"); undefined for a good one. */
function faultOf(text: string, audience: string, seen: Set<string>): string | undefined {
  const [head = '', claims = '', signature = ''] = text.split('.')
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const { alg, kid, typ } = parse(head)
  const { iss, sub, aud, exp, jti } = parse(claims)
  const key: KeyObject | undefined = pair[alg as keyof typeof pair]?.publicKey
  if (key === undefined || kid !== `key-${alg}` || typ !== 'JWT') return 'head'
  const signed = Buffer.from(`${head}.${claims}`)
  const options = {
    key: createPublicKey(key.export({ type: 'spki', format: 'pem' })),
    dsaEncoding: 'ieee-p1363',
  } as const
  if (!verify('sha384', signed, options, Buffer.from(signature, 'base64url'))) return 'signature'
  const seconds = Date.now() / 1000
  if (iss !== 'me' || sub !== 'me' || aud !== audience) return 'claims'
  if (exp <= seconds || exp > seconds + 300) return 'exp'
  if (seen.has(jti)) return 'replayed'
  seen.add(jti)
  return undefined
}

t.test('SMART Backend Services: discovery, RS384 and ES384, a new assertion for each token', async (t) => {
  for (const algorithm of ['RS384', 'ES384'] as const) {
    const seen = new Set<string>()
    let audience = ''
    const faults: (string | undefined)[] = []
    const plan = tokenPlan(({ body }) => {
      const form = new URLSearchParams(body)
      faults.push(faultOf(form.get('client_assertion') ?? '', audience, seen))
      faults.push(form.get('scope') === 'system/*.rs' ? undefined : 'scope')
      return faults.some((fault) => fault !== undefined) ? refuse('invalid_client') : undefined
    }, 3)
    const server = await startBadServer(t, {
      files: FILES,
      ...plan,
      other: ({ url }) =>
        url === '/fhir/.well-known/smart-configuration'
          ? {
              body: JSON.stringify({
                token_endpoint: audience,
                capabilities: ['permission-v2'],
                token_endpoint_auth_signing_alg_values_supported: [algorithm],
              }),
            }
          : undefined,
    })
    audience = `${server.origin}/token`
    const auth = { type: 'smart', clientId: 'me', keys: { keys: [jwk('RS384'), jwk('ES384')] } } as const
    const report = await exportTo(server, join(t.testdir(), algorithm), { auth })
    t.equal(report.isComplete, true)
    t.same([...new Set(faults)], [undefined])
    t.ok(plan.given() > 1, `${plan.given()} tokens: renewed after each 401`)
  }
})

t.test('an older server names its token endpoint in the CapabilityStatement, or is no use', async (t) => {
  const uris = (token: unknown) => ({
    rest: [
      {
        security: {
          extension: [
            null,
            {
              url: 'http://x/StructureDefinition/oauth-uris',
              extension: [7, { url: 'token', valueUri: token }],
            },
          ],
        },
      },
    ],
  })
  const documents: readonly ((
    origin: string,
  ) => readonly [body: string, isUsable: boolean, code?: string])[] = [
    (origin) => [JSON.stringify(uris(`${origin}/token`)), true],
    () => [JSON.stringify(uris('/token')), true],
    () => [JSON.stringify(uris(5)), false],
    () => [JSON.stringify(uris('file:///etc/passwd')), false],
    () => [JSON.stringify({ rest: [{ security: { extension: 'none' } }] }), false],
    () => [JSON.stringify({ rest: [{ security: null }] }), false],
    () => [JSON.stringify({ rest: [null] }), false],
    () => [JSON.stringify({ rest: {} }), false],
    () => ['[]', false],
    () => ['<html>no</html>', false, 'SERVICE_UNAVAILABLE'],
    () => ['', false],
  ]
  for (const [n, documentOf] of documents.entries()) {
    let document = ''
    const plan = tokenPlan(() => undefined)
    const server = await startBadServer(t, {
      files: FILES,
      ...plan,
      other: ({ url }) => (url === '/fhir/metadata' ? { body: document } : undefined),
    })
    const [body, isUsable, code = 'AUTH_FAILED'] = documentOf(server.origin)
    document = body
    const auth = { type: 'smart', clientId: 'me', keys: { keys: [jwk('RS384')] } } as const
    const exported = exportTo(server, join(t.testdir(), `${n}`), { auth })
    if (isUsable) t.equal((await exported).isComplete, true, document)
    else t.equal(await codeOf(exported), code, document)
    t.equal(plan.given(), isUsable ? 1 : 0)
  }
})

t.test('a token that ends in the middle of a download is renewed', async (t) => {
  const plan = tokenPlan(() => undefined, 4)
  const server = await startBadServer(t, {
    files: FILES,
    ...plan,
    file: (_, nth, good) => (nth === 1 ? { ...good(), stallAfter: 4000 } : undefined),
  })
  const auth: ServerAuth = {
    type: 'client-credentials',
    tokenUrl: `${server.origin}/token`,
    clientId: 'a',
    clientSecret: 'b',
  }
  const report = await exportTo(server, join(t.testdir(), 'out'), { auth, silenceMs: 300 })
  t.equal(report.isComplete, true)
  t.ok(plan.given() >= 2)
})

t.test('a token is renewed before it expires', async (t) => {
  let number = 0
  const server = await startBadServer(t, {
    files: FILES,
    pollsBefore: 3,
    authorization: () => `Bearer ${number}`,
    token: () => {
      number += 1
      return { body: JSON.stringify({ access_token: String(number), token_type: 'bearer', expires_in: 2 }) }
    },
  })
  const auth: ServerAuth = {
    type: 'client-credentials',
    tokenUrl: `${server.origin}/token`,
    clientId: 'a',
    clientSecret: 'b',
  }
  await exportTo(server, join(t.testdir(), 'out'), { auth })
  t.ok(number >= 2, `${number} tokens`)
  const refusedCount = server.asked.filter(({ headers }) => headers.authorization !== undefined).length
  t.equal(server.count('GET', /^\/status/), 4, `no poll was refused, of ${refusedCount}`)
})

t.test('the token goes to nobody else', async (t) => {
  const other = await startBadServer(t, { files: FILES })
  for (const requiresAccessToken of [true, false, 'true'] as const) {
    const server = await startBadServer(t, {
      files: FILES,
      authorization: () => 'Bearer secret',
      requiresAccessToken: false,
      manifest: (manifest) => ({
        ...manifest,
        requiresAccessToken,
        output: [
          { type: 'Patient', url: `${other.origin}/files/Patient/0` },
          { type: 'Patient', url: `${server.origin}/files/Patient/1` },
          { type: 'Patient', url: `${server.origin}/files/Patient/2?redirect` },
        ],
      }),
      file: ({ url }) =>
        url.endsWith('?redirect')
          ? { status: 302, headers: { location: `${other.origin}/files/Patient/2` } }
          : undefined,
    })
    const auth: ServerAuth = { type: 'bearer', token: 'secret' }
    const report = await exportTo(server, join(t.testdir(), String(requiresAccessToken)), { auth })
    t.equal(report.isComplete, true)
    const shown = server.asked
      .filter(({ url }) => url.startsWith('/files/'))
      .map(({ headers }) => headers.authorization)
    const expected = requiresAccessToken === false ? undefined : 'Bearer secret'
    t.strictSame(shown, [expected, expected], `${requiresAccessToken}: its own files`)
  }
  t.same([...new Set(other.asked.map(({ headers }) => headers.authorization))], [undefined])
  t.ok(other.asked.length >= 6)
})

t.test('a trusted origin sees the token', async (t) => {
  const other = await startBadServer(t, {
    files: FILES,
    authorization: () => 'Bearer secret',
    requiresAccessToken: true,
  })
  const server = await startBadServer(t, {
    files: FILES,
    manifest: (manifest) => ({
      ...manifest,
      requiresAccessToken: true,
      output: [{ type: 'Patient', url: `${other.origin}/files/Patient/0` }],
    }),
  })
  const auth: ServerAuth = { type: 'bearer', token: 'secret' }
  const output = join(t.testdir(), 'out')
  t.equal(await codeOf(exportTo(server, output, { auth })), 'AUTH_FAILED')
  await exportTo(server, output, { auth, trustedOrigins: [other.origin] })
  t.equal(outputsIn(output).size, 1)
})

t.test('basic, and what a server says to a wrong one', async (t) => {
  const authorization = () => `Basic ${Buffer.from('me:pass:word').toString('base64')}`
  const server = await startBadServer(t, { files: FILES, authorization })
  const output = join(t.testdir(), 'out')
  t.equal(
    await codeOf(exportTo(server, output, { auth: { type: 'basic', username: 'me', password: 'no' } })),
    'AUTH_FAILED',
  )
  const report = await exportTo(server, output, {
    auth: { type: 'basic', username: 'me', password: 'pass:word' },
  })
  t.equal(report.isComplete, true)
})

t.test('a token endpoint that refuses, and one that is ill for a while', async (t) => {
  const auth = (origin: string): ServerAuth => ({
    type: 'azure',
    tenantId: 't',
    clientId: 'a',
    clientSecret: 'CANARY',
    authority: `${origin}/login`,
  })
  const ill: Plan = {
    files: FILES,
    other: ({ url, body }, nth) => {
      if (url !== '/login/t/oauth2/v2.0/token') return undefined
      if (nth === 1) return { status: 503 }
      if (nth === 2) return { status: 429, headers: { 'retry-after': '1' } }
      const scope = new URLSearchParams(body).get('scope')
      return /^http:\/\/127.0.0.1:\d+\/\.default$/.test(scope ?? '')
        ? { body: '{"access_token":"x"}' }
        : refuse('invalid_scope')
    },
  }
  const server = await startBadServer(t, ill)
  t.equal((await exportTo(server, join(t.testdir(), 'out'), { auth: auth(server.origin) })).isComplete, true)
  const refusing = await startBadServer(t, { files: FILES, other: () => outcome(401, 'login') })
  t.equal(
    await codeOf(exportTo(refusing, join(t.testdir(), 'none'), { auth: auth(refusing.origin) })),
    'AUTH_FAILED',
  )
})
