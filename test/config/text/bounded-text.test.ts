import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { MAX_CONFIG_BYTES, readBoundedText } from '../../../src/config/text/bounded-text.js'

const isLinux = process.platform === 'linux'

const openDescriptors = (): number => readdirSync('/proc/self/fd').length

/** A new named pipe into which a process writes the text once somebody reads. */
function pipeWith(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  execFileSync('sh', ['-c', 'cat "$1" > "$2" &', 'sh', textFile(folder, `${name}.txt`, text), path], {
    stdio: 'ignore',
  })
  return path
}

function textFile(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

t.test('no way to end leaves a descriptor open', { skip: !isLinux && 'needs /proc' }, async (t) => {
  const folder = t.testdir({ folder: {} })
  const long = textFile(folder, 'long.json', ' '.repeat(MAX_CONFIG_BYTES + 1))
  const silent = join(folder, 'silent')
  execFileSync('mkfifo', [silent])
  const soon = new AbortController()
  setImmediate(() => soon.abort())
  const rows: readonly (readonly [name: string, read: () => Promise<string>, expected: string])[] = [
    ['a file', () => readBoundedText(textFile(folder, 'config.json', '{"ä":1}')), '{"ä":1}'],
    ['an empty file', () => readBoundedText(textFile(folder, 'empty.json', '')), ''],
    ['a file that is too long', () => readBoundedText(long), 'EFBIG'],
    ['a device without end', () => readBoundedText('/dev/zero'), 'EFBIG'],
    ['a folder', () => readBoundedText(join(folder, 'folder')), 'EISDIR'],
    ['no file', () => readBoundedText(join(folder, 'none')), 'ENOENT'],
    ['a pipe', () => readBoundedText(pipeWith(folder, 'pipe', '{"ä":1}')), '{"ä":1}'],
    [
      'a pipe that is too long',
      () => readBoundedText(pipeWith(folder, 'long-pipe', ' '.repeat(MAX_CONFIG_BYTES + 1))),
      'EFBIG',
    ],
    ['a pipe that nobody writes to', () => readBoundedText(silent, soon.signal), 'INTERRUPTED'],
    ['a signal from before', () => readBoundedText(silent, AbortSignal.abort()), 'INTERRUPTED'],
  ]
  // The first pipe makes Node open descriptors of its own.
  await readBoundedText(pipeWith(folder, 'first', ''))
  const before = openDescriptors()
  for (const [name, read, expected] of rows) {
    const result = await read().catch((error: NodeJS.ErrnoException) => error.code ?? 'no code')
    t.equal(result, expected, name)
    t.equal(await settled(before), before, `${name}: descriptors`)
  }
})

/** The number of open descriptors, once it is what is expected or no longer changes. */
async function settled(expected: number): Promise<number> {
  for (let turn = 0; turn < 1_000 && openDescriptors() !== expected; turn++)
    await new Promise((resolve) => setImmediate(resolve))
  return openDescriptors()
}

t.test('reading a pipe closes no file of somebody else', async (t) => {
  const folder = t.testdir({ 'other.txt': 'x' })
  const faults: unknown[] = []
  for (let round = 0; round < 60; round++) {
    const reading = readBoundedText(pipeWith(folder, `pipe-${round}`, 'x'))
    let isReading = true
    const others = Array.from({ length: 4 }, async () => {
      while (isReading) {
        const file = await open(join(folder, 'other.txt'))
        await file.stat().catch((error: unknown) => faults.push(error))
        await file.close().catch((error: unknown) => faults.push(error))
      }
    })
    await reading
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    isReading = false
    await Promise.all(others)
  }
  t.strictSame(faults, [])
})
