// Holds src/environment-error.ts.

import t from 'tap'
import { exitCodeOf } from '../../src/commands/exit-codes.js'
import { describeFailure } from '../../src/commands/failure.js'
import { checkNodeVersion } from '../../src/commands/node-version.js'
import { sinkError, sourceError } from '../../src/storage/folder/file-errors.js'

const system = (code: string) => Object.assign(new Error(`${code}: something`), { code, path: '/data/x' })
const overflow = (): unknown => {
  const again = (depth: number): number => again(depth + 1) + 1
  try {
    return again(0)
  } catch (error) {
    return error
  }
}

const RAW: readonly (readonly [name: string, error: unknown, code: string, exitCode: number])[] = [
  ...['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ENOSPC', 'EDQUOT', 'ERR_WORKER_OUT_OF_MEMORY'].map(
    (code) => [code, system(code), 'OUT_OF_RESOURCES', 5] as const,
  ),
  ...[
    'EIO',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENOTDIR',
    'EISDIR',
    'ELOOP',
    'ENAMETOOLONG',
    'EADDRINUSE',
    'ESTALE',
  ].map((code) => [code, system(code), 'SYSTEM_ERROR', 5] as const),
  ['a missing file of the installation', system('ERR_MODULE_NOT_FOUND'), 'SYSTEM_ERROR', 5],
  [
    'an error that lost its code in a thread',
    new Error('ENOENT: no such file or directory, uv_cwd'),
    'SYSTEM_ERROR',
    5,
  ],
  ['a buffer that cannot be had', new RangeError('Array buffer allocation failed'), 'OUT_OF_RESOURCES', 5],
  ['a text too long', new RangeError('Invalid string length'), 'OUT_OF_RESOURCES', 5],
  ['nesting deeper than the stack', overflow(), 'CONFIG_INVALID', 2],
]

t.test('what the system throws is never called a bug, and says what to do', async (t) => {
  for (const [name, error, code, exitCode] of RAW) {
    t.equal(exitCodeOf(error), exitCode, name)
    const { text, json } = describeFailure(error)
    t.match(text, new RegExp(`^${code}: `), name)
    t.notMatch(text, /bug/i, name)
    t.match(
      json,
      { error: { code, blame: code === 'CONFIG_INVALID' ? 'config' : 'environment' }, exitCode },
      name,
    )
  }
})

t.test('what nobody foresaw stays a bug', async (t) => {
  for (const error of [new TypeError('x is undefined'), undefined, null, 'text', new RangeError('precision')])
    t.equal(exitCodeOf(error), 1, String(error))
})

t.test(
  'a process without files or memory blames neither source nor sink; a full disk is the sink',
  async (t) => {
    for (const code of ['EMFILE', 'ENFILE', 'ENOMEM']) {
      t.equal(sourceError(system(code), 'a').code, 'OUT_OF_RESOURCES')
      t.equal(sinkError(system(code), 'a').code, 'OUT_OF_RESOURCES')
    }
    for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) t.equal(sinkError(system(code), 'a').code, 'SINK_FULL')
    for (const code of ['EROFS', 'EIO', 'EACCES'])
      t.equal(sinkError(system(code), 'a').code, 'SINK_UNWRITABLE')
  },
)

t.test('an old Node is told by name, with what is needed', async (t) => {
  for (const version of ['12.22.12', '18.20.4', '20.11.1', 'v16.0.0'])
    t.throws(() => checkNodeVersion(version), { code: 'SYSTEM_ERROR', message: /20\.12/ }, version)
  for (const version of ['20.12.0', '20.20.2', '22.0.0', '26.1.0']) checkNodeVersion(version)
})
