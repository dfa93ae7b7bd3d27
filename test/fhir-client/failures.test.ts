import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isWebPage } from '../../src/fhir-client/failures.js'
import {
  type Answer,
  type BadServer,
  type Plan,
  type Script,
  startBadServer,
} from '../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../support/export-run.js'
import { codeOf, filesIn } from '../support/pipeline-run.js'
import { virtualClock } from '../support/virtual-clock.js'

t.jobs = 4

const FILES = { Patient: [lines(5, patientLine)] }
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const AUTH = {
  type: 'smart',
  clientId: 'me',
  keys: { keys: [privateKey.export({ format: 'jwk' })] },
} as const
const NO_PRIMITIVE = { toString: 1, valueOf: 2 }

const granted: Answer = { body: JSON.stringify({ access_token: 'token', expires_in: 300 }) }

/** A good server, of which one call is scripted. */
function planFor(call: string, script: Script): Plan {
  const other: Script = ({ url }, nth, good) => {
    if (url.endsWith('/smart-configuration'))
      return call === 'configuration'
        ? (script({ url } as never, nth, good) ?? configuration())
        : configuration()
    return undefined
  }
  const token: Script = (asked, nth, good) =>
    (call === 'token' ? script(asked, nth, good) : undefined) ?? granted
  const scripts: Record<string, Partial<Plan>> = {
    'kick-off': { kickOff: script },
    poll: { status: script },
    file: { file: script },
  }
  return { files: FILES, pollsBefore: 0, other, token, ...scripts[call] }
}

const configuration = (): Answer => ({ body: JSON.stringify({ token_endpoint: '/token' }) })

/** Successes that are not what was asked for. */
const BODIES: Readonly<Record<string, string>> = {
  nothing: '',
  'white space': ' \r\n ',
  'a page without a type': '<!DOCTYPE html><title>CANARY</title>',
  'a page after a byte-order mark and a declaration':
    '\ufeff<?xml version="1.0"?>\n<html><body>CANARY</body></html>',
  'a list': '[]',
  null: 'null',
  'a text': '"CANARY"',
  'a note of a gateway': '{"message":"CANARY"}',
  'an error of a gateway': '{"error":null}',
  'a nest too deep to be written': `{"a":${'['.repeat(25_000)}${']'.repeat(25_000)}}`,
  'objects that have no text': JSON.stringify({ message: NO_PRIMITIVE, url: NO_PRIMITIVE }),
}

/** Needs no workers. */
const RAW = { plan: undefined }

const exported = (t: Test, server: BadServer, more: object = {}) =>
  exportTo(server, join(t.testdir(), 'out'), {
    clock: virtualClock(),
    auth: { ...AUTH, tokenUrl: undefined },
    ...more,
  })

for (const call of ['kick-off', 'poll', 'token'])
  for (const [name, body] of Object.entries(BODIES)) {
    t.test(`${call}: 200 with ${name}, twice, and the export is whole`, async (t) => {
      const server = await startBadServer(
        t,
        planFor(call, (_, nth) => (nth <= 2 ? { status: 200, body } : undefined)),
      )
      t.match(await exported(t, server, RAW), { isComplete: true, isEmpty: false })
    })
    t.test(`${call}: 200 with ${name}, for good, is SERVICE_UNAVAILABLE`, async (t) => {
      const server = await startBadServer(
        t,
        planFor(call, () => ({ status: 200, body })),
      )
      t.equal(await codeOf(exported(t, server, RAW)), 'SERVICE_UNAVAILABLE')
      t.notOk(
        server.asked.some(({ method }) => method === 'DELETE'),
        'a job that may be alive is not cancelled',
      )
    })
  }

for (const [name, body] of Object.entries(BODIES))
  t.test(`configuration: 200 with ${name}, for good, needs tokenUrl`, async (t) => {
    const server = await startBadServer(
      t,
      planFor('configuration', () => ({ status: 200, body })),
    )
    const code = await codeOf(exported(t, server, RAW))
    t.ok(code === 'AUTH_FAILED' || code === 'SERVICE_UNAVAILABLE', String(code))
  })

