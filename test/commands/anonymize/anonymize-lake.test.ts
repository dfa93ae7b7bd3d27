import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ContainerClient } from '@azure/storage-blob'
import t from 'tap'
import { startAzurite } from '../../support/azurite.js'
import { CONFIG } from '../../support/pipeline-run.js'
import { sluice } from '../../support/sluice.js'

const line = (n: number) =>
  `{"resourceType":"Patient","id":"${n}","birthDate":"1950-01-${String((n % 27) + 1).padStart(2, '0')}"}\n`

t.test(
  'from files into a lake and back: a folder for each run, the same bytes as between folders',
  async (t) => {
    const azurite = await startAzurite(t)
    const cwd = t.testdir({ 'config.json': JSON.stringify(CONFIG), in: { sub: {} } })
    writeFileSync(join(cwd, 'in', 'P.ndjson'), Array.from({ length: 3000 }, (_, n) => line(n)).join(''))
    writeFileSync(join(cwd, 'in', 'sub', 'Q.ndjson'), `${line(1)}not JSON\n`)
    writeFileSync(join(cwd, 'in', 'E.ndjson'), '')
    writeFileSync(join(cwd, 'in', 'one.json'), line(7))
    const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
    const run = (...words: string[]) => sluice(['anonymize', '-c', 'config.json', ...words], { cwd, env })
    const { containerName } = await azurite.container()
    const lake = `azurite://${containerName}/lake`

    const local = await run('-i', 'in', '-o', 'local', '--json')
    t.equal(local.exitCode, 10, local.stderr)
    const first = await run('-i', 'in', '-o', lake)
    t.equal(first.exitCode, 10, first.stderr)
    const folder = /lake\/(\d{4}-\d\d-\d\dT\d{4}Z-[0-9a-f]{8})\/run\.json$/m.exec(first.stdout)?.[1] ?? ''
    t.match(first.stdout, `quarantine: azurite://${containerName}-sluice/lake/${folder}/quarantine`)
    const keep = { ...CONFIG, fhirPathRules: [] }
    writeFileSync(join(cwd, 'keep.json'), JSON.stringify(keep))
    const back = await sluice(
      ['anonymize', '-c', 'keep.json', '-i', `${lake}/${folder}`, '-o', 'back', '--json'],
      { cwd, env },
    )
    t.equal(back.exitCode, 0, back.stderr)
    for (const name of ['P.ndjson', 'sub/Q.ndjson', 'E.ndjson', 'one.json'])
      t.equal(
        readFileSync(join(cwd, 'back', name), 'utf8'),
        readFileSync(join(cwd, 'local', name), 'utf8'),
        name,
      )

    const second = await run('-i', 'in', '-o', lake, '--json')
    t.match(JSON.parse(second.stdout).items, { finishedBefore: 0, committed: 4 }, 'a new run, a new folder')
    const fixed = [
      '-i',
      'in',
      '-o',
      `azurite://${containerName}/fixed`,
      '--layout',
      'none',
      '--json',
    ] as const
    t.match(JSON.parse((await run(...fixed)).stdout).items, { committed: 4 })
    t.match(JSON.parse((await run(...fixed)).stdout).items, { finishedBefore: 4, committed: 0 })
    const changed = await run(...fixed, '--gzip', '--split-bytes', '64KiB')
    t.equal(changed.exitCode, 10, changed.stderr)
    t.match(JSON.parse(changed.stdout).outputs[1].parts, [{ name: 'P-00001.ndjson.gz' }])
  },
)

t.test('what cannot be', async (t) => {
  const azurite = await startAzurite(t)
  const cwd = t.testdir({ 'config.json': JSON.stringify(CONFIG), in: { 'P.ndjson': line(1) } })
  mkdirSync(join(cwd, 'state'))
  const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
  const run = (...words: string[]) =>
    sluice(['anonymize', '-c', 'config.json', '-i', 'in', ...words], { cwd, env })
  const { containerName } = await azurite.container()
  const absent = await run('-o', 'azurite://absent')
  t.equal(absent.exitCode, 4)
  t.match(absent.stderr, '--create-container')
  t.equal((await run('-o', 'azurite://absent', '--create-container')).exitCode, 0)
  const inside = await run('-o', `azurite://${containerName}`, '--state', `azurite://${containerName}/state`)
  t.equal(inside.exitCode, 2)
  const { containerName: taken } = await azurite.container()
  const into = ['-o', `azurite://${taken}`, '--layout', 'none'] as const
  const client = new ContainerClient(azurite.connectionString, taken)
  await client.getBlockBlobClient('P.ndjson').uploadData(Buffer.from('theirs'))
  const refused = await run(...into)
  t.equal(refused.exitCode, 4)
  t.match(refused.stderr, 'SINK_CONFLICT')
  t.equal((await client.getBlobClient('P.ndjson').downloadToBuffer()).toString(), 'theirs')
  t.equal((await run(...into, '--overwrite')).exitCode, 0)
  t.not((await client.getBlobClient('P.ndjson').downloadToBuffer()).toString(), 'theirs')
  const beside = await run('-o', `azurite://${containerName}`, '--state', 'state', '--layout', 'none')
  t.equal(beside.exitCode, 0, beside.stderr)
})
