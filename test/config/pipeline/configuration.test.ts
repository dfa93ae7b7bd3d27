// Holds src/config/pipeline/schema.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkPipelineConfig, readPipelineConfig } from '../../../src/config/pipeline/configuration.js'
import { isSluiceError, type Problem } from '../../../src/errors.js'
import { scheduleProblems } from '../../../src/runs/cron.js'
import { projectRoot } from '../../support/shared.js'

const LEAST = { source: { store: 'in' }, anonymizer: { config: 'c.json' }, sink: { store: 'lake' } }

t.test('the least pipeline has the defaults of the timed pipeline', async (t) => {
  t.match(checkPipelineConfig(LEAST, 'p.json', scheduleProblems), {
    schedule: undefined,
    sink: { layout: 'dated', gzip: false },
    onlyNew: false,
    limits: { onBadLine: 'quarantine' },
  })
  const fromServer = { ...LEAST, source: { fhir: 'https://fhir.example.org/r4' } }
  t.match(checkPipelineConfig(fromServer, 'p.json', scheduleProblems).source, {
    pollIntervalSeconds: 300,
    onServerErrors: 'fail',
  })
})

function problemsOf(raw: unknown): readonly Problem[] {
  try {
    checkPipelineConfig(raw, 'p.json', scheduleProblems)
    return []
  } catch (error) {
    if (isSluiceError(error) && error.code === 'CONFIG_INVALID') return error.problems ?? []
    throw error
  }
}

t.test('all that is wrong is said at once, each with its path, and no value is repeated', async (t) => {
  const problems = problemsOf({
    source: {
      fhir: 'not an address',
      group: 'g',
      level: 'system',
      pollIntervalSeconds: 0,
      auth: { type: 'bearer', token: 'CANARY' },
    },
    anonymizer: { keys: { cryptoHashKey: 'CANARY' } },
    sink: { store: 'https://account.blob.core.windows.net/lake?sig=CANARY', splitBytes: 'much' },
    schedule: { cron: '61 * * * *' },
    retention: {},
    notify: { url: 'CANARY', secret: 'CANARY', on: ['sometimes'] },
    limits: { memoryBudget: '1KiB', maxQuarantined: '200%' },
    other: 1,
  })
  const paths = problems.map(({ path }) => path).sort()
  t.same(paths, [
    '',
    'anonymizer.config',
    'anonymizer.keys.cryptoHashKey',
    'limits.maxQuarantined',
    'limits.memoryBudget',
    'notify.on[0]',
    'notify.secret',
    'notify.url',
    'retention',
    'schedule.cron',
    'sink.splitBytes',
    'sink.store',
    'source.auth.token',
    'source.fhir',
    'source.pollIntervalSeconds',
  ])
  t.notMatch(JSON.stringify(problems), /CANARY/)
  t.match(problemsOf({ ...LEAST, source: { fhir: 'https://a.example', group: 'g', level: 'system' } }), [
    { path: 'source.group' },
  ])
  t.match(problemsOf([]), [{ path: '' }])
})

t.test('each of P16 that is missing is named', async (t) => {
  const auth = { type: 'azure', tenantId: 't', clientId: 'c', clientSecret: { env: 'SECRET' } }
  const whole = { ...LEAST, source: { fhir: 'https://fhir.example.org', auth } }
  t.same(problemsOf(whole), [])
  for (const name of ['tenantId', 'clientId', 'clientSecret'] as const) {
    const { [name]: _, ...rest } = auth
    t.match(problemsOf({ ...whole, source: { ...whole.source, auth: rest } }), [
      { path: `source.auth.${name}` },
    ])
  }
  t.match(problemsOf({ ...whole, source: { auth } }), [{ path: 'source.fhir' }])
  t.match(problemsOf({ ...whole, sink: {} }), [{ path: 'sink.store' }])
})

t.test('every example is a pipeline; what is no JSON is said with its place', async (t) => {
  const folder = join(projectRoot, 'configs/pipelines')
  const names = readdirSync(folder)
  t.ok(names.length >= 3)
  for (const name of names) {
    const config = await readPipelineConfig(join(folder, name), scheduleProblems)
    t.ok(config.sink.store, name)
    t.notMatch(readFileSync(join(folder, name), 'utf8'), /"(?:clientSecret|secret|token)": "/)
  }
  const torn = join(t.testdir({ 'p.json': '{"source": CANARY' }), 'p.json')
  await t.rejects(readPipelineConfig(torn, scheduleProblems), { code: 'CONFIG_INVALID', message: /line 1/ })
  await t.rejects(readPipelineConfig(join(folder, 'none.json'), scheduleProblems), { code: 'CONFIG_INVALID' })
})
