import { constants } from 'node:fs'
import { lstat, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sluiceError } from '../../errors.js'
import type { FoundFile, OutputFiles } from '../output-files.js'
import { isMissing, sourceError } from './file-errors.js'

const READ_BYTES = 2 ** 20

/** Everything below a folder of this machine. */
export function folderOutput(folder: string): OutputFiles {
  return {
    place: folder,
    async *list() {
      const stats = await stat(folder).catch((error: unknown) => {
        if (isMissing(error)) throw notFound(folder, 'SOURCE_NOT_FOUND', 'there is no such folder')
        throw sourceError(error, folder)
      })
      if (!stats.isDirectory())
        throw notFound(folder, 'SOURCE_UNUSABLE', 'is not a folder', 'give the folder of an output')
      yield* filesBelow(folder)
    },
    async *read({ name }) {
      const path = join(folder, name)
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
        (error: unknown) => {
          throw sourceError(error, name)
        },
      )
      try {
        const buffer = Buffer.allocUnsafe(READ_BYTES)
        for (;;) {
          const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null).catch((error: unknown) => {
            throw sourceError(error, name)
          })
          if (bytesRead === 0) return
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await file.close()
      }
    },
  }
}

/** Does not follow links. An empty folder has no entry. */
async function* filesBelow(folder: string): AsyncIterable<FoundFile> {
  const waiting = ['']
  for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
    const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
      throw sourceError(error, join(folder, prefix))
    })
    for (const entry of entries) {
      const name = prefix + entry.name
      if (entry.isDirectory()) waiting.push(`${name}/`)
      else yield await foundAt(folder, name)
    }
  }
}

async function foundAt(folder: string, name: string): Promise<FoundFile> {
  const stats = await lstat(join(folder, name)).catch((error: unknown) => {
    throw sourceError(error, name)
  })
  const kind = stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : 'not-a-file'
  return { name, bytes: stats.size, kind }
}

const notFound = (at: string, code: 'SOURCE_NOT_FOUND' | 'SOURCE_UNUSABLE', message: string, help?: string) =>
  sluiceError(code, { at, message, help })
