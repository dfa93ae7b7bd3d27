import { sluiceError } from '../../../errors.js'
import { isRecord } from '../../../json/record.js'
import type { ManifestBody } from '../../../load/manifest.js'
import type { PromisedContent } from '../../../storage/store.js'
import type { ManifestFile } from './manifest-file.js'

/** A file that a manifest lists. */
export interface ListedFile {
  readonly url: string
  /** Whether it holds Bundles of deletions. */
  readonly isDeleted: boolean
  readonly promised: PromisedContent
  /** Its entry in the manifest. */
  readonly entry: ManifestBody
}

export interface Listing {
  readonly files: readonly ListedFile[]
  /** Files of errors and warnings. */
  readonly errorCount: number
}

/** Reads what a manifest lists. Throws SOURCE_INCOMPLETE for one of several pages, SOURCE_UNUSABLE. */
export function readListing(file: ManifestFile): Listing {
  const { body } = file
  if (entriesOf(file, 'link').some(({ relation }) => relation === 'next'))
    throw sluiceError('SOURCE_INCOMPLETE', {
      at: file.place,
      message: 'is one page of a manifest; the other pages are not read',
      help: 'give a manifest that lists all files',
    })
  // Files that hold a compartment each have counts of one type only.
  const isOrganized = typeof body.outputOrganizedBy === 'string' && body.outputOrganizedBy !== ''
  const listed = (entry: ManifestBody, isDeleted: boolean): ListedFile => {
    if (typeof entry.url !== 'string' || entry.url === '')
      throw sluiceError('SOURCE_UNUSABLE', {
        at: file.place,
        message: 'the manifest lists a file without a url',
      })
    const lineCount = typeof entry.count === 'number' ? entry.count : undefined
    const resourceType = typeof entry.type === 'string' && !isDeleted ? entry.type : undefined
    return { url: entry.url, isDeleted, entry, promised: isOrganized ? {} : { lineCount, resourceType } }
  }
  const errors = [...entriesOf(file, 'error'), ...entriesOf(file, 'outcome')]
  return {
    files: [
      ...entriesOf(file, 'output').map((entry) => listed(entry, false)),
      ...entriesOf(file, 'deleted').map((entry) => listed(entry, true)),
    ],
    // Both names may list the same files.
    errorCount: new Set(errors.map(({ url }) => url)).size,
  }
}

/** Whether a file is fetched by its address. */
export const isOnServer = ({ url }: ListedFile): boolean => /^https?:\/\//i.test(url)

function entriesOf({ place, body }: ManifestFile, name: string): readonly ManifestBody[] {
  const list = body[name] ?? []
  if (Array.isArray(list) && list.every(isRecord)) return list
  throw sluiceError('SOURCE_UNUSABLE', {
    at: place,
    message: `"${name}" of the manifest must be a list of objects`,
  })
}

export const listedTwice = ({ place }: ManifestFile, name: string) =>
  sluiceError('SOURCE_UNUSABLE', { at: place, message: `the manifest lists ${JSON.stringify(name)} twice` })
