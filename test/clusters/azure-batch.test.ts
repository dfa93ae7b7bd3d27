// Azure Batch is not here: its JSON is checked against the definitions of its clients, and the command lines of the tasks
// run as processes, with the variables that Batch sets and Azurite in place of the storage account.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BlobServiceClient } from '@azure/storage-blob'
import t, { type Test } from 'tap'
import { startAzurite } from '../support/azurite.js'
import { wholeOutputs } from '../support/joined-run.js'
import { CONFIG, outputsIn, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { projectRoot } from '../support/shared.js'
import { sluice, startSluice } from '../support/sluice.js'
import { type Definitions, problemsBy } from './closed-definitions.js'

const EXAMPLE = join(projectRoot, 'examples', 'azure-batch')
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))
const schema = read(join(projectRoot, 'test', 'clusters', 'azure-batch-schema.json')) as Readonly<
  Record<'job' | 'task' | 'pool', Definitions>
>

interface Task {
  readonly id: string
  readonly commandLine: string
  readonly containerSettings: { readonly imageName: string }
  readonly exitConditions: { readonly exitCodes: readonly { readonly code: number }[] }
}

interface Job {
  readonly id: string
  readonly poolInfo: { readonly poolId: string }
  readonly onTaskFailure: string
}

function tasksOf(...words: readonly string[]) {
  const env = { PATH: process.env.PATH ?? '' }
  return spawnSync(process.execPath, [join(EXAMPLE, 'tasks.js'), ...words], { encoding: 'utf8', env })
}

const job = read(join(EXAMPLE, 'job.json')) as Job
const task = read(join(EXAMPLE, 'task.json')) as Task
const pool = read(join(EXAMPLE, 'pool.json'))
const tasks = JSON.parse(tasksOf('3').stdout) as readonly Task[]

