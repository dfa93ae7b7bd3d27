import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { startAzurite } from '../support/azurite.js'
import { projectRoot } from '../support/shared.js'

const run = promisify(execFile)
const azurite = await startAzurite(t)
const env = { PATH: process.env.PATH ?? '', AZURITE_CONNECTION_STRING: azurite.connectionString }
const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl) t.comment('skipped: no curl on this machine, whose commands are left out')

t.test('the walk through Azurite of docs/azure.md works as it is printed', async (t) => {
  const page = readFileSync(join(projectRoot, 'docs', 'azure.md'), 'utf8')
  const walk = /<!-- walk -->\n```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const commands = walk.split('\n').filter((line) => hasCurl || !line.startsWith('curl'))
  t.equal(commands[0], 'npm run --silent build', 'done before the tests')
  const cwd = t.testdir()
  for (const folder of ['configs', 'dist']) symlinkSync(join(projectRoot, folder), join(cwd, folder))
  const script = [`set -eu`, ...commands.slice(1)].join('\n')
  const { stdout, stderr } = await run('bash', ['-c', script], { cwd, env })
  t.match(stderr, /a link to azurite:\/\/lake\/first\/Patient\.1\.ndjson for Dr\. Grey: read,/)
  t.match(stderr, /a link to azurite:\/\/lake\/first for study-7: read,list,/)
  t.match(stdout, /revoked: sluice-study-7-/)
  if (hasCurl) {
    t.match(stdout, '"generator": "fhir-sluice"')
    t.match(readFileSync(join(cwd, 'walk', 'Patient.ndjson'), 'utf8'), /^\{"resourceType":"Patient"/)
  }
})

t.test(
  'the script for real accounts finds everything in order with Azurite, and leaves nothing',
  async (t) => {
    const client = await azurite.container()
    const script = join(projectRoot, 'dist', 'scripts', 'azure-smoke.js')
    const { stdout } = await run(process.execPath, [script], {
      env: { ...env, SLUICE_SMOKE_ADDRESSES: `azurite://${client.containerName}` },
    })
    t.notMatch(stdout, 'FAILED')
    t.match(stdout, /ok {6}link to the folder: account-key, \d+ × blob/)
    t.match(stdout, /ok {6}link that is revoked: stored-policy, /)
    t.notMatch(stdout, 'sig=')
    for await (const { name } of client.listBlobsFlat()) t.fail(name)
  },
)
