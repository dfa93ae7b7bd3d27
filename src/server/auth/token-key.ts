import { randomBytes } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { readText, writeWhole } from '../../storage/folder/folder-files.js'
import type { ServerEvent } from '../server-event.js'

const KEY_BYTES = 32
// 32 random bytes practically never have fewer than 16 different values.
const MIN_DIFFERENT_BYTES = 16

/**
 * Reads or makes the key that signs access tokens. It is kept, so that tokens survive a restart. A key that can be
 * guessed or was readable by others is replaced, which invalidates issued tokens; they live for minutes anyway.
 */
export async function tokenKey(path: string, onEvent: (event: ServerEvent) => void): Promise<Uint8Array> {
  const known = await readKey(path)
  if (known instanceof Uint8Array) return known
  if (known !== 'missing') onEvent({ event: 'token-key.replaced', level: 'warn', file: path, reason: known })
  const key = randomBytes(KEY_BYTES)
  await writeWhole(path, key.toString('base64'), 0o600)
  return key
}

/** Reads the key, or the reason why the file holds none. */
async function readKey(path: string): Promise<Uint8Array | string> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats === undefined) return 'missing'
  if (!stats.isFile()) return 'is not a regular file'
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) return 'can be read by other users'
  if (stats.size > 1024) return 'is not a key'
  const text = ((await readText(path)) ?? '').trim()
  const key = Buffer.from(text, 'base64')
  if (key.toString('base64') !== text) return 'is not base64'
  if (key.length !== KEY_BYTES) return `does not hold ${KEY_BYTES} bytes`
  if (new Set(key).size < MIN_DIFFERENT_BYTES) return 'is not random'
  return key
}
