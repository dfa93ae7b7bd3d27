import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Answer, outcome, type Plan, type Script, startBadServer } from '../support/bad-fhir-server.js'
import {
  expectedOutputs,
  FILES,
  HTML,
  type Listed,
  observations,
  type Refused,
  type Survived,
} from '../support/export-faults.js'
import { exportTo, listenToExport } from '../support/export-run.js'
import { codeOf, filesIn, outputsIn } from '../support/pipeline-run.js'
import { virtualClock } from '../support/virtual-clock.js'

t.jobs = 4

// Else the waits double.
const SOON = { 'retry-after-ms': '50' }

const expected = await expectedOutputs(t)

const elsewhere = await startBadServer(t, { files: FILES })

const nextOf = (url: string): object => ({ relation: 'next', url })

/** These answers first, then good ones. */
const first =
  (...answers: readonly Answer[]): Script =>
  (_, nth) =>
    answers[nth - 1]

/** No more than `bytes` of the part that was asked for. */
function part(good: Answer, bytes: number, isLengthKnown: boolean): Answer {
  const body = good.body ?? ''
  const [, from, total] = /(\d+)-\d+\/(\d+)/.exec(good.headers?.['content-range'] ?? '') ?? []
  if (good.status !== 206 || body.length <= bytes) return good
  const range = `bytes ${from}-${Number(from) + bytes - 1}/${isLengthKnown ? total : '*'}`
  return { ...good, headers: { ...good.headers, 'content-range': range }, body: body.slice(0, bytes) }
}

const survived: Readonly<Record<string, Survived>> = {
  'a relative Content-Location': {
    plan: {
      kickOff: (_, __, good) => {
        const location = String(good().headers?.['content-location'])
        return { status: 202, headers: { 'content-location': `..${new URL(location).pathname}` } }
      },
    },
  },
  'a kick-off that meets 429 and 503 first': {
    plan: { kickOff: first({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }) },
  },
  'Retry-After as a date, in the past, missing and junk': {
    plan: {
      status: first(
        { status: 202, headers: { 'retry-after': new Date(Date.now() + 1500).toUTCString() } },
        { status: 202, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } },
        { status: 202 },
        { status: 202, headers: { 'retry-after': 'soon' } },
      ),
    },
  },
  'polls that meet 429, 500, a page of a gateway, a transient issue and a lost connection': {
    plan: {
      status: first(
        { body: '{"output":[]}', cutAfter: 3 },
        HTML,
        { status: 429, headers: { 'retry-after': '1' } },
        { status: 500, headers: SOON },
        { ...HTML, status: 502, headers: { ...HTML.headers, ...SOON } },
        { ...outcome(500, 'transient'), headers: SOON },
      ),
    },
  },
  'a status in X-Export-Status': {
    plan: { status: first({ status: 200, headers: { 'x-export-status': '202 Accepted' } }) },
  },
  'a 404 before all nodes know the job': { plan: { status: first(outcome(404, 'not-found')) } },
  'a job that a restart of the server forgot': {
    plan: { status: first(outcome(404, 'not-found'), outcome(404, 'not-found')) },
  },
  'a manifest with nothing but addresses': {
    plan: {
      manifest: ({ output }) => ({
        output: (output as Listed['output']).map(({ type, url }) => ({ type, url })),
      }),
    },
  },
  'a manifest of version 4': {
    plan: {
      manifest: ({ error, request: _, ...rest }) => ({ ...rest, outcome: error, manifestType: 'complete' }),
    },
  },
  'a manifest in pages': {
    plan: {
      manifest: ({ output, ...rest }, origin) => {
        const [one, two] = output as Listed['output']
        pages[0] = { body: JSON.stringify({ output: [two] }) }
        return { ...rest, output: [one], link: [{ relation: 'next', url: `${origin}/fhir/page2` }] }
      },
      other: ({ url }, nth) =>
        url !== '/fhir/page2'
          ? undefined
          : nth === 1
            ? { status: 202, headers: { 'retry-after': '1' } }
            : pages[0],
    },
  },
  'a download cut in the middle, resumed by range': {
    plan: { file: observations(3, (good) => ({ ...good, cutAfter: 20_000 })) },
  },
  'parts that end before the file does, with and without its length': {
    plan: {
      file: observations(99, (good, nth) =>
        nth === 1 ? { ...good, cutAfter: 20_000 } : part(good, nth % 2 === 0 ? 7000 : 9000, nth % 3 === 0),
      ),
    },
  },
  'a download cut again and again, without ranges': {
    plan: { tags: 'none', file: observations(6, (good, nth) => ({ ...good, cutAfter: 9000 * nth })) },
  },
  'a chunked download cut short': {
    plan: {
      tags: 'none',
      file: observations(3, (good) => ({
        ...good,
        headers: { ...good.headers, 'transfer-encoding': 'chunked' },
        cutAfter: 30_000,
      })),
    },
  },
  'gzip cut short although the connection ends well': {
    plan: {
      gzip: true,
      tags: 'none',
      file: observations(2, (good) => ({ ...good, body: Buffer.from(good.body ?? '').subarray(0, -9) })),
    },
  },
  'gzip cut short, from a server with tags': {
    plan: {
      gzip: true,
      file: observations(2, (good) => ({ ...good, body: Buffer.from(good.body ?? '').subarray(0, -9) })),
    },
  },
  'a download that stalls': {
    plan: { file: observations(2, (good) => ({ ...good, stallAfter: 10_000 })) },
    options: { silenceMs: 400 },
  },
  'a storm of 429 over all downloads': {
    plan: {
      file: (_, nth) => (nth <= 3 ? { status: 429, headers: { 'retry-after': '1' } } : undefined),
    },
  },
  'a page of a gateway instead of a file': { plan: { file: first(HTML, HTML) } },
  'a redirect of the files': {
    plan: {
      file: ({ url }) =>
        url.includes('?') ? undefined : { status: 307, headers: { location: `${url}?signed=1` } },
    },
  },
  'a DELETE that is refused': { plan: { cancel: () => ({ status: 405 }) } },
  'links that expire': {
    plan: {
      manifest: expiring(),
      file: ({ url }, _, good) => (url.endsWith(`?link=${linkNumber}`) ? good() : outcome(403, 'expired')),
    },
  },
}

