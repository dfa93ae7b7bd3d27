import { exhaustionError } from '../../environment-error.js'
import { isSluiceError, type SluiceError, sluiceError } from '../../errors.js'

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}

export const isMissing = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

/** Of an open with O_NOFOLLOW: the name is a symbolic link. */
export const isLink = (error: unknown): boolean => codeOf(error) === 'ELOOP'

export const isExisting = (error: unknown): boolean => codeOf(error) === 'EEXIST'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The error of a write as the caller's: SINK_FULL or SINK_UNWRITABLE; OUT_OF_RESOURCES where this machine lacks something. */
export function sinkError(error: unknown, at: string): SluiceError {
  const exhausted = exhaustionError(error, at)
  if (exhausted !== undefined) return exhausted
  const code = codeOf(error)
  return FULL.has(code)
    ? sluiceError('SINK_FULL', `no room left (${code}); make room and run it again`, {
        blame: 'sink',
        retry: 'later',
        at,
        cause: error,
      })
    : sluiceError('SINK_UNWRITABLE', `cannot be written (${code})`, {
        blame: 'sink',
        retry: 'later',
        at,
        cause: error,
      })
}

/** The error of a read as the caller's: SOURCE_CHANGED where the file is gone, otherwise SOURCE_UNREADABLE. */
export function sourceError(error: unknown, at: string): SluiceError {
  if (isMissing(error))
    return sluiceError('SOURCE_CHANGED', 'is gone since it was listed', {
      blame: 'source',
      retry: 'now',
      at,
      cause: error,
    })
  const exhausted = exhaustionError(error, at)
  if (exhausted !== undefined) return exhausted
  return sluiceError('SOURCE_UNREADABLE', `cannot be read (${codeOf(error)})`, {
    blame: 'source',
    retry: 'later',
    at,
    cause: error,
  })
}

/** Runs a write; its error becomes SINK_FULL or SINK_UNWRITABLE. */
export async function writing<T>(at: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isSluiceError(error) ? error : sinkError(error, at)
  }
}
