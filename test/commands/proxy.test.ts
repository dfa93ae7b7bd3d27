import { generateKeyPairSync } from 'node:crypto'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Answer, startBadServer } from '../support/bad-fhir-server.js'
import { lines, patientLine } from '../support/export-run.js'
import { HOSPITAL_TLS, type ProxyPlan, startProxy } from '../support/http-proxy.js'
import { CONFIG, filesIn, writeFiles } from '../support/pipeline-run.js'
import { type Finished, sluice } from '../support/sluice.js'

t.jobs = 2

const CREDENTIALS = 'ward7:CANARY-PASSWORD'
const FHIR = 'https://fhir.hospital.test'

/** Serves one answer over TLS and counts who asked. */
async function serveSecurely(t: Test, body: string) {
  const agents: string[] = []
  const server = createServer(HOSPITAL_TLS, (request, response) => {
    agents.push(request.headers['user-agent'] ?? '')
    request.resume()
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, agents }
}

/** A hospital's network: FHIR server, token endpoint, keys and webhook have names that only the proxy knows. */
async function hospital(t: Test, plan: Partial<ProxyPlan> = {}) {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' })
  const token = (): Answer => ({ body: JSON.stringify({ access_token: 'CANARY-TOKEN', expires_in: 300 }) })
  const server = await startBadServer(t, {
    files: { Patient: [lines(5, patientLine)] },
    tls: HOSPITAL_TLS,
    publicOrigin: FHIR,
    requiresAccessToken: true,
    authorization: () => 'Bearer CANARY-TOKEN',
    token,
    other: ({ url }) =>
      url.endsWith('/smart-configuration')
        ? { body: JSON.stringify({ token_endpoint: 'https://login.hospital.test/token' }) }
        : url.endsWith('/metadata')
          ? { body: JSON.stringify({ resourceType: 'CapabilityStatement' }) }
          : undefined,
  })
  const keys = await serveSecurely(t, JSON.stringify(jwk))
  const hook = await serveSecurely(t, 'ok')
  const serverPort = Number(new URL(server.origin).port)
  const proxy = await startProxy(t, {
    hosts: {
      'fhir.hospital.test': serverPort,
      'login.hospital.test': serverPort,
      'keys.hospital.test': keys.port,
      'hook.hospital.test': hook.port,
    },
    credentials: CREDENTIALS,
    onlySecureTunnels: true,
    ...plan,
  })
  const auth = { type: 'smart', clientId: 'me', keys: { url: 'https://keys.hospital.test/jwks' } }
  const cwd = writeFiles(t.testdir(), {
    'config.json': JSON.stringify(CONFIG),
    'ca.pem': HOSPITAL_TLS.cert,
    'auth.json': JSON.stringify(auth),
    'pipeline.json': JSON.stringify({
      source: { fhir: `${FHIR}/fhir`, auth, pollIntervalSeconds: 1 },
      anonymizer: { config: 'config.json' },
      sink: { store: 'lake' },
      notify: { url: 'https://hook.hospital.test/CANARY-HOOK' },
      limits: { workers: 1 },
    }),
  })
  const agents = (): (string | undefined)[] => [
    ...server.asked.map(({ headers }) => headers['user-agent']),
    ...keys.agents,
    ...hook.agents,
    ...proxy.calls.map(({ headers }) => headers['user-agent']),
  ]
  return { proxy, hook, cwd, agents, env: { NODE_EXTRA_CA_CERTS: join(cwd, 'ca.pem') } }
}

const shown = ({ stdout, stderr }: Finished): string => stdout + stderr

const EXPORT = ['export', '--from', `${FHIR}/fhir`, '--to', 'out', '-c', 'config.json', '--auth', 'auth.json']
const QUICKLY = ['--poll-interval', '1', '--workers', '1']

for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'HTTP_PROXY'])
  t.test(`${name} is honoured by the export, its token and its keys`, async (t) => {
    const { proxy, cwd, env, agents } = await hospital(t)
    const ended = await sluice([...EXPORT, ...QUICKLY, '-v'], {
      cwd,
      env: { ...env, [name]: `http://${CREDENTIALS}@127.0.0.1:${proxy.port}` },
    })
    t.equal(ended.exitCode, 0, shown(ended))
    t.same(
      [...new Set(proxy.calls.map(({ method, target }) => `${method} ${target}`))],
      ['CONNECT keys.hospital.test:443', 'CONNECT fhir.hospital.test:443', 'CONNECT login.hospital.test:443'],
    )
    for (const agent of agents()) t.match(agent, /^fhir-sluice\/\d/)
    const written = [...filesIn(join(cwd, 'out.sluice')).values()].join('')
    t.notMatch(shown(ended) + written, /CANARY-(PASSWORD|TOKEN)/)
  })

