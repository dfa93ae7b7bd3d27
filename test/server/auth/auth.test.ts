// Holds src/server/auth/scopes.ts, src/server/auth/guard.ts, src/server/auth/access-token.ts,
// src/server/auth/token-endpoint.ts.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import t from 'tap'
import { grantedScopes, typeOfScope, typesOfScopes } from '../../../src/server/auth/scopes.js'
import { firstOf } from '../../support/elements.js'
import { clientOf, outcomeText, provide } from '../provider.js'
import {
  type Assertion,
  assertion,
  formOf,
  OTHER,
  protectedProvider,
  RS,
  requestToken,
  tokenOf,
} from './token-client.js'

t.test('a client with a signed assertion gets a token, and with it an export', async (t) => {
  const provider = await protectedProvider(t)
  for (const [alg, scope] of [
    ['RS384', 'system/*.rs'],
    ['ES384', 'system/*.read'],
    ['ES384', 'system/Patient.rs system/Observation.read'],
  ] as const) {
    const response = await requestToken(provider, formOf(await assertion(provider, 'all', { alg }), scope))
    t.equal(response.status, 200, scope)
    t.equal(response.headers.get('cache-control'), 'no-store')
    const body = (await response.json()) as Record<string, unknown>
    t.equal(body.token_type, 'bearer')
    t.equal(body.expires_in, 300)
    t.equal(body.scope, scope)
    const client = clientOf(provider.base, { authorization: `Bearer ${body.access_token}` })
    const { manifest, resources } = await client.export('/$export?_type=Patient')
    t.equal(manifest.requiresAccessToken, true)
    t.equal(resources.length, 4)
  }
})

