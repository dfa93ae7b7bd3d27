import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { ContainerClient } from '@azure/storage-blob'
import t from 'tap'
import { connectionStringOf, startAzurite } from '../support/azurite.js'
import { stagedBytes, startFaultProxy } from '../support/fault-proxy.js'
import { CONFIG, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { seededRandom } from '../support/random.js'
import { startSluice } from '../support/sluice.js'

const MEGABYTES = Number(process.env.SLUICE_KILL_MEGABYTES ?? 64)
const KILLS = Number(process.env.SLUICE_AZURE_KILLS ?? 3)
const WORKERS = 2

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const cwd = writeFiles(join(t.testdir(), 'cwd'), { 'config.json': JSON.stringify(CONFIG) })
const input = await azurite.container()
const piece = syntheticLines(4_000_000)
await input
  .getBlockBlobClient('large.ndjson')
  .uploadData(Buffer.concat(Array.from({ length: Math.ceil((MEGABYTES * 1e6) / piece.length) }, () => piece)))
await input.getBlockBlobClient('small.ndjson').uploadData(syntheticLines(300_000, 2))

/** The command as a user starts it, through the proxy. */
function start(output: ContainerClient) {
  const words = [
    'anonymize',
    '-i',
    `azurite://${input.containerName}`,
    '-o',
    `azurite://${output.containerName}`,
  ]
  const options = [
    '--layout',
    'none',
    '-c',
    'config.json',
    '--as-of',
    '2026-11-21',
    '--workers',
    String(WORKERS),
  ]
  return startSluice([...words, ...options], {
    cwd,
    env: { AZURITE_CONNECTION_STRING: connectionStringOf(proxy.url) },
  })
}

async function outputsIn(container: ContainerClient): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for await (const { name } of container.listBlobsFlat())
    if (name !== 'run.json') found.set(name, await container.getBlobClient(name).downloadToBuffer())
  return found
}

const sha256Of = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const clean = await azurite.container()
const { exitCode, stderr } = await start(clean).finished
const cleanSeen = proxy.seen
const expected = await outputsIn(clean)
const cleanBytes = stagedBytes(cleanSeen)
const largestBlock = Math.max(...cleanSeen.map(({ upBytes }) => upBytes))

t.test('kill -9 at any moment and run it again: the blobs are byte-identical', async (t) => {
  t.equal(exitCode, 0, stderr)
  t.strictSame([...expected.keys()], ['large.ndjson', 'small.ndjson'])
  t.ok(WORKERS * largestBlock < cleanBytes / 2, 'most of it must not be sent again')
  const random = seededRandom('kills of a run to Azure')
  for (let round = 0; round < KILLS; round += 1) {
    const output = await azurite.container()
    const { child, finished } = start(output)
    const firstBlock = cleanSeen.findIndex(({ operation }) => operation === 'PUT block') + 1
    const nth = random.between(firstBlock, cleanSeen.length)
    const laterMs = random.below(100)
    proxy.reset((request) => {
      if (request.nth === nth) setTimeout(() => child.kill('SIGKILL'), laterMs)
      return undefined
    })
    await finished
    const staged = stagedBytes(proxy.seen)
    for (const [name, bytes] of await outputsIn(output))
      t.ok(expected.get(name)?.equals(bytes), `${name} is whole or not there`)

    proxy.reset()
    const again = await start(output).finished
    t.equal(again.exitCode, 0, again.stderr)
    const outputs = await outputsIn(output)
    t.strictSame([...outputs.keys()], [...expected.keys()])
    for (const [name, bytes] of outputs) t.ok(expected.get(name)?.equals(bytes), `${name} is byte-identical`)
    const report = await output.getBlobClient('run.json').downloadToBuffer()
    for (const { name, sha256 } of JSON.parse(report.toString()).outputs)
      t.equal(
        sha256,
        sha256Of(outputs.get(name) ?? ''),
        `${name} has its digest in the report, however it was made`,
      )
    const resentBytes = staged + stagedBytes(proxy.seen) - cleanBytes
    console.log(
      `# kill: ${laterMs} ms after request ${nth} of ${cleanSeen.length}: ${staged} of ${cleanBytes} bytes staged, ${resentBytes} sent again`,
    )
    // Before the first entry of the journal is kept, the next run asks for no blocks.
    const maxBytes = WORKERS * largestBlock
    t.ok(resentBytes <= maxBytes, `${resentBytes} bytes are sent again, at most ${maxBytes}`)
  }
})
