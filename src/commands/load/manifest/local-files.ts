import { isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sluiceError } from '../../../errors.js'
import { isInnerName } from '../../../published/names.js'
import { isLocal } from '../../../storage/open.js'
import type { Source, SourceItem } from '../../../storage/store.js'
import { type ListedFile, listedTwice } from './listed-files.js'
import type { ManifestFile } from './manifest-file.js'

interface FoundFile {
  readonly item: SourceItem
  readonly isDeleted: boolean
}

const MAX_NAMED = 5

/**
 * Finds the files that a manifest lists by path: in its own folder and below, nowhere else. Throws SOURCE_INCOMPLETE if
 * some are not there, SOURCE_UNUSABLE.
 */
export async function filesBeside(
  files: readonly ListedFile[],
  { file, folder }: { readonly file: ManifestFile; readonly folder: Source },
): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>()
  const missing: string[] = []
  for (const { url, promised, isDeleted } of files) {
    const name = nameOf(url, file)
    if (found.has(name)) throw listedTwice(file, name)
    const item = await folder.head(name)
    if (item === undefined) missing.push(name)
    else found.set(name, { item: { ...item, promised }, isDeleted })
  }
  if (missing.length === 0) return [...found.values()]
  const named = missing.slice(0, MAX_NAMED).map((name) => JSON.stringify(name))
  throw sluiceError('SOURCE_INCOMPLETE', {
    at: file.place,
    message: `files that the manifest lists are missing (${missing.length}): ${named.join(', ')}${missing.length > MAX_NAMED ? ', …' : ''}; nothing was loaded`,
    help: 'put them beside the manifest',
  })
}

/** Returns the name of a file in the manifest's folder. */
function nameOf(url: string, file: ManifestFile): string {
  const path = /^file:/i.test(url) && URL.canParse(url) ? pathOf(url) : url.replace(/^(?:\.\/+)+/, '')
  const name = isAbsolute(path) && isLocal(file.folder) ? relative(resolve(file.folder), path) : path
  if (isInnerName(name)) return name
  throw sluiceError('SOURCE_UNUSABLE', {
    at: file.place,
    message: `the manifest lists ${JSON.stringify(url)}, which is not in its own folder`,
    help: 'put the file beside the manifest and list it by its name',
  })
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}