const pages: Answer[] = []
let linkNumber = 0

/** Each time it is asked for, the manifest has new addresses; only the newest work. */
function expiring(): Plan['manifest'] {
  return (manifest) => {
    linkNumber += 1
    const output = (manifest.output as Listed['output']).map((file) => ({
      ...file,
      url: `${file.url}?link=${linkNumber}`,
    }))
    // The first addresses are dead when they are handed out.
    if (linkNumber === 1) linkNumber = 2
    return { ...manifest, output }
  }
}

for (const [name, { plan, options }] of Object.entries(survived))
  t.test(`survived: ${name}`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const output = join(t.testdir(), 'out')
    const { events, onEvent } = listenToExport()
    const report = await exportTo(server, output, { onEvent, ...options })
    t.same(report.run.failed, [])
    t.strictSame(outputsIn(output), expected)
    t.notMatch(JSON.stringify([events, report]), /CANARY/)
  })

const refused: Readonly<Record<string, Refused>> = {
  'a kick-off that is refused': {
    plan: { kickOff: () => outcome(400, 'not-supported') },
    code: 'EXPORT_REFUSED',
  },
  'a kick-off without rights': { plan: { kickOff: () => outcome(403, 'forbidden') }, code: 'AUTH_FAILED' },
  'an address that is no FHIR server': { plan: { kickOff: () => HTML }, code: 'SERVICE_UNAVAILABLE' },
  'a missing Content-Location': { plan: { kickOff: () => ({ status: 202 }) }, code: 'EXPORT_INVALID' },
  'a Content-Location of another kind': {
    plan: { kickOff: () => ({ status: 202, headers: { 'content-location': 'file:///etc/passwd' } }) },
    code: 'EXPORT_INVALID',
  },
  'a job that failed': {
    plan: { status: () => outcome(400, 'processing') },
    code: 'EXPORT_FAILED',
    isCancelled: true,
  },
  'a job that failed with 500 for good': {
    plan: { status: () => outcome(500, 'exception') },
    code: 'EXPORT_FAILED',
  },
  '200 with an error': { plan: { status: () => outcome(200, 'exception') }, code: 'EXPORT_FAILED' },
  'pages of a gateway for good': { plan: { status: () => HTML }, code: 'SERVICE_UNAVAILABLE' },
  '200 with something else': {
    plan: { status: () => ({ body: '{"resourceType":"Bundle"}' }) },
    code: 'EXPORT_INVALID',
  },
  '202 for ever': {
    plan: { status: () => ({ status: 202, headers: { 'retry-after': '1' } }) },
    options: { pollLimitMs: 2500 },
    code: 'EXPORT_OVERDUE',
  },
  'a job forgotten twice': { plan: { status: () => outcome(404, 'not-found') }, code: 'EXPORT_FAILED' },
  'a manifest whose types are paths': {
    plan: {
      manifest: ({ output }) => ({
        output: (output as object[]).map((file) => ({ ...file, type: '../../x' })),
      }),
    },
    code: 'EXPORT_INVALID',
  },
  'a manifest whose files are on the disk': {
    plan: { manifest: () => ({ output: [{ type: 'Patient', url: 'file:///etc/passwd' }] }) },
    code: 'EXPORT_INVALID',
    isCancelled: true,
  },
  'a manifest whose list is none': {
    plan: { manifest: () => ({ output: { url: 'x' } }) },
    code: 'EXPORT_INVALID',
  },
  'a redirect that would carry the request to another origin': {
    plan: {
      kickOff: () => ({ status: 307, headers: { location: `${elsewhere.base}/$export` } }),
    },
    options: { request: { level: 'patient', parameters: [['patient', 'CANARY']] } },
    code: 'EXPORT_INVALID',
  },
  'a manifest whose next page is itself': {
    plan: { manifest: (manifest, origin) => ({ ...manifest, link: [nextOf(`${origin}/status/1`)] }) },
    code: 'EXPORT_INVALID',
  },
  'a manifest whose next page is not there': {
    plan: { manifest: (manifest, origin) => ({ ...manifest, link: [nextOf(`${origin}/status/9`)] }) },
    code: 'EXPORT_INVALID',
  },
  'a progress text without end': {
    plan: { status: () => ({ status: 202, body: Buffer.alloc(2 ** 20 + 1, 0x20) }) },
    code: 'EXPORT_INVALID',
  },
  'a server that asks to come back after the limit': {
    plan: { status: () => ({ status: 503, headers: { 'retry-after': '7200' } }) },
    options: { pollLimitMs: 2500 },
    code: 'EXPORT_OVERDUE',
  },
  'issues that are none, and codes that are names': {
    plan: {
      kickOff: () => ({
        status: 400,
        body: JSON.stringify({
          resourceType: 'OperationOutcome',
          issue: [null, 7, { severity: 'error', code: 'canary-john' }],
        }),
      }),
    },
    code: 'EXPORT_REFUSED',
  },
  'endless redirects': {
    plan: { kickOff: ({ url }) => ({ status: 302, headers: { location: url } }) },
    code: 'EXPORT_INVALID',
  },
}

