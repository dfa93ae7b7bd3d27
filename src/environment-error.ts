import { isSluiceError, type SluiceError, sluiceError } from './errors.js'

/** What has happened, and what to do. */
type Advice = readonly [message: string, help: string]

const NO_MEMORY: Advice = [
  'this machine has no memory left',
  'give the process more or lower --memory-budget and --workers',
]
const TOO_LONG: Advice = ['a text is longer than this version of Node can hold', 'split what is read']

/** What this machine has run out of, by the code of the system or of Node, and what to do about it. */
const EXHAUSTED: Readonly<Record<string, Advice>> = {
  EMFILE: ['this process has too many open files', 'raise its limit (ulimit -n 1024)'],
  ENFILE: ['this machine has too many open files', 'raise its limit (fs.file-max) or end other programs'],
  ENOMEM: NO_MEMORY,
  EAGAIN: [
    'this machine cannot start more threads or processes',
    'raise the limit (ulimit -u) or lower --workers',
  ],
  ENOSPC: ['the disk is full', 'free some space and run it again'],
  EDQUOT: ['the disk quota is used up', 'free some space and run it again'],
  ENOBUFS: ['this machine has no memory left for the network', 'run it again later'],
  ERR_WORKER_OUT_OF_MEMORY: [
    'a worker thread ran out of memory',
    'give the process more or lower --memory-budget and --workers',
  ],
  ERR_WORKER_INIT_FAILED: [
    'this machine cannot start more threads',
    'raise its limits (ulimit -u, ulimit -v) or lower --workers',
  ],
  ERR_MEMORY_ALLOCATION_FAILED: ['this machine has no memory left', 'give the process more'],
  ERR_STRING_TOO_LONG: TOO_LONG,
  ERR_FS_FILE_TOO_LARGE: ['a file is larger than can be read at once', 'split it'],
}

/** What other faults of this machine mean. */
const FAULTS: Readonly<Record<string, Advice>> = {
  EACCES: ['permission denied', 'check the owner and the permissions'],
  EPERM: ['permission denied', 'check the owner and the permissions'],
  EROFS: ['the file system is read-only', 'choose another place or mount it writable'],
  EIO: ['the disk or its driver reports an error', 'check the disk'],
  ENOENT: ['a file or folder is missing', 'check that it exists and run it again'],
  ENOTDIR: ['part of the path is a file, not a folder', 'check the path'],
  EISDIR: ['is a folder, not a file', 'check the path'],
  ELOOP: ['symbolic links form a loop', 'check the path'],
  ENAMETOOLONG: ['the name or path is too long for the file system', 'shorten it'],
  EADDRINUSE: ['the port is in use', 'choose another port or end the program that holds it'],
  EADDRNOTAVAIL: ['the address does not belong to this machine', 'choose another address'],
  ERR_MODULE_NOT_FOUND: ['a file of the installation is missing', 'install Sluice again'],
  MODULE_NOT_FOUND: ['a file of the installation is missing', 'install Sluice again'],
  ERR_UNKNOWN_BUILTIN_MODULE: ['this version of Node is too old', 'install Node 20.12 or newer'],
  ERR_DLOPEN_FAILED: ['a native library cannot be loaded', 'install Sluice again on this machine'],
}

/** Limits of Node that have no code, by the text of the engine's own error. */
const RANGES: readonly (readonly [RegExp, Advice])[] = [
  [/^(Array buffer allocation failed|WebAssembly\.Memory)/, NO_MEMORY],
  [/^Invalid (string|array|typed array) length/, TOO_LONG],
  [/^(Map|Set) maximum size exceeded/, NO_MEMORY],
]

const isSystemCode = (code: string): boolean => /^E[A-Z0-9]{2,}$/.test(code)

/**
 * An error of the operating system or of Node as the environment's: OUT_OF_RESOURCES or SYSTEM_ERROR. Of what nests
 * deeper than the stack, CONFIG_INVALID: input is never read by recursion without a limit. Undefined for anything else.
 */
export function environmentError(error: unknown, place?: string): SluiceError | undefined {
  const at = place ?? pathOf(error)
  if (isStackOverflow(error))
    return sluiceError('CONFIG_INVALID', {
      at,
      message: 'something is nested too deeply',
      help: 'use fewer levels',
      cause: error,
    })
  const exhausted = exhaustedBy(error)
  const code = codeOf(error) ?? ''
  const advice = exhausted ?? FAULTS[code]
  if (advice === undefined && !isSystemCode(code)) return undefined
  const [message, help] = advice ?? [`the system reports an error (${code})`]
  return sluiceError(exhausted === undefined ? 'SYSTEM_ERROR' : 'OUT_OF_RESOURCES', {
    at,
    message,
    help,
    cause: error,
  })
}

/** OUT_OF_RESOURCES where the machine, not the place, is what is at its limit; undefined for anything else. */
export function exhaustionError(error: unknown, at?: string): SluiceError | undefined {
  const code = codeOf(error)
  // These concern one disk: who writes to it knows which.
  if (code === 'ENOSPC' || code === 'EDQUOT' || exhaustedBy(error) === undefined) return undefined
  return environmentError(error, at)
}

/** Any error as a SluiceError: its own, the environment's, or INTERNAL, a bug. */
export const asSluiceError = (error: unknown): SluiceError =>
  isSluiceError(error)
    ? error
    : (environmentError(error) ?? sluiceError('INTERNAL', { message: 'unexpected error', cause: error }))

function exhaustedBy(error: unknown): Advice | undefined {
  const code = codeOf(error)
  if (code !== undefined && Object.hasOwn(EXHAUSTED, code)) return EXHAUSTED[code]
  if (!(error instanceof Error)) return undefined
  return RANGES.find(([pattern]) => pattern.test(error.message))?.[1]
}

const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded')

/** Also of a worker thread's error, whose code may not have crossed to this thread. */
function codeOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return code
  return typeof message === 'string' ? /^(E[A-Z]{2,}): /.exec(message)?.[1] : undefined
}

function pathOf(error: unknown): string | undefined {
  const { path, syscall } = (error ?? {}) as { path?: unknown; syscall?: unknown }
  if (typeof path === 'string') return path
  return syscall === 'uv_cwd' ? 'the current folder' : undefined
}
