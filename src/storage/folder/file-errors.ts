import { exhaustionError } from '../../environment-error.js'
import { isSluiceError, type SluiceError, sluiceError } from '../../errors.js'

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}

export const isMissing = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

/** Code of an open with O_NOFOLLOW whose name is a symbolic link. */
export const isLink = (error: unknown): boolean => codeOf(error) === 'ELOOP'

export const isExisting = (error: unknown): boolean => codeOf(error) === 'EEXIST'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Converts the error of a write: SINK_FULL or SINK_UNWRITABLE; OUT_OF_RESOURCES if this machine lacks something. */
export function sinkError(error: unknown, at: string): SluiceError {
  const exhausted = exhaustionError(error, at)
  if (exhausted !== undefined) return exhausted
  const code = codeOf(error)
  return FULL.has(code)
    ? sluiceError('SINK_FULL', {
        at,
        message: `no room left (${code})`,
        cause: error,
      })
    : sluiceError('SINK_UNWRITABLE', { at, message: `cannot be written (${code})`, cause: error })
}

/** Converts the error of a read: SOURCE_CHANGED if the file is gone, else SOURCE_UNREADABLE. */
export function sourceError(error: unknown, at: string): SluiceError {
  if (isMissing(error))
    return sluiceError('SOURCE_CHANGED', { at, message: 'is gone since it was listed', cause: error })
  const exhausted = exhaustionError(error, at)
  if (exhausted !== undefined) return exhausted
  return sluiceError('SOURCE_UNREADABLE', { at, message: `cannot be read (${codeOf(error)})`, cause: error })
}

/** Runs a write; its error becomes SINK_FULL or SINK_UNWRITABLE. */
export async function writing<T>(at: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isSluiceError(error) ? error : sinkError(error, at)
  }
}
