import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwnName } from '../../published/names.js'
import { isItemName } from '../names.js'
import { type Holder, isAlive } from '../process-identity.js'
import type { Epoch } from '../store.js'
import { isMissing } from './file-errors.js'
import { readText, writeWhole } from './folder-files.js'
import type { FolderLock } from './folder-lock.js'

const NAME = 'epoch.json'
const MAX_EARLIER = 16

interface EpochRecord {
  readonly epoch: string
  readonly earlier: readonly string[]
  /** The process that last wrote under it. */
  readonly holder: Holder
  /** Whether that process closed everything itself. */
  readonly isClosed: boolean
}

/** Call under the lock, which then belongs to the epoch. */
export async function openEpoch(folder: string, lock: FolderLock): Promise<Epoch> {
  const last = parse(await readText(join(folder, NAME)))
  const isContinued = last !== undefined && (last.isClosed || (await isAlive(last.holder)) === false)
  const epoch: Epoch = isContinued
    ? { id: last.epoch, earlier: last.earlier, isNew: false }
    : {
        id: randomBytes(4).toString('hex'),
        earlier: last === undefined ? [] : [last.epoch, ...last.earlier].slice(0, MAX_EARLIER),
        isNew: true,
      }
  await write(folder, lock, epoch, false)
  return epoch
}

export const closeEpoch = (folder: string, lock: FolderLock, epoch: Epoch): Promise<void> =>
  write(folder, lock, epoch, true)

function write(folder: string, lock: FolderLock, { id, earlier }: Epoch, isClosed: boolean): Promise<void> {
  const record: EpochRecord = { epoch: id, earlier, holder: lock.holder, isClosed }
  const own = { epoch: lock.holder.token, confirm: lock.confirm }
  return writeWhole(join(folder, NAME), `${JSON.stringify(record)}\n`, 0o600, own)
}

function parse(text: string | undefined): EpochRecord | undefined {
  try {
    const record = JSON.parse(text ?? 'null') as Partial<EpochRecord> | null
    if (
      typeof record?.epoch === 'string' &&
      EPOCH.test(record.epoch) &&
      Array.isArray(record.earlier) &&
      record.earlier.every((id) => typeof id === 'string' && EPOCH.test(id)) &&
      typeof record.holder?.pid === 'number'
    )
      return record as EpochRecord
  } catch {
    // The file is damaged, so the previous writer is unknown.
  }
  return undefined
}

const EPOCH = /^[0-9a-f]{8}$/
const HALF_WRITTEN = /^(.+)\.([0-9a-f]{8}|[0-9a-f-]{36})\.part$/
const HASH = /^[0-9a-f]{32}$/

/** Whether a temporary file among outputs may be for this name; other programs keep files there too. */
export const isOutputName = (name: string): boolean => isItemName(name) || isOwnName(name) || HASH.test(name)

/**
 * Takes away what other epochs left half-written, and with it from a process that comes back to life later the means
 * to put it under its final name: INVARIANT fence. It writes its temporary file, then confirms its lock, then renames;
 * here the lock is taken first, then the temporary file. So either the rename was before, or there is nothing to rename.
 */
export async function fence(
  folder: string,
  epoch: string,
  {
    recursive,
    isOurs = () => true,
  }: {
    readonly recursive: boolean
    /** Whether the file may be ours, judging by its final name. */
    readonly isOurs?: (name: string) => boolean
  },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const [, name, of] = HALF_WRITTEN.exec(entry.name) ?? []
    if (entry.isDirectory()) {
      if (recursive) await fence(path, epoch, { recursive, isOurs })
    } else if (name !== undefined && of !== epoch && isOurs(name)) await rm(path, { force: true })
  }
}
