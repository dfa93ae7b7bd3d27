// Holds src/commands/serve/alt-export.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startFhirServer } from '../../fhir-server/server.js'
import { DEFINITION, post, until } from '../../server/alt-export/cohort-server.js'
import { clientOf } from '../../server/provider.js'
import { cohortResources } from '../../support/alt-export-run.js'
import { sluice, startSluice } from '../../support/sluice.js'

t.test('sluice serve exports cohorts, anonymized, without data of its own', async (t) => {
  const fhir = await startFhirServer()
  t.teardown(() => fhir.close())
  fhir.seed(cohortResources(60))
  const folder = t.testdir({
    'config.json': JSON.stringify({
      fhirVersion: 'R4',
      fhirPathRules: [{ path: "nodesByType('HumanName')", method: 'redact' }],
    }),
  })
  const words = [
    '--state',
    join(folder, 'state'),
    '--alt-export-from',
    fhir.base,
    '--alt-export-to',
    join(folder, 'out'),
  ]
  const running = startSluice(
    ['serve', '--port', '0', ...words, '--alt-export-config', join(folder, 'config.json')],
    { env: {} },
  )
  t.teardown(() => void running.child.kill('SIGKILL'))
  const text = await running.saw('server.ready')
  const base = /"baseUrl":"([^"]+)"/.exec(text)?.[1] ?? ''
  const server = { ...clientOf(base), origin: new URL(base).origin }
  const answer = await post(server, '/$alt-export', DEFINITION)
  t.equal(answer.status, 202)
  const { id } = (await answer.json()) as { readonly id: string }
  t.match(await until(server, id, 'Completed', 'Failed'), {
    runtimeStatus: 'Completed',
    customStatus: { extractresults: { Patient: 60, Observation: 180 } },
  })
  const output = readdirSync(join(folder, 'out', id)).map((name) =>
    readFileSync(join(folder, 'out', id, name), 'utf8'),
  )
  t.notMatch(output.join(''), /CANARY/, 'names are gone')
})

t.test('options that belong together are asked for', async (t) => {
  const cases: readonly (readonly [words: readonly string[], what: RegExp])[] = [
    [['--alt-export-to', 'out'], /--data is|--alt-export-from/],
    [['--data', 'in', '--alt-export-to', 'out'], /need --alt-export-from/],
    [['--state', 's', '--alt-export-from', 'http://127.0.0.1:9/fhir'], /--alt-export-to/],
    [['--alt-export-from', 'http://127.0.0.1:9/fhir', '--alt-export-to', 'out'], /--state is needed/],
    [
      [
        '--state',
        's',
        '--alt-export-from',
        'http://127.0.0.1:9/fhir',
        '--alt-export-to',
        'out',
        '--only-anonymized',
      ],
      /--alt-export-config|--outputs/,
    ],
  ]
  for (const [words, what] of cases) {
    const { exitCode, stderr } = await sluice(['serve', '--port', '0', ...words], {
      cwd: t.testdir({ in: {} }),
    })
    t.equal(exitCode, 2, words.join(' '))
    t.match(stderr, what)
  }
})
