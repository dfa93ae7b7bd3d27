import { isSluiceError } from '../errors.js'
import { RequestFailure } from '../retry.js'
import type { BlobContainer } from './blob-container.js'

/** Whether a block was refused for those that are staged already: all ids of a blob must be of one length. */
export const isRefusedForLeftovers = (error: unknown): boolean =>
  isSluiceError(error) && error.cause instanceof RequestFailure && error.cause.code === 'InvalidBlobOrBlock'

/**
 * Makes the service forget the staged blocks of a blob, as rclone does: a commit of what is committed already drops
 * the others. Where nothing is committed the blob is there, empty, until it is deleted again at once.
 */
export async function forgetStaged(container: BlobContainer, name: string): Promise<void> {
  const { etag, committed } = await container.blocks(name)
  const head = etag === undefined ? undefined : await container.head(name)
  if (head === undefined) {
    const written = await container.commit(name, [], { ifNoneMatch: '*' })
    if (written.kind === 'done') await container.delete(name, { ifMatch: written.etag })
    return
  }
  const { metadata, contentType, contentEncoding } = head
  const ids = committed.map(({ id }) => id)
  // A blob written in one piece has no blocks: committing none would empty it.
  if (ids.length === 0 && head.bytes > 0) return
  await container.commit(name, ids, { metadata, contentType, contentEncoding, ifMatch: head.etag })
}
