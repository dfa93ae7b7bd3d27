import { open, stat } from 'node:fs/promises'
import { sluiceError } from '../../errors.js'
import { realOf } from './folder.js'

export interface WrittenFile {
  readonly path: string
  /** The option that names the file. */
  readonly option: string
  /** Start of an earlier file of the same kind. Only such a file, or an empty one, is replaced. */
  readonly begins: RegExp
  /** Folders and files of the run that must not contain it. */
  readonly apartFrom?: readonly string[] | undefined
}

/** Throws USAGE for a file that this option must not write: an input, configuration, output, key or device. */
export async function checkReplaceable({ path, option, begins, apartFrom = [] }: WrittenFile): Promise<void> {
  const real = await realOf(path)
  for (const place of apartFrom) {
    const taken = await realOf(place)
    if (real === taken || real.startsWith(`${taken}/`))
      throw refused(path, `${option} must not name or lie in ${place}`)
  }
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined || (stats.isFile() && stats.size === 0)) return
  if (!stats.isFile()) throw refused(path, `${option} must name a regular file`)
  if (!begins.test(await beginningOf(path)))
    throw refused(path, `${option} names a file that Sluice did not write`)
}

async function beginningOf(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const refused = (at: string, message: string) =>
  sluiceError('USAGE', { at, message: `${message}; nothing was done`, help: 'choose another name' })
