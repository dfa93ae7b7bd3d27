import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ErrorCode } from '../../src/errors.js'
import { type Answer, outcome, type Plan, type Script, startBadServer } from '../support/bad-fhir-server.js'
import {
  type ExportOverrides,
  exportTo,
  lines,
  listenToExport,
  observationLine,
  patientLine,
} from '../support/export-run.js'
import { codeOf, filesIn, outputsIn, run, writeFiles } from '../support/pipeline-run.js'

t.jobs = 8

const FILES = { Patient: [lines(60, patientLine)], Observation: [lines(400, observationLine)] }
const HTML: Answer = { headers: { 'content-type': 'text/html' }, body: '<html>CANARY gateway</html>' }
// Else the waits double.
const SOON = { 'retry-after-ms': '50' }

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'Patient.1.ndjson': FILES.Patient[0],
  'Observation.1.ndjson': FILES.Observation[0],
})
await run(input, join(folder, 'expected'))
const expected = outputsIn(join(folder, 'expected'))

/** These answers first, then good ones. */
const first =
  (...answers: readonly Answer[]): Script =>
  (_, nth) =>
    answers[nth - 1]

/** The observations, `times` over, as the good answer changed so. */
const observations =
  (times: number, change: (good: Answer, nth: number) => Answer): Script =>
  ({ url }, nth, good) =>
    url.includes('Observation') && nth <= times ? change(good(), nth) : undefined

/** No more than `bytes` of the part that was asked for. */
function part(good: Answer, bytes: number, isLengthKnown: boolean): Answer {
  const body = good.body ?? ''
  const [, from, total] = /(\d+)-\d+\/(\d+)/.exec(good.headers?.['content-range'] ?? '') ?? []
  if (good.status !== 206 || body.length <= bytes) return good
  const range = `bytes ${from}-${Number(from) + bytes - 1}/${isLengthKnown ? total : '*'}`
  return { ...good, headers: { ...good.headers, 'content-range': range }, body: body.slice(0, bytes) }
}

type Listed = Record<'output', { type: string; url: string; count: number }[]>

interface Survived {
  readonly plan: Partial<Plan>
  readonly options?: ExportOverrides
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

interface Refused extends Survived {
  readonly code: ErrorCode
  /** The server's job is not left behind. */
  readonly isCancelled?: boolean
}

const refused: Readonly<Record<string, Refused>> = {
  'a kick-off that is refused': {
    plan: { kickOff: () => outcome(400, 'not-supported') },
    code: 'EXPORT_REFUSED',
  },
  'a kick-off without rights': { plan: { kickOff: () => outcome(403, 'forbidden') }, code: 'AUTH_FAILED' },
  'an address that is no FHIR server': { plan: { kickOff: () => HTML }, code: 'EXPORT_REFUSED' },
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
  'pages of a gateway for good': { plan: { status: () => HTML }, code: 'EXPORT_INVALID' },
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
    t.notMatch(JSON.stringify([events, message]), /CANARY/)
    t.equal(filesIn(`${output}.sluice`).has('lock'), false)
    if (isCancelled === true) t.equal(server.count('DELETE', /./), 1, 'the job is cancelled')
  })