t.test('a whole pipeline and its webhook go through the proxy, and so does --check', async (t) => {
  const { proxy, hook, cwd, env, agents } = await hospital(t)
  const through = { ...env, HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${proxy.port}` }
  const check = await sluice(['run', 'pipeline.json', '--check'], { cwd, env: through })
  t.equal(check.exitCode, 0, shown(check))
  const ended = await sluice(['run', 'pipeline.json'], { cwd, env: through })
  t.equal(ended.exitCode, 0, shown(ended))
  t.equal(hook.agents.length, 1)
  for (const agent of agents()) t.match(agent, /^fhir-sluice\/\d/)
})

t.test("this machine's identity is asked for directly, whatever the proxy", async (t) => {
  const { proxy, cwd, env } = await hospital(t)
  const asked: string[] = []
  const identity = createPlainServer((request, response) => {
    asked.push(request.headers['user-agent'] ?? '')
    const expires_on = Math.floor(Date.now() / 1000) + 3600
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ access_token: 'CANARY-TOKEN', expires_on, resource: FHIR, token_type: 'Bearer' }),
    )
  })
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    identity.close()
    identity.closeAllConnections()
  })
  writeFiles(cwd, { 'identity.json': JSON.stringify({ type: 'managed-identity' }) })
  const ended = await sluice([...EXPORT.slice(0, -1), 'identity.json', ...QUICKLY], {
    cwd,
    env: {
      ...env,
      https_proxy: `${CREDENTIALS}@127.0.0.1:${proxy.port}`,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${(identity.address() as AddressInfo).port}/msi/token`,
      IDENTITY_HEADER: 'x',
    },
  })
  t.equal(ended.exitCode, 0, shown(ended))
  t.ok(asked.length > 0)
  for (const agent of asked) t.match(agent, /^fhir-sluice\/\d/)
  t.same([...new Set(proxy.calls.map(({ target }) => target))], ['fhir.hospital.test:443'])
})

interface Wrong {
  readonly plan?: Partial<ProxyPlan>
  readonly env?: (port: number) => Readonly<Record<string, string>>
  readonly exitCode: number
  readonly says: RegExp
}

const WRONG: Readonly<Record<string, Wrong>> = {
  'a password that the proxy refuses': {
    env: (port) => ({ HTTPS_PROXY: `http://ward7:CANARY-WRONG@127.0.0.1:${port}` }),
    exitCode: 2,
    says: /AUTH_FAILED.*the proxy requires a valid name and password/s,
  },
  'a host that the proxy does not allow': {
    plan: { connect: () => 'HTTP/1.1 403 CANARY\r\n\r\n' },
    exitCode: 3,
    says: /the proxy does not connect to it \(403 PROXY_REFUSED\)/,
  },
  'a variable that is no address': {
    env: () => ({ HTTPS_PROXY: 'socks5://CANARY-PROXY:1080' }),
    exitCode: 2,
    says: /HTTPS_PROXY must be the address of an HTTP proxy/,
  },
  'NO_PROXY for a host that has no direct way': {
    env: (port) => ({
      HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${port}`,
      NO_PROXY: 'hospital.test',
    }),
    exitCode: 5,
    says: /ENOTFOUND|EAI_AGAIN/,
  },
  'a proxy that is not there': {
    env: () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' }),
    exitCode: 5,
    says: /PROXY_ECONNREFUSED/,
  },
  'an authority that is not trusted': {
    env: (port) => ({ HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: '' }),
    exitCode: 2,
    says: /NODE_EXTRA_CA_CERTS/,
  },
}

for (const [name, { plan, env: envOf, exitCode, says }] of Object.entries(WRONG))
  t.test(`exit ${exitCode}: ${name}`, async (t) => {
    const { proxy, cwd, env } = await hospital(t, plan)
    const more = envOf?.(proxy.port) ?? { HTTPS_PROXY: `http://${CREDENTIALS}@127.0.0.1:${proxy.port}` }
    writeFiles(cwd, { 'bearer.json': JSON.stringify({ type: 'bearer', token: { env: 'TOKEN' } }) })
    const words = [...EXPORT.slice(0, -1), 'bearer.json', ...QUICKLY]
    const ended = await sluice(words, { cwd, env: { ...env, TOKEN: 'CANARY-TOKEN', ...more } })
    t.equal(ended.exitCode, exitCode, shown(ended))
    t.match(shown(ended), says)
    t.notMatch(shown(ended), /CANARY/)
  })
