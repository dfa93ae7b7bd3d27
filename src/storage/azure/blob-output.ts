import { sluiceError } from '../../errors.js'
import type { FoundFile, OutputFiles } from '../output-files.js'
import type { BlobContainer } from './blob-container.js'

const READ_BYTES = 4 * 2 ** 20

/** Everything below a prefix of a container; the prefix is empty or ends in `/`. */
export function blobOutput(container: BlobContainer, prefix: string, place: string): OutputFiles {
  const etags = new Map<string, string>()
  return {
    place,
    async *list() {
      let isThere = prefix === ''
      for await (const { name, bytes, etag, isFolder } of container.list(prefix)) {
        isThere = true
        if (isFolder) continue
        const found: FoundFile = { name: name.slice(prefix.length), bytes, kind: 'file' }
        etags.set(found.name, etag)
        yield found
      }
      if (!isThere)
        throw sluiceError('SOURCE_NOT_FOUND', { at: place, message: 'there is nothing under this address' })
    },
    async *read({ name, bytes }) {
      const etag = etags.get(name) ?? ''
      const reader = container.read(`${prefix}${name}`, { etag, fromByte: 0, toByte: bytes })
      try {
        const buffer = Buffer.allocUnsafe(READ_BYTES)
        for (let count = await reader.read(buffer); count > 0; count = await reader.read(buffer))
          yield buffer.subarray(0, count)
      } finally {
        reader.close()
      }
    },
  }
}
