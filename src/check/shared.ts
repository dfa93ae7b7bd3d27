import { REPORT_NAME } from '../published/names.js'
import type { StoreAccess } from '../storage/access.js'
import { type BlobAddress, prefixOf } from '../storage/azure/blob-address.js'
import type { BlobContainer } from '../storage/azure/blob-container.js'
import { blobOutput } from '../storage/azure/blob-output.js'
import { openContainer } from '../storage/azure/open-container.js'
import { blobAddressAt } from '../storage/open.js'
import { type CheckOptions, type CheckResult, checkOutput } from './check.js'

/**
 * Proves what is about to be shared: an output folder as a whole, a file by the report of the folder it is in. A file
 * without a report is left to `scopeOf`, which knows outputs by their metadata, too. Throws USAGE, SOURCE_*.
 */
export async function checkShared(
  address: string,
  access: StoreAccess,
  { isSizesOnly }: Pick<CheckOptions, 'isSizesOnly'>,
): Promise<Pick<CheckResult, 'place' | 'isProven' | 'problems'>> {
  const blob = blobAddressAt(address, access)
  const nothing = { place: address, isProven: true, problems: [] }
  if (blob === undefined) return nothing
  const container = await openContainer(blob, access, 'source')
  const { signal } = access.retry
  const head = blob.path === '' ? undefined : await container.head(blob.path)
  if (head === undefined || head.isFolder) {
    const prefix = prefixOf(blob)
    // Nothing there, or no report: that is said with what to do about it when the scope is settled.
    if ((await container.head(`${prefix}${REPORT_NAME}`)) === undefined) return nothing
    return checkOutput(blobOutput(container, prefix, blob.place), { isSizesOnly, signal })
  }
  const prefix = await reportAbove(container, blob)
  if (prefix === undefined || blob.path === `${prefix}${REPORT_NAME}`) return nothing
  const only = new Set([blob.path.slice(prefix.length)])
  return checkOutput(blobOutput(container, prefix, blob.place), { isSizesOnly, only, signal })
}

/** The prefix of the nearest folder above a blob that holds a report. */
async function reportAbove(container: BlobContainer, { path }: BlobAddress): Promise<string | undefined> {
  for (let at = path.lastIndexOf('/'); ; at = path.lastIndexOf('/', at - 1)) {
    const prefix = path.slice(0, at + 1)
    if ((await container.head(`${prefix}${REPORT_NAME}`)) !== undefined) return prefix
    if (at <= 0) return undefined
  }
}
