import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../errors.js'
import { isExisting, isMissing, writing } from './file-errors.js'
import { makeFolders } from './folder-files.js'
import { type Holder, isAlive, parseHolder, thisProcess } from './process-identity.js'

// A lock of another machine is believed as long as its holder touches it.
const TOUCH_EVERY_MS = 10_000
const STALE_AFTER_MS = 60_000

/** Takes the folder for this process; a lock whose holder is gone is taken over. Throws SINK_LOCKED. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  const me = await thisProcess(randomUUID())
  await writing(folder, () => makeFolders(folder, 0o700))
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await create(path, me)) return holding(path, me)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    if (await isHeld(path, text)) break
    await takeAway(path, text)
  }
  throw sluiceError('SINK_LOCKED', 'another run is writing to this output; wait for it to end', {
    blame: 'sink',
    retry: 'later',
    at: path,
  })
}

function holding(path: string, me: Holder): () => Promise<void> {
  const touch = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, TOUCH_EVERY_MS)
  touch.unref()
  return async () => {
    clearInterval(touch)
    const text = await readFile(path, 'utf8').catch(() => '')
    if (text.includes(me.token)) await rm(path, { force: true })
  }
}

/** Appears with its content or not at all: a link cannot be half-written and does not replace. */
async function create(path: string, me: Holder): Promise<boolean> {
  const own = `${path}.${me.token}`
  return writing(path, async () => {
    const file = await open(own, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(me))
    } finally {
      await file.close()
    }
    try {
      await link(own, path)
      return true
    } catch (error) {
      if (isExisting(error)) return false
      throw error
    } finally {
      await rm(own, { force: true })
    }
  })
}

async function isHeld(path: string, text: string): Promise<boolean> {
  const holder = parseHolder(text)
  if (holder === undefined) return false
  const alive = await isAlive(holder)
  if (alive !== undefined) return alive
  const touched = await stat(path).catch(() => undefined)
  return touched !== undefined && Date.now() - touched.mtimeMs < STALE_AFTER_MS
}

/** Moves the stale lock aside; puts it back if, meanwhile, it is somebody else's. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}