for (const [name, { plan, options, code, isCancelled }] of Object.entries(refused))
  t.test(`refused: ${name} is ${code}`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const output = join(t.testdir(), 'out')
    const { events, onEvent } = listenToExport()
    let message = ''
    const failing = exportTo(server, output, { onEvent, ...options }).catch((error: Error) => {
      message = error.message
      throw error
    })
    t.equal(await codeOf(failing), code)
    t.same([...filesIn(output).keys()], [], 'no output')
    t.notMatch(JSON.stringify([events, message]), /CANARY/i)
    t.equal(filesIn(`${output}.sluice`).has('lock'), false)
    if (isCancelled === true) t.equal(server.count('DELETE', /./), 1, 'the job is cancelled')
  })

t.test('an encrypted server of unknown authority is refused, and one that speaks no TLS', async (t) => {
  const made = t.testdir()
  const { status } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=127.0.0.1', '-days', '2'],
    ...['-keyout', join(made, 'key.pem'), '-out', join(made, 'cert.pem')],
  ])
  if (status !== 0) {
    t.comment('skipped: openssl is not there')
    return
  }
  const tls = {
    key: readFileSync(join(made, 'key.pem'), 'utf8'),
    cert: readFileSync(join(made, 'cert.pem'), 'utf8'),
  }
  const secure = await startBadServer(t, { files: FILES, tls })
  t.equal(await codeOf(exportTo(secure, join(made, 'out'))), 'CONNECTION_UNTRUSTED')
  t.equal(secure.asked.length, 0, 'nothing was sent')
  const plain = await startBadServer(t, { files: FILES })
  const wrong = { base: plain.base.replace('http:', 'https:') }
  t.equal(await codeOf(exportTo(wrong, join(made, 'out'))), 'CONNECTION_UNTRUSTED')
})

t.test('a body does not follow to another origin', async (t) => {
  t.same(elsewhere.asked, [])
})

t.test('nobody there: the service gave up', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    kickOff: () => ({ status: 429, headers: { 'retry-after': '7200' } }),
  })
  const clock = virtualClock()
  t.equal(await codeOf(exportTo(server, join(t.testdir(), 'out'), { clock })), 'SERVICE_UNAVAILABLE')
  t.ok(clock.nowMs() > 50 * 60_000 && clock.nowMs() <= 60 * 60_000, `after ${clock.nowMs()} ms`)
})
