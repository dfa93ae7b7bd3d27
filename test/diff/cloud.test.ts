import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startAzurite } from '../support/azurite.js'
import { CONFIG } from '../support/pipeline-run.js'
import { sluice } from '../support/sluice.js'

const line = (n: number) => `{"resourceType":"Patient","id":"${n}","birthDate":"1950-01-02"}\n`

t.test('a run in a lake is compared by its state in the other container', async (t) => {
  const azurite = await startAzurite(t)
  const cwd = t.testdir({ 'config.json': JSON.stringify(CONFIG), in: {} })
  writeFileSync(join(cwd, 'in', 'P.ndjson'), `${line(1)}not JSON\n${line(2)}`)
  writeFileSync(join(cwd, 'in', 'Q.ndjson'), line(3))
  const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
  const run = (...words: string[]) => sluice(words, { cwd, env })
  const container = await azurite.container()
  const lake = `azurite://${container.containerName}/lake`
  const made = await run('anonymize', '-c', 'config.json', '-i', 'in', '-o', lake)
  t.equal(made.exitCode, 10, made.stderr)
  const folder = /lake\/(\d{4}[^/]+)\/run\.json$/m.exec(made.stdout)?.[1] ?? ''
  const after = `${lake}/${folder}`

  const compared = await run('diff', 'in', after, '--json')
  t.equal(compared.exitCode, 10, compared.stderr)
  t.match(JSON.parse(compared.stdout), { lines: { compared: 3, quarantined: 1 }, warnings: [] })

  // A missing state container: the counts fit, as what is no JSON is known to be rejected.
  const state = 'azurite://nowhere-sluice/lake'
  const without = await run('diff', 'in', after, '--json', '--state', state)
  t.equal(without.exitCode, 10, without.stderr)
  t.match(JSON.parse(without.stdout).warnings, [{ code: 'no-quarantine' }])

  const absent = await run('diff', 'in', 'azurite://absent')
  t.equal(absent.exitCode, 3, absent.stderr)
})
