import { isSluiceError, sluiceError } from '../../../errors.js'
import { RequestFailure } from '../../../http/request-failure.js'
import type { BlobContainer, BlobWrite } from '../blob-container.js'

/** Whether a block was refused because of staged ones: all block ids of a blob must have the same length. */
export const isRefusedForLeftovers = (error: unknown): boolean =>
  isSluiceError(error) && error.cause instanceof RequestFailure && error.cause.code === 'InvalidBlobOrBlock'

/**
 * Makes the service forget the staged blocks of a blob, as rclone does: a commit of what is committed already drops
 * the others. Where nothing is committed the blob is there, empty, until it is deleted again at once. Only over the
 * version `expected`, undefined for nothing; returns the ETag of what stands there then. Throws SINK_CONFLICT.
 */
export async function forgetStaged(
  container: BlobContainer,
  name: string,
  expected: string | undefined,
): Promise<string | undefined> {
  const { etag, committed } = await container.blocks(name)
  const head = etag === undefined ? undefined : await container.head(name)
  if (head?.etag !== expected) throw conflict(name)
  if (head === undefined) {
    const made = await commitAgain(container, name, [], { ifNoneMatch: '*' })
    if (!(await container.delete(name, { ifMatch: made }))) throw conflict(name)
    return undefined
  }
  const { metadata, contentType, contentEncoding } = head
  const ids = committed.map(({ id }) => id)
  // A blob written in one piece has no blocks, so committing none would empty it.
  if (ids.length === 0 && head.bytes > 0) return expected
  return commitAgain(container, name, ids, { metadata, contentType, contentEncoding, ifMatch: head.etag })
}

/** Returns the ETag of the commit. If its answer was lost, reads the blob back. */
async function commitAgain(
  container: BlobContainer,
  name: string,
  ids: readonly string[],
  options: BlobWrite,
): Promise<string> {
  const written = await container.commit(name, ids, options)
  if (written.kind === 'done') return written.etag
  const there = written.isAmbiguous ? await container.head(name) : undefined
  const { etag, committed } = await container.blocks(name)
  const isOurs = committed.map(({ id }) => id).join() === ids.join() && (ids.length > 0 || there?.bytes === 0)
  if (there === undefined || there.etag !== etag || !isOurs) throw conflict(name)
  return there.etag
}

export const conflict = (at: string) =>
  sluiceError('SINK_CONFLICT', {
    at,
    message: 'another program has written it meanwhile; it was left as it is',
  })
