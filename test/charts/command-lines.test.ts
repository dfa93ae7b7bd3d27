// The command lines and files that the chart renders are ones that Sluice takes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { VERBS } from '../../src/commands/verbs.js'
import { judgeConfig } from '../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../src/config/anonymizer/configuration-file.js'
import { checkPipelineConfig } from '../../src/config/pipeline/configuration.js'
import { scheduleProblems } from '../../src/runs/cron.js'
import { startSluice } from '../support/sluice.js'
import { exampleValues, findHelm } from './helm.js'
import { podsOf } from './pods.js'

const helm = await findHelm()
const skip = helm.absent

const argsOf = (example: string, ...words: readonly string[]): readonly string[] =>
  podsOf(helm.template('--values', exampleValues(example), ...words))[0]?.spec.containers[0]?.args ?? []

/** What a ConfigMap of an example holds in its only file. */
const fileOf = (example: string): string => {
  const map = helm.template('--values', exampleValues(example)).find(({ kind }) => kind === 'ConfigMap')
  return Object.values(map?.data as Readonly<Record<string, string>>)[0] ?? ''
}

t.test('every option that a pod gets is one of its verb', { skip }, async (t) => {
  const issuer = 'serve.auth.issuer.url=https://a.example,serve.auth.issuer.jwks=https://a.example/jwks'
  for (const args of [
    argsOf('folder', '--set', 'job.state=/lake/state'),
    argsOf('azure-blob'),
    argsOf('nightly'),
    argsOf('serve'),
    argsOf(
      'serve',
      '--set',
      `serve.auth.clients.configMap=,${issuer},serve.auth.issuer.audience=a,serve.auth.issuer.tokenUrl=https://a.example/token`,
    ),
  ]) {
    const verb = VERBS.find(({ name }) => name === args[0])
    const flags = Object.values(verb?.options ?? {}).flatMap(({ flags }) => flags.split(/[ ,]+/))
    const given = args.filter((word) => word.startsWith('-'))
    t.ok(given.length > 0)
    t.strictSame(
      given.filter((word) => !flags.includes(word)),
      [],
      args[0] ?? '',
    )
  }
})

t.test('the configuration of an example is a valid one', { skip }, async (t) => {
  process.env.HASH_KEY = 'hash: walnut, tundra, 9 lamps'
  process.env.DATE_SHIFT_KEY = 'shift: pelican, ember, 4 rivers'
  const { problems, notices } = judgeConfig(parseConfigText(fileOf('azure-blob'), 'config.json'))
  t.strictSame(problems, [])
  t.strictSame(notices, [])
})

t.test('the pipeline of an example is a valid one', { skip }, async (t) => {
  const config = checkPipelineConfig(JSON.parse(fileOf('nightly')), 'pipeline.json', scheduleProblems)
  t.match(config, { sink: { store: '/lake/fhir' }, metrics: { port: 9464, host: '0.0.0.0' } })
})

t.test(
  'serve starts as rendered, becomes ready, and answers by the names of its Service',
  { skip },
  async (t) => {
    const root = t.testdir({
      export: { fhir: { 'Patient.ndjson': '{"resourceType":"Patient","id":"a"}\n' } },
    })
    for (const folder of ['lake', 'state', 'clients']) mkdirSync(join(root, folder))
    const client = { client_id: 'lake', scope: 'system/*.rs', jwks_url: 'https://lake.example.org/jwks.json' }
    writeFileSync(join(root, 'clients', 'clients.json'), JSON.stringify({ clients: [client] }))
    const args = argsOf('serve').map((word, index, words) => {
      if (words[index - 1] === '--port') return '0'
      return /^\/(?:export|lake|state|clients)\//.test(word) ? join(root, word) : word
    })
    const server = startSluice(args)
    t.teardown(() => server.child.kill('SIGKILL'))
    const port = Number(/"port":(\d+)/.exec(await server.saw('server.listening'))?.[1])
    const ask = (path: string, host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
    t.equal(await ask('/healthz', `127.0.0.1:${port}`), 200)
    await server.saw('item.indexed')
    for (const host of [
      'night-sluice-serve',
      'night-sluice-serve.research',
      'night-sluice-serve.research.svc',
      'night-sluice-serve.research.svc.cluster.local',
      'fhir.example.org',
    ])
      t.equal(await ask('/healthz', host), 200, host)
    t.equal(await ask('/healthz', 'elsewhere.example.org'), 421)
    let ready = await ask('/readyz', '127.0.0.1')
    while (ready === 503) ready = await ask('/readyz', '127.0.0.1')
    t.equal(ready, 200)
    server.child.kill('SIGTERM')
    t.equal((await server.finished).exitCode, 0)
  },
)