const unreadable: Readonly<Record<string, Refused>> = {
  'a file that is gone': {
    plan: { file: observations(99, () => outcome(410, 'deleted')) },
    code: 'SOURCE_UNREADABLE',
  },
  'a page of a gateway for good': { plan: { file: observations(99, () => HTML) }, code: 'SOURCE_UNREADABLE' },
  'a file shorter than its size': {
    plan: { manifest: announcing({ fileSize: FILES.Observation[0].length + 1 }) },
    code: 'SOURCE_CORRUPT',
  },
  'a file shorter than its count': {
    plan: {
      files: { ...FILES, Observation: [lines(399, observationLine)] },
      manifest: announcing({ count: 400 }),
    },
    code: 'SOURCE_CORRUPT',
  },
  'a file longer than its count': {
    plan: {
      files: { ...FILES, Observation: [lines(401, observationLine)] },
      manifest: announcing({ count: 400 }),
    },
    code: 'SOURCE_CORRUPT',
  },
  'another type than announced': {
    plan: { files: { ...FILES, Observation: [lines(300, observationLine) + lines(100, patientLine)] } },
    code: 'SOURCE_CORRUPT',
  },
  'a file that changes while its connection is lost': {
    plan: {
      tags: 'none',
      file: observations(2, (good, nth) =>
        nth === 1
          ? { ...good, stallAfter: 30_000 }
          : { ...good, body: String(good.body).replaceAll('weight', 'height') },
      ),
    },
    options: { silenceMs: 400 },
    code: 'SOURCE_CHANGED',
  },
  'a file whose tag changes while its connection is lost': {
    plan: {
      file: observations(2, (good, nth) =>
        nth === 1
          ? { ...good, stallAfter: 30_000 }
          : { status: 200, headers: { etag: '"2"' }, body: good.body },
      ),
    },
    options: { silenceMs: 400 },
    code: 'SOURCE_CHANGED',
  },
  'an encoding nobody asked for': {
    plan: { file: observations(99, (good) => ({ ...good, headers: { 'content-encoding': 'br' } })) },
    code: 'SOURCE_UNREADABLE',
  },
}

function announcing(facts: object): Plan['manifest'] {
  return (manifest) => ({
    ...manifest,
    output: (manifest.output as Listed['output']).map((file) =>
      file.type === 'Observation' ? { ...file, ...facts } : file,
    ),
  })
}

for (const [name, { plan, options, code }] of Object.entries(unreadable))
  t.test(`${name} costs that file (${code}), the rest is delivered, a later run completes it`, async (t) => {
    const server = await startBadServer(t, { files: FILES, ...plan })
    const output = join(t.testdir(), 'out')
    const report = await exportTo(server, output, options)
    t.match(report, { isComplete: false, isReleased: false })
    t.match(report.run.failed, [{ item: 'Observation.1.ndjson', code }])
    t.strictSame([...filesIn(output).keys()], ['Patient.1.ndjson'], 'nothing half-written, and no run.json')
    t.equal(server.count('DELETE', /./), 0, 'the job is kept')
    server.plan = { files: FILES }
    const again = await exportTo(server, output)
    t.match(again, { isComplete: true, isContinued: true, isReleased: true })
    t.equal(server.count('GET', /\$export/), 1, 'it is the same job')
    t.strictSame(outputsIn(output), expected)
  })

t.test('a broken download asks for the rest only, by the version it began with', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    file: observations(1, (good) => ({ ...good, stallAfter: 30_000 })),
  })
  await exportTo(server, join(t.testdir(), 'out'), { silenceMs: 400 })
  const asked = server.asked.filter(({ url }) => url.includes('Observation'))
  t.equal(asked.length, 2)
  t.match(asked[1]?.headers, { range: 'bytes=30000-', 'if-range': /^"/, 'accept-encoding': 'identity' })
})

t.test('a count that is wrong only warns where that is asked for', async (t) => {
  const server = await startBadServer(t, { files: FILES, manifest: announcing({ count: 7 }) })
  const { events, onEvent } = listenToExport()
  const report = await exportTo(server, join(t.testdir(), 'out'), { onEvent, onMismatch: 'warn' })
  t.equal(report.isComplete, true)
  t.match(
    events.filter(({ event }) => event === 'export.mismatch'),
    [{ item: 'Observation.1.ndjson', announced: 7, found: 400 }],
  )
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
  t.equal(await codeOf(exportTo(secure, join(made, 'out'))), 'SOURCE_UNREADABLE')
  t.equal(secure.asked.length, 0, 'nothing was sent')
  const plain = await startBadServer(t, { files: FILES })
  const wrong = { base: plain.base.replace('http:', 'https:') }
  t.equal(await codeOf(exportTo(wrong, join(made, 'out'))), 'SOURCE_UNREADABLE')
})

t.test('nobody there: the service gave up', async (t) => {
  const server = await startBadServer(t, {
    files: FILES,
    kickOff: () => ({ status: 429, headers: { 'retry-after': '7200' } }),
  })
  t.equal(await codeOf(exportTo(server, join(t.testdir(), 'out'))), 'SERVICE_UNAVAILABLE')
})