t.test(
  'without a token, or with a bad one, everything but discovery is 401 with an OperationOutcome',
  async (t) => {
    const provider = await protectedProvider(t)
    const owner = clientOf(provider.base, {
      authorization: `Bearer ${await tokenOf(provider, 'all', 'system/*.rs')}`,
    })
    const { statusUrl, manifest } = await owner.export('/$export?_type=Patient')
    const expired = await new SignJWT({ scope: 'system/*.rs', client_id: 'all' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(provider.base)
      .setAudience(provider.base)
      .setExpirationTime('1 hour')
      .sign(new Uint8Array(32))
    for (const authorization of ['', 'Bearer', 'Bearer x', 'Basic YTpi', `Bearer ${expired}`, 'Bearer a.b.c'])
      for (const [method, path] of [
        ['GET', '/$export'],
        ['POST', '/Patient/$export'],
        ['GET', '/Group/g1/$export'],
        ['GET', statusUrl],
        ['DELETE', statusUrl],
        ['GET', firstOf(manifest.output).url],
      ] as const) {
        const headers = { prefer: 'respond-async', ...(authorization === '' ? {} : { authorization }) }
        const response = await provider.ask(path, { method, headers })
        t.equal(response.status, 401, `${authorization} ${method} ${path}`)
        t.match(response.headers.get('www-authenticate'), /^Bearer/)
        await outcomeText(response)
      }
    for (const path of ['/metadata', '/.well-known/smart-configuration'])
      t.equal((await provider.ask(path)).status, 200, path)
  },
)

t.test('a token reads the types of its scopes only', async (t) => {
  const provider = await protectedProvider(t)
  const part = clientOf(provider.base, {
    authorization: `Bearer ${await tokenOf(provider, 'some', 'system/Patient.read system/Group.read')}`,
  })
  t.equal((await part.kickOff('/$export?_type=Observation')).status, 403)
  t.equal((await part.kickOff('/$export?_type=Patient,Observation')).status, 403)
  const { resources } = await part.export('/$export')
  t.same(resources, [
    'Group/empty',
    'Group/g1',
    'Group/g2',
    'Patient/p1',
    'Patient/p2',
    'Patient/p3',
    'Patient/p4',
  ])
  const patientOnly = clientOf(provider.base, {
    authorization: `Bearer ${await tokenOf(provider, 'some', 'system/Patient.read')}`,
  })
  t.equal(
    (await patientOnly.kickOff('/Group/g1/$export')).status,
    403,
    'a Group export needs Group and Patient',
  )
  t.equal((await patientOnly.export('/Patient/$export')).resources.length, 4)
  // The same client, another token: the file's type counts.
  const { manifest } = await part.export('/$export?_type=Group')
  t.equal((await patientOnly.ask(firstOf(manifest.output).url)).status, 403)
})

t.test('the exports of one client do not exist for another', async (t) => {
  const provider = await protectedProvider(t)
  const one = clientOf(provider.base, {
    authorization: `Bearer ${await tokenOf(provider, 'all', 'system/*.rs')}`,
  })
  const two = clientOf(provider.base, {
    authorization: `Bearer ${await tokenOf(provider, 'some', 'system/Patient.read')}`,
  })
  const { statusUrl, manifest } = await one.export('/$export?_type=Patient')
  for (const path of [statusUrl, firstOf(manifest.output).url]) t.equal((await two.ask(path)).status, 404)
  t.equal((await two.ask(statusUrl, { method: 'DELETE' })).status, 404)
  t.equal((await one.ask(statusUrl)).status, 200, 'it is still there')
})

t.test('the token endpoint refuses what is wrong by OAuth error', async (t) => {
  const provider = await protectedProvider(t)
  const good = () => assertion(provider, 'all')
  const bad = (options: Assertion) => assertion(provider, 'all', options)
  const used = await good()
  t.equal((await requestToken(provider, formOf(used))).status, 200)
  const rows: readonly (readonly [string, Record<string, string>, string])[] = [
    ['another grant', { ...formOf(await good()), grant_type: 'password' }, 'unsupported_grant_type'],
    ['no grant', { ...formOf(await good()), grant_type: '' }, 'unsupported_grant_type'],
    ['another assertion type', { ...formOf(await good()), client_assertion_type: 'x' }, 'invalid_request'],
    ['no assertion', { ...formOf(''), client_assertion: '' }, 'invalid_request'],
    ['no JWT', formOf('x'), 'invalid_request'],
    ['an unknown client', formOf(await assertion(provider, 'nobody')), 'invalid_client'],
    ['another key', formOf(await bad({ key: OTHER })), 'invalid_client'],
    ['another audience', formOf(await bad({ claims: { aud: provider.base } })), 'invalid_client'],
    ['another subject', formOf(await bad({ claims: { sub: 'some' } })), 'invalid_client'],
    ['an expired one', formOf(await bad({ lifetime: '-1m' })), 'invalid_client'],
    ['one that lives too long', formOf(await bad({ lifetime: '10m' })), 'invalid_client'],
    ['no jti', formOf(await bad({ claims: { jti: undefined } })), 'invalid_client'],
    ['an empty jti', formOf(await bad({ claims: { jti: '' } })), 'invalid_client'],
    ['one that was used', formOf(used), 'invalid_client'],
    [
      'a jku that is not registered',
      formOf(await bad({ header: { jku: 'https://example.org/jwks' } })),
      'invalid_client',
    ],
    ['no scope', formOf(await good(), ''), 'invalid_scope'],
    ['another context', formOf(await good(), 'user/*.read patient/*.rs'), 'invalid_scope'],
    ['a scope that writes', formOf(await good(), 'system/*.write'), 'invalid_scope'],
    ['one that writes too', formOf(await good(), 'system/Patient.cruds system/Patient.*'), 'invalid_scope'],
    ['an unknown type', formOf(await good(), 'system/Nonsense.read'), 'invalid_scope'],
    [
      'a scope that is not registered',
      formOf(await assertion(provider, 'some'), 'system/Observation.read'),
      'invalid_scope',
    ],
  ]
  for (const [name, form, error] of rows) {
    const response = await requestToken(provider, form)
    t.ok(response.status === 400 || response.status === 401, name)
    t.equal(((await response.json()) as { error: string }).error, error, name)
  }
  const json = await requestToken(provider, formOf(await good()), { 'content-type': 'application/json' })
  t.equal(json.status, 400)
  t.equal((await provider.ask('/auth/token')).status, 404, 'only by POST')
  t.notMatch(JSON.stringify(provider.events), used, 'no assertion in the events')
})

t.test('an issuer’s tokens are taken by its keys, from an address, for this audience only', async (t) => {
  const keys = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [RS.jwk] })),
  )
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
  t.teardown(() => keys.close())
  const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`
  const issuer = 'https://login.example.org/tenant'
  const provider = await provide(t, {
    auth: { kind: 'issuer', issuer, audience: 'api://sluice', keys: { url } },
    tokenUrl: `${issuer}/token`,
  })
  const token = (claims: Readonly<Record<string, unknown>>, key = RS, alg = 'RS384') =>
    new SignJWT({ iss: issuer, aud: 'api://sluice', sub: 'app', scope: 'system/*.read', ...claims })
      .setProtectedHeader({ alg, kid: key.jwk.kid })
      .setExpirationTime('5m')
      .sign(key.privateKey)
  const status = async (bearer: string) =>
    (await provider.kickOff('/$export', { headers: { authorization: `Bearer ${bearer}` } })).status
  t.equal(await status(await token({})), 202)
  t.equal(await status(await token({ scope: undefined, scp: ['system/Patient.rs'], azp: 'x' })), 202)
  t.equal(await status(await token({ scope: undefined, roles: ['system/*.read'] })), 202)
  t.equal(await status(await token({ aud: 'api://other' })), 401)
  t.equal(await status(await token({ iss: 'https://evil.example.org' })), 401)
  t.equal(await status(await token({}, OTHER, 'ES384')), 401)
  t.equal(await status(await token({ scope: 'patient/*.read user/*.rs system/*.write' })), 403)
  t.equal(await status(await token({ sub: undefined })), 401, 'nobody')
  const discovery = (await (await provider.ask('/.well-known/smart-configuration')).json()) as Record<
    string,
    unknown
  >
  t.equal(discovery.token_endpoint, `${issuer}/token`)
})

t.test(
  'discovery names the token endpoint and what it takes; the CapabilityStatement has the operations',
  async (t) => {
    const provider = await protectedProvider(t)
    const smart = (await (await provider.ask('/.well-known/smart-configuration')).json()) as Record<
      string,
      unknown
    >
    t.equal(smart.token_endpoint, `${provider.base}/auth/token`)
    t.same(smart.token_endpoint_auth_methods_supported, ['private_key_jwt'])
    t.same(smart.token_endpoint_auth_signing_alg_values_supported, ['RS384', 'ES384'])
    t.same(smart.grant_types_supported, ['client_credentials'])
    t.ok((smart.capabilities as string[]).includes('client-confidential-asymmetric'))
    const response = await provider.ask('/metadata')
    t.match(response.headers.get('content-type'), 'application/fhir+json')
    const statement = (await response.json()) as Statement
    t.equal(statement.resourceType, 'CapabilityStatement')
    t.equal(statement.fhirVersion, '4.0.1')
    t.same(statement.instantiates, ['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'])
    const rest = firstOf(statement.rest)
    const operationsOf = (type: string) => rest.resource.find((each) => each.type === type)?.operation
    for (const [operations, name] of [
      [rest.operation, 'export'],
      [operationsOf('Patient'), 'patient-export'],
      [operationsOf('Group'), 'group-export'],
    ] as const)
      t.same(operations, [
        { name: 'export', definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${name}` },
      ])
    t.match(JSON.stringify(rest.security), `${provider.base}/auth/token`)
    const open = await provide(t)
    t.equal(
      (await open.ask('/.well-known/smart-configuration')).status,
      404,
      'nothing to discover without authorization',
    )
  },
)