t.test('pool, job and tasks are what Azure Batch takes, and no member is unknown', async (t) => {
  t.strictSame(problemsBy(schema.pool, pool), [])
  t.strictSame(problemsBy(schema.job, job), [])
  for (const each of [task, ...tasks]) t.strictSame(problemsBy(schema.task, each), [])
  t.strictSame(
    tasks.map(({ id }) => id),
    ['task-1', 'task-2', 'task-3'],
  )
  t.match(
    JSON.stringify(pool),
    task.containerSettings.imageName,
    'the pool has fetched the image of the tasks',
  )
  t.equal(job.onTaskFailure, 'performexitoptionsjobaction', 'else the exit codes of tasks end no job')
  t.notMatch(task.commandLine, /[$`'"|&;<>*]/, 'no shell reads the command line')
  for (const wrong of [[], ['0'], ['x']]) t.equal(tasksOf(...wrong).status, 2)
})

t.test('the definitions are closed', async (t) => {
  t.strictSame(problemsBy(schema.job, { ...job, onAllTaskComplete: 'noaction' }), [
    '/onAllTaskComplete: unknown',
  ])
  t.strictSame(problemsBy(schema.job, { id: 'x', poolInfo: { pool: 'y' } }), ['/poolInfo/pool: unknown'])
  t.strictSame(problemsBy(schema.task, { id: 'x', constraints: { retentionTime: '7 days' } }), [
    '/commandLine: missing',
    '/constraints/retentionTime: must be of type duration',
  ])
  t.match(problemsBy(schema.job, { ...job, onTaskFailure: 'terminate' }), [/must be one of noaction/])
})

/** The tasks' command lines as processes. Batch sets these variables; tests add words that make units small. */
async function batchAccount(t: Test, files: Readonly<Record<string, Buffer>>) {
  const azurite = await startAzurite(t)
  const service = BlobServiceClient.fromConnectionString(azurite.connectionString)
  const [exports, configs, lake] = await Promise.all(
    ['exports', 'configs', 'lake', 'lake-sluice'].map(
      async (name) => (await service.createContainer(name)).containerClient,
    ),
  )
  for (const [name, bytes] of Object.entries(files))
    await exports?.getBlockBlobClient(`2026-12-01/${name}`).uploadData(bytes)
  await configs?.getBlockBlobClient('night.json').uploadData(Buffer.from(JSON.stringify(CONFIG)))
  const start = (each: Task, ...more: readonly string[]) =>
    startSluice(
      [
        ...each.commandLine.replaceAll('https://ACCOUNT.blob.core.windows.net/', 'azurite://').split(' '),
        ...['--as-of', '2026-11-21', '--workers', '1', '-v'],
        ...(more.length > 0 ? more : ['--range-bytes', '8MiB']),
      ],
      {
        env: {
          AZURITE_CONNECTION_STRING: azurite.connectionString,
          AZ_BATCH_ACCOUNT_NAME: 'account',
          AZ_BATCH_ACCOUNT_URL: 'https://account.westeurope.batch.azure.com',
          AZ_BATCH_POOL_ID: job.poolInfo.poolId,
          AZ_BATCH_JOB_ID: job.id,
          AZ_BATCH_TASK_ID: each.id,
          AZ_BATCH_NODE_ID: 'tvmps_1',
          AZ_BATCH_NODE_IS_DEDICATED: 'false',
        },
      },
    )
  const outputs = async (): Promise<ReadonlyMap<string, Buffer>> => {
    const found = new Map<string, Buffer>()
    for await (const { name } of lake?.listBlobsFlat({ prefix: 'anonymized/' }) ?? []) {
      const bytes = await lake?.getBlockBlobClient(name).downloadToBuffer()
      // The run has a folder of its own.
      if (bytes !== undefined) found.set(name.split('/').slice(2).join('/'), bytes)
    }
    return found
  }
  const status = () =>
    sluice(['status', 'azurite://lake/anonymized'], {
      env: { AZURITE_CONNECTION_STRING: azurite.connectionString },
    })
  return { start, outputs, status }
}

t.test('tasks of a job, one of them killed and tried again, one started twice: still once', async (t) => {
  const files = {
    'Observation.ndjson': syntheticLines(10_000_000),
    'sub/Patient.ndjson': syntheticLines(60_000, 2),
  }
  const folder = t.testdir()
  const config = join(writeFiles(folder, { 'night.json': JSON.stringify(CONFIG) }), 'night.json')
  const alone = join(folder, 'alone')
  const words = ['-i', writeFiles(join(folder, 'in'), files), '-o', alone, '-c', config]
  t.equal((await sluice(['anonymize', ...words, '--as-of', '2026-11-21'])).exitCode, 0)

  const { start, outputs, status } = await batchAccount(t, files)
  const [first, second] = tasks
  if (first === undefined || second === undefined) throw new Error('there are tasks')
  const killed = start(first)
  await killed.saw('unit.finished')
  killed.child.kill('SIGKILL')
  await killed.finished
  t.match((await status()).stdout, /[1-9] of \d+ units are done/)
  const ended = await Promise.all([first, second, second].map((each) => start(each).finished))
  for (const { exitCode, stderr } of ended) t.equal(exitCode, 0, stderr)
  t.equal(ended.filter(({ stdout }) => stdout.includes('files anonymized')).length, 1, 'one ends the run')
  const made = await outputs()
  t.ok(made.has('Observation-00002.ndjson'), [...made.keys()].join(' '))
  t.strictSame(wholeOutputs(made), wholeOutputs(outputsIn(alone)), 'the bytes of one machine')

  const late = await start(first).finished
  t.match(late, { exitCode: 0, stdout: /the run azure-batch-sluice-2026-12-01 ended at/ })
  t.match((await status()).stdout, /ended at/)
  t.strictSame(await outputs(), made, 'a retry after the end changes nothing')
})

t.test('a task that cannot succeed ends with the exit code that ends the job', async (t) => {
  const { start } = await batchAccount(t, { 'Patient.ndjson': syntheticLines(60_000) })
  const { exitCode, stderr } = await start(task, '--range-bytes', '5MB').finished
  t.equal(exitCode, task.exitConditions.exitCodes[0]?.code, stderr)
})
