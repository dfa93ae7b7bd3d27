import { join } from 'node:path'
import t from 'tap'
import { type Answer, outcome, type Plan, startBadServer } from '../support/bad-fhir-server.js'
import { exportTo, lines, listenToExport, observationLine, patientLine } from '../support/export-run.js'
import { filesIn } from '../support/pipeline-run.js'
import { virtualClock } from '../support/virtual-clock.js'

t.jobs = 3

const FILES = { Patient: [lines(5, patientLine)], Observation: [lines(5, observationLine)] }
const AUTH = { type: 'client-credentials', clientId: 'me', clientSecret: 'secret' } as const
const granted: Answer = { body: JSON.stringify({ access_token: 'CANARY-TOKEN', expires_in: 300 }) }
const refusedToken: Answer = {
  status: 400,
  body: JSON.stringify({ error: 'invalid_scope', error_description: 'CANARY-DIAGNOSTICS' }),
}
const page: Answer = {
  status: 404,
  headers: { 'content-type': 'text/html' },
  body: '<html>CANARY-DIAGNOSTICS</html>',
}

interface Case {
  readonly plan: Partial<Plan>
  readonly call: string
  readonly status: number
  /** By severity and code, as events show it. */
  readonly issues?: object
}

const CASES: Readonly<Record<string, Case>> = {
  'a kick-off that is refused': {
    plan: { kickOff: () => outcome(400, 'not-supported') },
    call: 'kick-off',
    status: 400,
    issues: { 'error/not-supported': 1 },
  },
  'a kick-off without rights': {
    plan: { kickOff: () => outcome(403, 'forbidden') },
    call: 'kick-off',
    status: 403,
    issues: { 'error/forbidden': 1 },
  },
  'a kick-off that fails for good': {
    plan: { kickOff: () => outcome(500, 'exception', 'fatal') },
    call: 'kick-off',
    status: 500,
    issues: { 'fatal/exception': 1 },
  },
  'a kick-off that nobody knows': { plan: { kickOff: () => page }, call: 'kick-off', status: 404 },
  'a job that failed': {
    plan: { status: () => outcome(400, 'processing') },
    call: 'poll',
    status: 400,
    issues: { 'error/processing': 1 },
  },
  'a job that failed with 200': {
    plan: { status: () => outcome(200, 'exception') },
    call: 'poll',
    status: 200,
    issues: { 'error/exception': 1 },
  },
  'a file that is gone': {
    plan: { file: ({ url }) => (url.includes('Observation') ? outcome(410, 'deleted') : undefined) },
    call: 'file',
    status: 410,
    issues: { 'error/deleted': 1 },
  },
  'files that are all gone': { plan: { file: () => page }, call: 'file', status: 404 },
  'a token that is refused': { plan: { token: () => refusedToken }, call: 'token', status: 400 },
}

for (const [name, { plan, call, status, issues }] of Object.entries(CASES))
  t.test(`what the server says of ${name} is kept, and shown by its code`, async (t) => {
    const server = await startBadServer(t, { files: FILES, token: () => granted, ...plan })
    const output = join(t.testdir(), 'out')
    const { events, onEvent } = listenToExport()
    const auth = { ...AUTH, tokenUrl: `${server.origin}/token` }
    const message = await exportTo(server, output, { onEvent, auth, clock: virtualClock() }).then(
      ({ run }) => run.failed.map(({ message }) => message).join(),
      (error: Error) => error.message,
    )
    const place = `${output}.sluice/export/answers.ndjson`
    // A service that fails for good is given up on by the retry, which knows no answer.
    if (status !== 500) t.ok(message.includes(place), `${message} names ${place}`)
    const kept = filesIn(`${output}.sluice`).get('export/answers.ndjson')?.toString() ?? ''
    const [answer] = kept.trim().split('\n')
    t.match(JSON.parse(answer ?? ''), { call, status })
    t.match(kept, /CANARY-DIAGNOSTICS/)
    t.match(
      events.find(({ event }) => event === 'export.answered'),
      { call, status, kept: place, ...(issues === undefined ? {} : { issues }) },
    )
    t.notMatch(JSON.stringify(events) + message, /CANARY/)
    t.notMatch(kept, /CANARY-TOKEN/)
  })

t.test('many answers side by side are kept up to a limit', async (t) => {
  const many = Array.from({ length: 80 }, (_, number) => lines(1, patientLine, number))
  const server = await startBadServer(t, { files: { Patient: many }, file: () => outcome(404, 'not-found') })
  const output = join(t.testdir(), 'out')
  await exportTo(server, output, { clock: virtualClock(), downloads: 16 })
  const kept = filesIn(`${output}.sluice`).get('export/answers.ndjson')?.toString() ?? ''
  t.equal(kept.trim().split('\n').length, 50)
})
