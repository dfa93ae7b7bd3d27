// Holds src/server/alt-export/job.ts, src/server/alt-export/job-folder.ts, src/server/alt-export/jobs.ts,
// src/server/alt-export/status-body.ts, src/server/alt-export/service.ts,
// src/server/routes/alt-export.ts, src/server/routes/alt-export-page.ts.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../../fhir-server/server.js'
import { cohortResources } from '../../support/alt-export-run.js'
import { CLIENTS, tokenOf } from '../auth/token-client.js'
import { clientOf } from '../provider.js'
import {
  cohortServer,
  DEFINITION,
  INSTANCES,
  type InstanceStatus,
  post,
  start,
  statusOf,
  until,
} from './cohort-server.js'

t.jobs = 2

/** Makes every search of observations wait for ever. */
const HANG = { on: { path: '^Observation' }, when: 'always', act: { kind: 'hang' } } as const

t.test('a start is answered as Durable Functions does, and the job completes', async (t) => {
  const server = await cohortServer(t)
  const { ask, origin, outputs } = server
  const answer = await post(server, '/$alt-export', DEFINITION)
  t.equal(answer.status, 202)
  const body = (await answer.json()) as Readonly<Record<string, string>>
  const { id = '' } = body
  t.match(id, /^[0-9a-f]{32}$/)
  t.equal(answer.headers.get('location'), body.statusQueryGetUri)
  t.equal(answer.headers.get('retry-after'), '10')
  const instance = `${origin}${INSTANCES}/${id}`
  t.strictSame(body, {
    id,
    statusQueryGetUri: instance,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}`,
    terminatePostUri: `${instance}/terminate?reason={text}`,
    purgeHistoryDeleteUri: instance,
    restartPostUri: `${instance}/restart`,
    suspendPostUri: `${instance}/suspend?reason={text}`,
    resumePostUri: `${instance}/resume?reason={text}`,
  })
  const done = await until(server, id, 'Completed', 'Failed')
  t.match(done, {
    name: 'ExportOrchestrator',
    instanceId: id,
    runtimeStatus: 'Completed',
    input: DEFINITION,
    customStatus: {
      instanceid: id,
      uniqueidstoprocess: 120,
      extractresults: { Patient: 120, Observation: 360 },
    },
    createdTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    lastUpdatedTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  })
  const files = done.output as { type: string; url: string; count: number; sizebytes: number }[]
  for (const { type, url, count, sizebytes } of files) {
    const text = readFileSync(join(outputs, id, url), 'utf8')
    t.equal(text.split('\n').filter(Boolean).length, count, `${url} has its count`)
    t.equal(Buffer.byteLength(text), sizebytes, `${url} has its size`)
    t.match(url, new RegExp(`^${type}-\\d+\\.xndjson$`))
  }
  t.equal(
    files.reduce((sum, { count }) => sum + count, 0),
    480,
  )
  t.ok(existsSync(join(outputs, id, '_completed_run.xjson')))
  t.match(await ask(`${instance}?showInput=false`).then((r) => r.json()), { input: null })
})

t.test('a job that runs is 202 with a place to ask again, whatever its active state', async (t) => {
  const server = await cohortServer(t)
  server.fhir.script(HANG)
  const id = await start(server)
  await until(server, id, 'Running')
  const running = await statusOf(server, id)
  t.equal(running.answer.status, 202)
  t.equal(running.answer.headers.get('retry-after'), '5')
  t.equal(running.answer.headers.get('location'), `${server.origin}${INSTANCES}/${id}`)

  const active = await server.ask(`${server.origin}/$alt-export-status`)
  t.match(await active.json(), [
    { instanceId: id, status: 'Running', input: DEFINITION, elapsedtimeinminutes: Number },
  ])

  t.equal((await post(server, `${INSTANCES}/${id}/suspend?reason=night`)).status, 202)
  const suspended = await statusOf(server, id)
  t.equal(suspended.answer.status, 202)
  t.equal(suspended.body.runtimeStatus, 'Suspended')
  server.fhir.heal()
  t.equal((await post(server, `${INSTANCES}/${id}/resume?reason=day`)).status, 202)
  t.match(await until(server, id, 'Completed', 'Failed'), { runtimeStatus: 'Completed' })
  t.equal((await statusOf(server, id)).answer.status, 200)
  t.equal((await post(server, `${INSTANCES}/${id}/suspend`)).status, 410, 'what is over cannot be suspended')
  t.strictSame(await (await server.ask(`${server.origin}/$alt-export-status`)).json(), [])
})

t.test('a terminated job stops for good', async (t) => {
  const server = await cohortServer(t)
  server.fhir.script(HANG)
  const id = await start(server)
  await until(server, id, 'Running')
  const terminate = `${INSTANCES}/${id}/terminate?reason=enough`
  t.equal((await post(server, terminate)).status, 202)
  const asked = server.fhir.requests.length
  const { answer, body } = await statusOf(server, id)
  t.equal(answer.status, 200)
  t.equal(body.runtimeStatus, 'Terminated')
  t.equal((await post(server, terminate)).status, 410)
  t.equal((await post(server, `${INSTANCES}/${'0'.repeat(32)}/terminate`)).status, 404)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(server.fhir.requests.length, asked, 'nothing is asked any more')
})

t.test('a job is forgotten once it is over, and its files stay', async (t) => {
  const server = await cohortServer(t)
  const { ask, origin, outputs } = server
  server.fhir.script(HANG)
  const id = await start(server)
  const instance = `${origin}${INSTANCES}/${id}`
  t.equal((await ask(instance, { method: 'DELETE' })).status, 412, 'not while it runs')
  await post(server, `${INSTANCES}/${id}/suspend`)
  server.fhir.heal()
  await post(server, `${INSTANCES}/${id}/resume`)
  await until(server, id, 'Completed')
  const purged = await ask(instance, { method: 'DELETE' })
  t.equal(purged.status, 200)
  t.strictSame(await purged.json(), { instancesDeleted: 1 })
  t.equal((await ask(instance, { method: 'DELETE' })).status, 404)
  t.equal((await ask(instance)).status, 404)
  t.ok(readdirSync(join(outputs, id)).some((name) => name.startsWith('Patient-')))
})

t.test('purging by time needs a time and finds what it names', async (t) => {
  const server = await cohortServer(t)
  const { ask, origin } = server
  const purge = (query: string) => ask(`${origin}${INSTANCES}?${query}`, { method: 'DELETE' })
  const id = await start(server)
  await until(server, id, 'Completed')
  t.equal((await purge('')).status, 400)
  t.equal((await purge('createdTimeFrom=yesterday')).status, 400)
  t.equal((await purge('createdTimeFrom=2999-01-01T00:00:00Z')).status, 404)
  t.equal((await purge('createdTimeFrom=2000-01-01T00:00:00Z&runtimeStatus=Failed')).status, 404)
  const purged = await purge('createdTimeFrom=2000-01-01T00:00:00Z&runtimeStatus=Completed')
  t.strictSame(await purged.json(), { instancesDeleted: 1 })
})

t.test('jobs are listed in pages, with filters', async (t) => {
  const server = await cohortServer(t)
  const { ask, origin } = server
  const ids = [await start(server), await start(server)]
  for (const id of ids) await until(server, id, 'Completed')
  const list = async (query: string, headers: Record<string, string> = {}) => {
    const answer = await ask(`${origin}${INSTANCES}?${query}`, { headers })
    t.equal(answer.status, 200, query)
    const rows = (await answer.json()) as readonly InstanceStatus[]
    return {
      ids: rows.map(({ instanceId }) => instanceId),
      next: answer.headers.get('x-ms-continuation-token'),
    }
  }
  t.strictSame((await list('')).ids, ids)
  const first = await list('top=1')
  t.strictSame(first.ids, ids.slice(0, 1))
  const second = await list('top=1', { 'x-ms-continuation-token': first.next ?? '' })
  t.strictSame(second.ids, ids.slice(1))
  t.equal(second.next, null)
  t.strictSame((await list('runtimeStatus=Running,Failed')).ids, [])
  t.strictSame((await list(`instanceIdPrefix=${ids[1]}`)).ids, ids.slice(1))
  t.strictSame((await list('createdTimeFrom=2999-01-01')).ids, [])
  for (const query of ['top=x', 'top=0', 'createdTimeTo=never'])
    t.equal((await ask(`${origin}${INSTANCES}?${query}`)).status, 400, query)
})

t.test('more jobs than may run at once are refused with JSON', async (t) => {
  const server = await cohortServer(t, { settings: { maxActive: 1 } })
  server.fhir.script(HANG)
  await start(server)
  const refused = await post(server, '/$alt-export', DEFINITION)
  t.equal(refused.status, 429)
  t.match(await refused.json(), { error: /limit/ })
  t.ok(Number(refused.headers.get('retry-after')) > 0)
})

t.test('a body that is no definition is refused with what is wrong', async (t) => {
  const server = await cohortServer(t)
  for (const body of ['', '[', '[]', { query: 'Patient' }, { ...DEFINITION, include: [] }]) {
    const answer = await post(server, '/$alt-export', body)
    t.equal(answer.status, 400, JSON.stringify(body))
    t.match(await answer.json(), { error: String })
  }
  t.equal((await post(server, '/$alt-export-all', DEFINITION)).status, 400)
  t.equal((await post(server, '/$alt-export', { _type: 'Patient' })).status, 400)
})

t.test('a search that fails makes the job fail, and a restart completes it', async (t) => {
  const server = await cohortServer(t)
  const { fhir, outputs } = server
  fhir.script({
    on: { path: '^Observation' },
    when: 'always',
    act: { kind: 'outcome', status: 400, diagnostics: 'CANARY-DIAGNOSTICS' },
  })
  const id = await start(server)
  const failed = await until(server, id, 'Completed', 'Failed')
  t.match(failed, { runtimeStatus: 'Failed', output: { error: String, failed: [{ item: /^Observation-/ }] } })
  t.notMatch(JSON.stringify(failed.output), /CANARY/)
  const url = `${server.origin}${INSTANCES}/${id}`
  t.equal((await server.ask(url)).status, 200)
  t.equal((await server.ask(`${url}?returnInternalServerErrorOnFailure=true`)).status, 500)
  fhir.heal()
  const restarted = await post(server, `${INSTANCES}/${id}/restart`)
  t.equal(restarted.status, 202)
  t.match(await restarted.json(), { id })
  t.match(await until(server, id, 'Completed', 'Failed'), { runtimeStatus: 'Completed' })
  t.ok(readdirSync(join(outputs, id)).some((name) => name.startsWith('Observation-')))
  t.equal((await post(server, `${INSTANCES}/${'0'.repeat(32)}/restart`)).status, 404)
})

t.test('all resources of a type, by slices', async (t) => {
  const server = await cohortServer(t)
  const answer = await post(server, '/$alt-export-all', { _type: 'Observation' })
  t.equal(answer.status, 202)
  const { id } = (await answer.json()) as { readonly id: string }
  const done = await until(server, id, 'Completed', 'Failed')
  t.match(done, {
    name: 'ExportAllOrchestrator',
    customStatus: { instanceid: id, exportResourceCount: 360, status: 'Success' },
  })
})

t.test('the manage call terminates only where it is asked to', async (t) => {
  const server = await cohortServer(t)
  const { ask, origin } = server
  server.fhir.script(HANG)
  const id = await start(server)
  const manage = (query: string) => ask(`${origin}/$alt-export-manage/${id}${query}`)
  t.equal((await manage('')).status, 400)
  t.equal((await manage('?action=terminate')).status, 200)
  t.equal((await manage('?action=terminate')).status, 410)
  t.equal((await ask(`${origin}/$alt-export-manage/${'0'.repeat(32)}?action=terminate`)).status, 404)
})

t.test('a dropped definition starts an export once there is room, in order', async (t) => {
  const server = await cohortServer(t, { settings: { maxActive: 1 } })
  const { dropped, fhir, ask, origin } = server
  fhir.script(HANG)
  const first = await start(server)
  writeFileSync(join(dropped, 'cohort.json'), JSON.stringify(DEFINITION))
  writeFileSync(join(dropped, 'broken.json'), '{"query": "Patient"}')
  await until(server, first, 'Running')
  t.strictSame(
    readdirSync(dropped).sort(),
    ['broken.json', 'cohort.json'],
    'they wait while the limit is reached',
  )
  fhir.heal()
  await post(server, `${INSTANCES}/${first}/terminate`)
  const processed = `${dropped}-processed`
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    if (existsSync(join(processed, 'broken.json.err.response'))) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.strictSame(readdirSync(processed).sort(), ['broken.json.err', 'broken.json.err.response', 'cohort.json'])
  t.match(JSON.parse(readFileSync(join(processed, 'broken.json.err.response'), 'utf8')), { error: String })
  const rows = (await (await ask(`${origin}${INSTANCES}`)).json()) as readonly InstanceStatus[]
  const triggered = rows.find(({ instanceId }) => instanceId !== first)?.instanceId ?? ''
  t.match(await until(server, triggered, 'Completed', 'Failed'), {
    runtimeStatus: 'Completed',
    input: DEFINITION,
  })
})

t.test('a restarted server continues its jobs', async (t) => {
  const fhir = await startFhirServer()
  t.teardown(() => fhir.close())
  fhir.seed(cohortResources(120))
  const before = await cohortServer(t, { fhir })
  fhir.script(HANG)
  const id = await start(before)
  await until(before, id, 'Running')
  await before.server.close(100)
  fhir.heal()
  const again = await before.restart()
  t.match(await until(again, id, 'Completed', 'Failed'), { runtimeStatus: 'Completed' })
  const lines = readdirSync(join(before.outputs, id))
    .filter((name) => /^[A-Z].*\.xndjson$/.test(name))
    .flatMap((name) =>
      readFileSync(join(before.outputs, id, name), 'utf8')
        .split('\n')
        .filter(Boolean),
    )
  t.equal(new Set(lines).size, 480)
  t.equal(lines.length, 480, 'nothing is there twice')
})

t.test('finished jobs are forgotten after their time', async (t) => {
  const server = await cohortServer(t, { settings: { expiresMs: 1 } })
  const id = await start(server)
  await until(server, id, 'Completed')
  await server.server.expire()
  t.equal((await server.ask(`${server.origin}${INSTANCES}/${id}`)).status, 404)
})

t.test(
  'a client needs the right to read what a definition names, and sees its own exports only',
  async (t) => {
    const server = await cohortServer(t, { auth: { kind: 'clients', clients: CLIENTS } })
    const as = async (client: string, scope: string) => {
      const token = await tokenOf(server, client, scope)
      return { origin: server.origin, ...clientOf(server.base, { authorization: `Bearer ${token}` }) }
    }
    t.equal((await post(server, '/$alt-export', DEFINITION)).status, 401)
    const some = await as('some', 'system/Patient.read')
    const refused = await post(some, '/$alt-export', DEFINITION)
    t.equal(refused.status, 403)
    t.match(await refused.json(), { error: /Observation/ })
    const beyond = (include: string) =>
      post(some, '/$alt-export', { query: 'Patient', include: [include] }).then(({ status }) => status)
    t.equal(await beyond('Patient?_id=$IDS&_revinclude=Observation:subject'), 403)
    t.equal(await beyond('Patient/$IDS/$everything'), 403)
    t.equal(await beyond('Patient/$IDS/Observation'), 403)
    const all = await as('all', 'system/*.rs')
    const { id } = (await (await post(all, '/$alt-export', DEFINITION)).json()) as { readonly id: string }
    await until(all, id, 'Completed')
    t.equal((await some.ask(`${server.origin}${INSTANCES}/${id}`)).status, 404)
    t.strictSame(await (await some.ask(`${server.origin}${INSTANCES}`)).json(), [])
    t.equal((await some.ask(`${server.origin}${INSTANCES}/${id}`, { method: 'DELETE' })).status, 404)
  },
)

t.test('the routes are below the FHIR base as well', async (t) => {
  const server = await cohortServer(t)
  const { pathname } = new URL(server.base)
  const answer = await post(server, `${pathname}/$alt-export`, DEFINITION)
  t.equal(answer.status, 202)
  const { statusQueryGetUri } = (await answer.json()) as { readonly statusQueryGetUri: string }
  t.ok(statusQueryGetUri.startsWith(`${server.base}${INSTANCES}/`))
  t.ok([200, 202].includes((await server.ask(statusQueryGetUri)).status))
})
