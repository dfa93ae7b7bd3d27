import { type FileHandle, open, stat } from 'node:fs/promises'
import { sluiceError } from '../../errors.js'
import type { SourceItem, SourceReader } from '../store.js'
import { sourceError } from './file-errors.js'
import { isPinned } from './file-version.js'

// Bytes read between two checks that the file is unchanged.
const VERIFY_EVERY_BYTES = 64 * 2 ** 20

/** Opens the pinned version of a file. Throws SOURCE_CHANGED, SOURCE_UNREADABLE. */
export async function openFile(path: string, item: SourceItem, fromByte: number): Promise<SourceReader> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw sourceError(error, item.name)
  })
  const reader = new FileReader(file, path, item, fromByte)
  try {
    await reader.verify()
  } catch (error) {
    await file.close()
    throw error
  }
  return reader
}

class FileReader implements SourceReader {
  #at: number
  #verifiedAt: number

  readonly #file: FileHandle
  readonly #path: string
  readonly #item: SourceItem

  constructor(file: FileHandle, path: string, item: SourceItem, fromByte: number) {
    this.#file = file
    this.#path = path
    this.#item = item
    this.#at = fromByte
    this.#verifiedAt = fromByte
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length) {
      // Reads no more than the listed size; `verify` finds a file that grows.
      const wanted = Math.min(target.length - filled, this.#item.bytes - this.#at)
      if (wanted <= 0) break
      const bytesRead = await this.#readOnce(target, filled, wanted)
      if (bytesRead === 0) throw changed(this.#item.name)
      filled += bytesRead
      this.#at += bytesRead
    }
    if (this.#at - this.#verifiedAt > VERIFY_EVERY_BYTES) await this.verify()
    return filled
  }

  async #readOnce(target: Uint8Array, offset: number, length: number): Promise<number> {
    try {
      return (await this.#file.read(target, offset, length, this.#at)).bytesRead
    } catch (error) {
      throw sourceError(error, this.#item.name)
    }
  }

  async verify(): Promise<void> {
    const opened = await this.#file.stat({ bigint: true })
    const named = await stat(this.#path, { bigint: true }).catch(() => undefined)
    const { version } = this.#item
    if (named === undefined || !isPinned(opened, version) || !isPinned(named, version))
      throw changed(this.#item.name)
    this.#verifiedAt = this.#at
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

const changed = (name: string) =>
  sluiceError('SOURCE_CHANGED', {
    at: name,
    message: 'changed while it was read; nothing of it was committed',
  })
