import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readAzureSettings } from '../src/config/environment/azure-settings.js'
import { createRetry } from '../src/http/retry.js'
import { stateAddressOf } from '../src/storage/azure/blob-address.js'
import type { BlobContainer } from '../src/storage/azure/blob-container.js'
import { openContainer, readBlobAddress } from '../src/storage/azure/open-container.js'
import { firstOf } from '../test/support/elements.js'

// Compiled to dist/scripts, two folders below the project.
const root = fileURLToPath(new URL('../../', import.meta.url))
const CLI = join(root, 'dist', 'src', 'cli.js')
const CONFIG = join(root, 'configs', 'safe-harbor-r4.json')
const AS_OF = '2026-01-01'

interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const sluice = (...words: string[]): Promise<Finished> =>
  new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...words], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ exitCode, stdout, stderr })
    })
  })

/** What a check found; throws Error for what should not be. */
type Check = readonly [name: string, run: () => Promise<string>]

interface Link {
  readonly kind: string
  readonly resource: string
  readonly links: readonly { readonly url: string }[]
}

async function linkTo(...words: string[]): Promise<Link> {
  const { exitCode, stdout, stderr } = await sluice('share', ...words, '--for', 'smoke', '--json')
  if (exitCode !== 0) throw new Error(stderr.trim())
  return JSON.parse(stdout) as Link
}

const tell = ({ kind, resource, links }: Link): string => `${kind}, ${links.length} × ${resource}`

const statusOf = async (url: string): Promise<number> => {
  const answer = await fetch(url)
  await answer.body?.cancel()
  return answer.status
}

function checksOf(address: string, folder: string, work: string): readonly Check[] {
  const output = `${address.replace(/\/+$/, '')}/${folder}`
  const file = `${output}/Patient.1.ndjson`
  const data = join(work, 'demo', 'data')
  const anonymize = async (from: string, to: string) => {
    const words = ['-i', from, '-o', to, '--layout', 'none', '-c', CONFIG, '--as-of', AS_OF, '--json']
    const { exitCode, stdout, stderr } = await sluice('anonymize', ...words)
    if (exitCode !== 0) throw new Error(stderr.trim())
    return JSON.parse(stdout) as {
      readonly items: Record<string, number>
      readonly lines: Record<string, number>
    }
  }
  return [
    ['written', async () => `${(await anonymize(data, output)).items.committed} files`],
    ['read back', async () => `${(await anonymize(output, join(work, folder))).lines.read} lines`],
    ['link to a file', async () => tell(await linkTo(file, '--verify'))],
    ['link to the folder', async () => tell(await linkTo(output, '--verify'))],
    ['link for 7 days', async () => tell(await linkTo(file, '--hours', '168', '--verify'))],
    ['link that lists', () => listing(output)],
    ['link for another network', () => elsewhere(file)],
    ['link that is revoked', () => revocable(output)],
  ]
}

/** A flat account may refuse it, for good reason. */
async function listing(output: string): Promise<string> {
  try {
    return tell(await linkTo(output, '--permissions', 'read,list', '--verify'))
  } catch (error) {
    if (error instanceof Error && error.message.includes('shows the whole container'))
      return 'refused: flat account'
    throw error
  }
}

async function elsewhere(file: string): Promise<string> {
  if (/^azurite:/i.test(file)) return 'not tried: the emulator does not look at addresses'
  const { links } = await linkTo(file, '--ip', '192.0.2.1')
  const status = await statusOf(firstOf(links).url)
  if (status !== 403) throw new Error(`reads from here: ${status}`)
  return 'denied from here'
}

async function revocable(output: string): Promise<string> {
  let made: Link
  try {
    made = await linkTo(output, '--revocable', '--verify')
  } catch (error) {
    if (error instanceof Error && error.message.includes('needs the account key'))
      return 'not tried: no account key'
    throw error
  }
  const revoked = await sluice('share', output, '--revoke', 'smoke')
  if (revoked.exitCode !== 0) throw new Error(revoked.stderr.trim())
  const { url } = firstOf(made.links)
  const link = made.resource === 'blob' ? url : url.replace('?', '/run.json?')
  const startMs = Date.now()
  for (let status = await statusOf(link); status !== 403; status = await statusOf(link)) {
    if (Date.now() - startMs > 60_000) throw new Error(`still answers ${status} after 60 s`)
    await wait(2000)
  }
  return `${tell(made)}, ended after ${Math.round((Date.now() - startMs) / 1000)} s`
}

/** Deletes what the checks left, in the container and in that of the state. */
async function clear(address: string, folder: string): Promise<void> {
  const access = { credentials: () => readAzureSettings(), retry: createRetry() }
  const parsed = readBlobAddress(`${address.replace(/\/+$/, '')}/${folder}`, access)
  for (const place of [parsed, stateAddressOf(parsed)])
    await clearPrefix(await openContainer(place, access, 'sink'), place.path)
}

async function clearPrefix(container: BlobContainer, path: string): Promise<void> {
  const names: string[] = []
  for await (const { name } of container.list(`${path}/`)) names.push(name)
  // Directories of a hierarchical account after what is in them.
  for (const name of [...names.reverse(), path]) await container.delete(name)
}

async function smoke(address: string, work: string): Promise<boolean> {
  const folder = `smoke-${randomBytes(4).toString('hex')}`
  let isGood = true
  console.log(`\n${address}/${folder}`)
  for (const [name, run] of [
    ...checksOf(address, folder, work),
    ['cleared', () => cleared(address, folder)] as Check,
  ])
    try {
      console.log(`  ok      ${name}: ${await run()}`)
    } catch (error) {
      isGood = false
      console.log(`  FAILED  ${name}: ${error instanceof Error ? error.message : 'unknown'}`)
    }
  return isGood
}

async function cleared(address: string, folder: string): Promise<string> {
  await clear(address, folder)
  return folder
}

const addresses = (process.env.SLUICE_SMOKE_ADDRESSES ?? '').split(/\s+/).filter((address) => address !== '')
if (addresses.length === 0) {
  console.error(
    'Set SLUICE_SMOKE_ADDRESSES to addresses of containers, with blanks between. See docs/azure.md.',
  )
  process.exit(2)
}
const work = mkdtempSync(join(tmpdir(), 'sluice-smoke-'))
try {
  const demo = await sluice('demo', '-o', join(work, 'demo'), '--bytes', '1MB')
  if (demo.exitCode !== 0) throw new Error(demo.stderr)
  for (const address of addresses) if (!(await smoke(address, work))) process.exitCode = 1
} finally {
  rmSync(work, { recursive: true })
}
