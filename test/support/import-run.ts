import { createRetry } from '../../src/http/retry.js'
import type { ImportFaultPoint } from '../../src/load/import/fault-points.js'
import type { ImportOptions, ImportReport, ImportTarget } from '../../src/load/import/options.js'
import { runImport } from '../../src/load/import/run.js'
import type { StoreAccess } from '../../src/storage/access.js'
import { folderSource } from '../../src/storage/folder/folder.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import { blobAddressAt, openSource, openStage } from '../../src/storage/open.js'
import { ACCOUNT, ACCOUNT_KEY } from './azurite.js'
import { virtualClock } from './virtual-clock.js'

/** What a test says about an import; it can be handed to another process. */
export interface ImportSetting {
  readonly base: string
  /** A folder of NDJSON files. */
  readonly input: string
  readonly stage: string
  readonly state: string
  readonly target: 'azure' | 'hapi'
  /** Of Azurite. */
  readonly storage?: string | undefined
  readonly mode?: 'initial' | 'incremental'
  readonly port?: number
  readonly fileBytes?: number
  readonly indexBytes?: number
  readonly killAt?: ImportFaultPoint
  /** How often the point is passed before. */
  readonly killAfter?: number
}

export const accessTo = (storage: string | undefined): StoreAccess => {
  const account = { account: ACCOUNT, endpoint: `${storage}/${ACCOUNT}`, key: ACCOUNT_KEY }
  return {
    credentials: () =>
      storage === undefined ? { accounts: [] } : { accounts: [account], emulator: account },
    retry: createRetry({ baseMs: 1 }),
  }
}

export async function importOptions(setting: ImportSetting): Promise<ImportOptions> {
  const { base, input, stage, state, killAt, killAfter = 0, fileBytes, indexBytes } = setting
  const access = accessTo(setting.storage)
  let passed = 0
  return {
    base,
    source: folderSource(input),
    target: targetOf(setting, access),
    stage: await openStage(stage, access, { source: input, state: folderState(state) }),
    staged: await openSource(stage, access),
    openFolder: (address) => openSource(address, access),
    pollIntervalMs: 1000,
    clock: virtualClock(),
    limits: { ...(fileBytes && { fileBytes }), ...(indexBytes && { indexBytes }), appendBytes: 300 },
    faultPoint(point) {
      if (point !== killAt) return
      passed += 1
      if (passed > killAfter) process.kill(process.pid, 'SIGKILL')
    },
  }
}

function targetOf({ target, mode, stage, port = 0 }: ImportSetting, access: StoreAccess): ImportTarget {
  if (target === 'hapi') return { kind: 'hapi', serveAt: { host: '127.0.0.1', port } }
  const address = blobAddressAt(stage, access)
  const folder = `${address?.endpoint}/${[address?.container, address?.path].filter(Boolean).join('/')}`
  return { kind: 'azure', mode, account: `${address?.endpoint}/`, urlOf: (name) => `${folder}/${name}` }
}

export const importWith = async (
  setting: ImportSetting,
  overrides: Partial<ImportOptions> = {},
): Promise<ImportReport> => runImport({ ...(await importOptions(setting)), ...overrides })
