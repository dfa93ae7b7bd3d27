import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { ContainerClient } from '@azure/storage-blob'
import type { Test } from 'tap'

/** The emulator's own account, published by Microsoft; it opens nothing else. */
export const ACCOUNT = 'devstoreaccount1'
export const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** A connection string for the emulator, or for a proxy in front of it, at `http://host:port`. */
export const connectionStringOf = (url: string): string =>
  `DefaultEndpointsProtocol=${url.split(':')[0]};AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};BlobEndpoint=${url}/${ACCOUNT};`

export interface Azurite {
  /** `http://127.0.0.1:port` or `https:…`, without the account. */
  readonly url: string
  readonly connectionString: string
  /** Makes a container of a name that nobody else has. */
  container(): Promise<ContainerClient>
}

// Its stdin-less end: the channel to the test breaks, however the test ended.
const END_WITH_THE_TEST = 'data:text/javascript,process.on("disconnect",()=>process.exit())'
const START_WITHIN_MS = 30_000

/**
 * Starts the blob service of Azurite in memory on a free port; it ends with the test, or with its process. With `tls`
 * it takes the tokens of identities too, over https: it reads them, and believes every one that is not expired.
 */
export async function startAzurite(
  t: Pick<Test, 'teardown'>,
  tls?: { readonly cert: string; readonly key: string },
): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
  const settings = [
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--disableTelemetry',
    '--silent',
    '--blobPort',
    '0',
    ...(tls === undefined ? [] : ['--cert', tls.cert, '--key', tls.key, '--oauth', 'basic']),
  ]
  const child = spawn(process.execPath, ['--import', END_WITH_THE_TEST, main, ...settings], {
    // Without tap's loaders.
    env: { PATH: process.env.PATH ?? '' },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  t.teardown(() => stopped(child))
  const url = await addressOf(child)
  const connectionString = connectionStringOf(url)
  return {
    url,
    connectionString,
    async container() {
      const client = new ContainerClient(connectionString, `test-${randomUUID()}`)
      await client.create()
      return client
    },
  }
}

/** The address that the service prints once it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const late = setTimeout(() => reject(new Error(`Azurite does not listen: ${text}`)), START_WITHIN_MS)
    const look = (data: Buffer): void => {
      text += data
      if (text.length > 10_000) text = text.slice(-5000)
      const url = /successfully listens on (https?:\S+)/.exec(text)?.[1]
      if (url === undefined) return
      clearTimeout(late)
      resolve(url)
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      // It outlives the test's requests unless the test itself stops it.
      if (!child.killed)
        console.log(`# azurite: ended by itself with ${code ?? signal}: ${text.slice(-2000)}`)
      reject(new Error(`Azurite ended with ${code ?? signal}: ${text}`))
    })
  })
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