interface Statement {
  readonly resourceType: string
  readonly fhirVersion: string
  readonly instantiates: readonly string[]
  readonly rest: readonly {
    readonly security: object
    readonly operation: readonly object[]
    readonly resource: readonly { readonly type: string; readonly operation?: readonly object[] }[]
  }[]
}

t.test('scopes are read as SMART writes them', async (t) => {
  for (const [scope, type] of [
    ['system/*.read', '*'],
    ['system/*.rs', '*'],
    ['system/*.*', '*'],
    ['system/Patient.cruds', 'Patient'],
    ['system/Patient.r', undefined],
    ['system/Patient.s', undefined],
    ['system/Patient.', undefined],
    ['system/Patient.write', undefined],
    ['system/patient.read', undefined],
    ['user/*.read', undefined],
    ['system/*.readx', undefined],
    ['system/Patient.rs?code=x', undefined],
  ] as const)
    t.equal(typeOfScope(scope), type, scope)
  t.equal(typesOfScopes('openid system/*.read'), undefined)
  t.same(typesOfScopes('openid system/Patient.read'), ['Patient'])
  t.same(
    grantedScopes('system/Patient.read system/X.read', 'system/*.read', (type) => type === 'Patient'),
    ['system/Patient.read'],
  )
  t.same(
    grantedScopes('system/*.rs '.repeat(5000), 'system/*.read', () => true),
    ['system/*.rs'],
    'once, however often it is asked for',
  )
})
