import { access, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sluiceError } from '../../errors.js'
import { writing } from '../../storage/folder/file-errors.js'
import { makeFolders } from '../../storage/folder/folder-files.js'

const OWNER_ONLY = 0o600
const READABLE = 0o666

/** Throws SINK_CONFLICT if one of the files is there. */
export async function checkFree(folder: string, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    const path = join(folder, name)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) throw conflict(path)
  }
}

/** Writes all files, or none if one of them is there. */
export async function writeNew(
  folder: string,
  files: ReadonlyMap<string, string>,
  secrets: ReadonlySet<string>,
): Promise<void> {
  await checkFree(folder, files.keys())
  for (const [name, text] of files) {
    const path = join(folder, name)
    await writing(path, async () => {
      await makeFolders(dirname(path))
      // Fails for a file that another program has just made: nothing is ever overwritten.
      const file = await open(path, 'wx', secrets.has(name) ? OWNER_ONLY : READABLE)
      try {
        await file.writeFile(text)
      } finally {
        await file.close()
      }
    })
  }
}

const conflict = (path: string) =>
  sluiceError('SINK_CONFLICT', {
    at: path,
    message: 'is there already; nothing was written',
    help: 'choose another folder, or move it away',
  })