for (const name of ['a page without a type', 'a page after a byte-order mark and a declaration'])
  t.test(`file: ${name} is not taken for lines`, async (t) => {
    const page = {
      status: 200,
      body: BODIES[name],
      headers: { 'content-type': 'application/fhir+ndjson', etag: '"page"' },
    }
    const brief = await startBadServer(
      t,
      planFor('file', (_, nth) => (nth <= 2 ? page : undefined)),
    )
    t.match(await exported(t, brief), { isComplete: true, run: { lines: { delivered: 5, quarantined: 0 } } })
    const lasting = await startBadServer(
      t,
      planFor('file', () => page),
    )
    const report = await exported(t, lasting)
    t.match(report.run.failed, [{ code: 'SOURCE_UNREADABLE' }])
  })

for (const tags of ['strong', 'none'] as const)
  t.test(
    `file: a whole file that is called a part is read from its first byte (etag: ${tags})`,
    async (t) => {
      const asPart: Script = (_, __, good) => {
        const whole = good()
        const bytes = Buffer.byteLength(whole.body ?? '')
        const range = { 'content-range': `bytes 0-${bytes - 1}/${bytes}` }
        return { ...whole, status: 206, headers: { ...whole.headers, ...range } }
      }
      const server = await startBadServer(t, { ...planFor('file', asPart), tags })
      t.match(await exported(t, server), {
        isComplete: true,
        run: { lines: { delivered: 5, quarantined: 0 } },
      })
    },
  )

t.test('file: 416 to a request for the whole file is not taken for lines', async (t) => {
  const body = '{"resourceType":"Patient","id":"CANARY"}\n'
  const server = await startBadServer(
    t,
    planFor('file', () => ({ status: 416, body })),
  )
  const report = await exported(t, server)
  t.match(report.run.failed, [{ code: 'SOURCE_UNREADABLE', message: /416/ }])
})

for (const [name, change] of Object.entries({
  'requiresAccessToken that has no text': { requiresAccessToken: NO_PRIMITIVE },
  'a type that has no text': { output: [{ type: NO_PRIMITIVE, url: 'x' }] },
  'an address that has no text': { output: [{ type: 'Patient', url: NO_PRIMITIVE }] },
}))
  t.test(`a manifest with ${name} is no bug`, async (t) => {
    const server = await startBadServer(t, {
      ...planFor('', () => undefined),
      manifest: (manifest) => ({ ...manifest, ...change }),
    })
    const code = await codeOf(exported(t, server))
    t.ok(code === undefined || code === 'EXPORT_INVALID', String(code))
  })

t.test('a lifetime and a CapabilityStatement without texts are no bug', async (t) => {
  const statement = { rest: [{ security: { extension: [{ url: NO_PRIMITIVE }] } }] }
  const server = await startBadServer(t, {
    files: FILES,
    other: ({ url }) => (url.endsWith('/metadata') ? { body: JSON.stringify(statement) } : undefined),
    token: () => ({ body: JSON.stringify({ access_token: 'token', expires_in: NO_PRIMITIVE }) }),
  })
  t.equal(await codeOf(exported(t, server)), 'AUTH_FAILED')
  const auth = { ...AUTH, tokenUrl: `${server.origin}/token` }
  t.match(await exported(t, server, { auth }), { isComplete: true })
})

t.test('a refusal that is nested too deeply is kept as text', async (t) => {
  const body = String(BODIES['a nest too deep to be written'])
  const server = await startBadServer(
    t,
    planFor('kick-off', () => ({ status: 400, body })),
  )
  const folder = t.testdir()
  t.equal(await codeOf(exportTo(server, join(folder, 'out'), { auth: { type: 'none' } })), 'EXPORT_REFUSED')
  const kept = filesIn(join(folder, 'out.sluice')).get('export/answers.ndjson')
  t.equal((JSON.parse(String(kept)) as { body: unknown }).body, body)
})

t.test('a file of no bytes that is called gzip is an empty file', async (t) => {
  const server = await startBadServer(t, {
    ...planFor('file', () => ({ status: 200, body: '', headers: { 'content-encoding': 'gzip' } })),
    manifest: ({ output, ...manifest }) => ({
      ...manifest,
      output: (output as { type: string; url: string }[]).map(({ type, url }) => ({ type, url })),
    }),
  })
  t.match(await exported(t, server), { isComplete: true, isEmpty: true })
})

t.test('what is a page, and what is not', async (t) => {
  for (const text of ['<html>', ' <HTML lang="de">', '<!doctype html>', '<head>', '\n<body class="x">'])
    t.ok(isWebPage(text), text)
  for (const text of [
    '',
    '{"text":"<html>"}',
    '<OperationOutcome/>',
    '<htmlx>',
    'html',
    '<',
    ' '.repeat(5000),
  ])
    t.notOk(isWebPage(text), text)
})
