import { once } from 'node:events'
import { createReadStream, createWriteStream, mkdirSync, readdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { elementAt } from '../test/support/elements.js'
import type { Measured } from './end-to-end-process.js'
import { costOfThisProcess } from './process-cost.js'

/**
 * What `end-to-end.ts` compares with, as a whole process that loads nothing else. `readline` is the loop that everybody
 * writes: readline, parse, stringify, write, on one thread. `copy` has the reads, the writes and the flushes of the
 * pipeline, and no work between them.
 */
export interface LoopOptions {
  readonly mode: 'readline' | 'copy'
  readonly input: string
  readonly output: string
}

/** Sizes of the pipeline: a chunk, and what it writes between two flushes. */
const PIECE_BYTES = 4 * 2 ** 20
const FLUSH_EVERY_BYTES = 64 * 2 ** 20

const options = JSON.parse(elementAt(process.argv, 2)) as LoopOptions
mkdirSync(options.output, { recursive: true })
const lines = options.mode === 'readline' ? await readline(options) : await copy(options)
const measured: Measured = { ...costOfThisProcess(), lines }
process.stdout.write(`${JSON.stringify(measured)}\n`)

async function readline({ input, output }: LoopOptions): Promise<number> {
  let count = 0
  for (const name of readdirSync(input)) {
    const target = createWriteStream(join(output, name))
    for await (const line of createInterface({ input: createReadStream(join(input, name)) })) {
      count += 1
      if (!target.write(`${JSON.stringify(JSON.parse(line))}\n`)) await once(target, 'drain')
    }
    target.end()
    await finished(target)
  }
  return count
}

async function copy({ input, output }: LoopOptions): Promise<number> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (const name of readdirSync(input)) {
    const [source, target] = [await open(join(input, name)), await open(join(output, name), 'w')]
    await copyFile(source, target, piece)
    await Promise.all([source.close(), target.close()])
  }
  return 0
}

async function copyFile(source: FileHandle, target: FileHandle, piece: Buffer): Promise<void> {
  let flushed = Promise.resolve()
  for (let unflushedBytes = 0; ; ) {
    const { bytesRead } = await source.read(piece, 0, piece.length)
    if (bytesRead === 0) break
    await target.write(piece, 0, bytesRead)
    unflushedBytes += bytesRead
    if (unflushedBytes < FLUSH_EVERY_BYTES) continue
    await flushed
    flushed = target.datasync()
    unflushedBytes = 0
  }
  await flushed
  await target.datasync()
}
