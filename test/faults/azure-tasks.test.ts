import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ContainerClient } from '@azure/storage-blob'
import t from 'tap'
import { connectionStringOf, startAzurite } from '../support/azurite.js'
import { type Fault, startFaultProxy } from '../support/fault-proxy.js'
import { wholeOutputs } from '../support/joined-run.js'
import { CONFIG, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { type Running, startSluice } from '../support/sluice.js'

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const cwd = writeFiles(join(t.testdir(), 'cwd'), { 'config.json': JSON.stringify(CONFIG) })
const input = await azurite.container()
for (const [name, bytes] of Object.entries({
  'large.ndjson': syntheticLines(26_000_000),
  'packed.ndjson.gz': gzipSync(syntheticLines(200_000, 3)),
  'sub/small.ndjson': syntheticLines(60_000, 2),
  'bad.ndjson': Buffer.from('{"resourceType":"Patient","nosuch":1}\n'),
}))
  await input.getBlockBlobClient(name).uploadData(bytes)

const start = (output: ContainerClient, ...more: readonly string[]): Running =>
  startSluice(
    [
      'anonymize',
      '-i',
      `azurite://${input.containerName}`,
      '-o',
      `azurite://${output.containerName}`,
      '--layout',
      'none',
      '-c',
      'config.json',
      '--as-of',
      '2026-11-21',
      '--workers',
      '1',
      ...more,
    ],
    { cwd, env: { AZURITE_CONNECTION_STRING: connectionStringOf(proxy.url) } },
  )

const JOIN = ['--join', '--range-bytes', '8MiB', '--run-id', 'monday']

async function filesIn(container: ContainerClient): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for await (const { name } of container.listBlobsFlat())
    files.set(name, await container.getBlobClient(name).downloadToBuffer())
  return files
}

async function stateOf(output: ContainerClient): Promise<readonly string[]> {
  const state = new ContainerClient(azurite.connectionString, `${output.containerName}-sluice`)
  const names: string[] = []
  for await (const { name } of state.listBlobsFlat()) names.push(name)
  return names
}

const alone = await azurite.container()
await start(alone).finished
const expected = wholeOutputs(await filesIn(alone))

for (const [count, shards] of [
  [1, false],
  [2, false],
  [5, false],
  [2, true],
] as const)
  t.test(
    `${count} tasks write the blobs of a run on one machine${shards ? ', by shards' : ''}`,
    async (t) => {
      const output = await azurite.container()
      const tasks = Array.from({ length: count }, (_, index) =>
        start(output, ...JOIN, ...(shards ? ['--shard', `${index + 1}/${count}`] : [])),
      )
      const ended = await Promise.all(tasks.map(({ finished }) => finished))
      for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr.slice(-500))
      t.equal(ended.filter(({ stdout }) => stdout.includes('files anonymized')).length, 1, 'one ends the run')
      const files = await filesIn(output)
      t.strictSame(wholeOutputs(files), expected)
      t.ok(files.has('large-00003.ndjson') && files.has('run.json'))
      t.strictSame(
        (await stateOf(output)).filter((name) => /^(?:units|plan)\//.test(name)),
        [],
      )
    },
  )

t.test('a unit costs few requests', async (t) => {
  const requestsWith = async (rangeBytes: string): Promise<number> => {
    proxy.reset()
    await start(await azurite.container(), '--join', '--range-bytes', rangeBytes).finished
    return proxy.seen.length
  }
  // 26 MB are four ranges of 8 MiB, or seven of 4 MiB. Small items are one unit more.
  const each = ((await requestsWith('4MiB')) - (await requestsWith('8MiB'))) / (7 - 4)
  const seen = new Map<string, number>()
  for (const { operation } of proxy.seen) seen.set(operation, (seen.get(operation) ?? 0) + 1)
  t.comment(`${each.toFixed(1)} requests for each unit, those for its data included`)
  t.comment(JSON.stringify(Object.fromEntries(seen)))
  t.ok(each <= 20, `${each}`)
})

t.test('a task is killed, another takes its unit over once the lease has ended', async (t) => {
  const output = await azurite.container()
  const killed = start(output, ...JOIN, '-v')
  await killed.saw('unit.finished')
  killed.child.kill('SIGKILL')
  await killed.finished
  const ended = await Promise.all([1, 2].map(() => start(output, ...JOIN).finished))
  for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr.slice(-500))
  t.strictSame(wholeOutputs(await filesIn(output)), expected)
})

t.test('requests of tasks fail, or their answers are lost, and the blobs are the same', async (t) => {
  const faults: readonly Fault[] = [
    { kind: 'lost-answer' },
    { kind: 'status', status: 503 },
    { kind: 'reset' },
    { kind: 'status', status: 500 },
  ]
  // Only requests for the state: claims, results, the plan. Others fail in the tests of runs on one machine.
  let count = 0
  proxy.reset(({ path }) => {
    if (!path.includes('-sluice/')) return undefined
    count += 1
    return count % 11 === 0 ? faults[(count / 11) % faults.length] : undefined
  })
  t.teardown(() => proxy.reset())
  const output = await azurite.container()
  const ended = await Promise.all([1, 2].map(() => start(output, ...JOIN).finished))
  for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr.slice(-500))
  t.ok(new Set(proxy.seen.map(({ fault }) => fault)).size > faults.length, 'each fault has happened')
  t.strictSame(wholeOutputs(await filesIn(output)), expected)
  t.strictSame(
    (await stateOf(output)).filter((name) => /^(?:units|plan)\//.test(name)),
    [],
  )
})
