// Holds src/ndjson/line.ts, src/ndjson/line-cursor.ts, src/ndjson/line-blocks.ts, src/ndjson/line-stream.ts,
// src/ndjson/line-counter.ts, src/ndjson/text-lines.ts, and the lines that src/pipeline/chunks/chunks.ts cuts.

import { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { contentEnd, countLines, isBlank, lastLineStart, wholeLinesEnd } from '../../src/ndjson/line.js'
import { LineBlocks, type LongLine, type Read } from '../../src/ndjson/line-blocks.js'
import { LineCounter } from '../../src/ndjson/line-counter.js'
import { LineCursor } from '../../src/ndjson/line-cursor.js'
import { lineStream, linesOfPieces } from '../../src/ndjson/line-stream.js'
import { endedLines, textLines } from '../../src/ndjson/text-lines.js'
import { Chunks } from '../../src/pipeline/chunks/chunks.js'
import { Slabs } from '../../src/pipeline/chunks/slabs.js'
import { openStream } from '../../src/pipeline/chunks/unpack.js'
import { settleLimits } from '../../src/pipeline/limits.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'

/** A line as a reader should find it, in bytes written as latin1. */
interface Expected {
  readonly content: string
  readonly offset: number
  readonly endOffset: number
}

/** INVARIANT line in the plainest way there is. */
function oracle(bytes: Buffer): readonly Expected[] {
  const text = bytes.toString('latin1')
  let offset = text.startsWith('\xef\xbb\xbf') ? 3 : 0
  const parts = text.slice(offset).split('\n')
  const lines = parts.map((part, index) => {
    const endOffset = offset + part.length + (index < parts.length - 1 ? 1 : 0)
    const line = { content: part.replace(/\r$/, ''), offset, endOffset }
    offset = endOffset
    return line
  })
  return lines.at(-1)?.endOffset === lines.at(-1)?.offset ? lines.slice(0, -1) : lines
}

const FRAGMENTS = [
  '\n',
  '\n',
  '\r\n',
  '\r',
  '\0',
  ' ',
  '\t',
  '\v',
  '\f',
  'a',
  '{"id":1}',
  '\xef\xbb\xbf',
  '\xef',
  '\xbb',
]
const LONG = ['x'.repeat(100), '\r'.repeat(30), 'é'.repeat(60)]

function randomBytes(random: Random): Buffer {
  const pieces = Array.from({ length: random.below(40) }, () =>
    random.pick(random.chance(0.1) ? LONG : FRAGMENTS),
  )
  return Buffer.from((random.chance(0.3) ? '\xef\xbb\xbf' : '') + pieces.join(''), 'latin1')
}

/** The bytes in pieces, some of them empty, each overwritten once the next one is asked for. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + random.below(random.pick([3, 20, 200])))
    pieces.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return pieces
}

function readerOf(pieces: readonly Buffer[]): Read {
  let rest = Buffer.concat(pieces)
  const lengths = pieces.map(({ length }) => length).filter((length) => length > 0)
  return async (target) => {
    const wanted = Math.min(lengths[0] ?? 0, target.length)
    target.set(rest.subarray(0, wanted))
    rest = rest.subarray(wanted)
    if (lengths[0] === wanted) lengths.shift()
    else if (lengths[0] !== undefined) lengths[0] -= wanted
    return wanted
  }
}

async function* arriving(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    const copy = Buffer.from(piece)
    yield copy
    copy.fill(0x2a)
  }
}

/** Every line, and where a line that is too long was. */
type Found = Expected | LongLine

const held = (lines: readonly Expected[], maxLineBytes: number): readonly Found[] =>
  lines.map((line) =>
    line.content.length <= maxLineBytes
      ? line
      : {
          kind: 'too-long',
          offset: line.offset,
          lengthBytes: line.content.length,
          endOffset: line.endOffset,
        },
  )

function linesIn(bytes: Buffer, range: { start: number; end: number }, offset: number): Expected[] {
  const found: Expected[] = []
  const line = new LineCursor(bytes, range)
  while (line.advance())
    found.push({
      content: bytes.toString('latin1', line.start, line.end),
      offset: offset + line.start - range.start,
      endOffset: offset + line.next - range.start,
    })
  return found
}

async function fromBlocks(blocks: LineBlocks): Promise<readonly Found[]> {
  const found: Found[] = []
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next())
    if (block.kind === 'too-long') found.push(block)
    else found.push(...linesIn(block.bytes, { start: 0, end: block.bytes.length }, block.offset))
  return found
}

const LIMITS = settleLimits({ chunkBytes: 64, workers: 1 })

/** As the pipeline cuts them: into chunks, of which each begins where it would in any other run. */
async function fromChunks(pieces: readonly Buffer[], maxLineBytes: number): Promise<readonly Found[]> {
  const item = { name: 'x.ndjson', bytes: 0, version: '' }
  const slabs = new Slabs(LIMITS)
  const reader = await openStream(Readable.from(pieces, { objectMode: false }), item)
  const chunks = new Chunks(reader, slabs, { item: item.name, chunkBytes: 64, maxLineBytes, fromOffset: 0 })
  const found: Found[] = []
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next())
    if (chunk.kind === 'too-long') found.push(chunk)
    else {
      found.push(...linesIn(chunk.slab.bytes, chunk, chunk.offset))
      slabs.give(chunk.slab)
    }
  return found
}

const seconds = fuzzSeconds(3)

/** In ASCII: TAP loses an assertion whose name holds U+2028. */
const shown = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)

/** Without a line of TAP for each of the many that are the same. */
const same = (t: Test, found: unknown, wanted: unknown, name = ''): boolean =>
  isDeepStrictEqual(found, wanted) || t.strictSame(found, wanted, name)

t.test('all readers find the same lines in random bytes, wherever they are cut', async (t) => {
  const random = seededRandom('lines')
  const end = Date.now() + seconds * 1000
  let round = 0
  for (; round < 200 || Date.now() < end; round += 1) {
    const bytes = randomBytes(random)
    const pieces = cut(bytes, random)
    const expected = oracle(bytes)
    const where = `${shown(bytes.toString('latin1'))} in ${pieces.map(({ length }) => length)}`
    const mark =
      bytes.length - Buffer.byteLength(bytes.toString('latin1').replace(/^\xef\xbb\xbf/, ''), 'latin1')

    if (!same(t, linesIn(bytes, { start: mark, end: bytes.length }, mark), expected, `cursor: ${where}`))
      return
    for (const maxLineBytes of [Number.POSITIVE_INFINITY, 1, random.below(120)]) {
      const wanted = held(expected, maxLineBytes)
      const blocks = new LineBlocks(readerOf(pieces), { maxLineBytes })
      if (!same(t, await fromBlocks(blocks), wanted, `blocks up to ${maxLineBytes}: ${where}`)) return
      same(t, blocks.endOffset, bytes.length, 'where the stream ends')
      same(t, blocks.isMarked, mark > 0, 'whether it is marked')
      const stream: string[] = []
      for await (const line of lineStream(readerOf(pieces), { maxLineBytes }))
        stream.push(`${line.offset} ${line.lengthBytes} ${line.bytes?.toString('latin1') ?? 'too long'}`)
      const texts = expected.map(
        ({ content, offset }) =>
          `${offset} ${content.length} ${content.length > maxLineBytes ? 'too long' : content}`,
      )
      if (!same(t, stream, texts, `stream up to ${maxLineBytes}: ${where}`)) return
    }
    const arrived: string[] = []
    for await (const line of linesOfPieces(arriving(pieces)))
      arrived.push(line.bytes?.toString('latin1') ?? '')
    if (
      !same(
        t,
        arrived,
        expected.map(({ content }) => content),
        `pieces: ${where}`,
      )
    )
      return
    if (!sameCounts(t, bytes, pieces, expected, where)) return
    // The pipeline refuses what looks like UTF-16.
    if (round % 20 === 0 && !bytes.subarray(0, 2).includes(0)) {
      // A slab has room for 64 KiB more than a chunk, so that no line here is too long for one.
      const found = await fromChunks(pieces, 1 << 20)
      if (!same(t, found, expected, `chunks: ${where}`)) return
    }
  }
  t.pass(`${round} rounds`)
})

function sameCounts(
  t: Test,
  bytes: Buffer,
  pieces: readonly Buffer[],
  expected: readonly Expected[],
  where: string,
) {
  const counter = new LineCounter()
  for (const piece of pieces) counter.add(piece)
  const full = expected.filter(({ content }) => /[^\t-\r ]/.test(content))
  const body = bytes.subarray(expected[0]?.offset ?? bytes.length)
  return (
    same(t, counter.count, full.length, `counter: ${where}`) &&
    same(t, expected.filter(({ content }) => !isBlank(Buffer.from(content, 'latin1'))).length, full.length) &&
    same(t, countLines(body), expected.length, `count: ${where}`) &&
    same(t, lastLineStart(bytes, bytes.length), bytes.toString('latin1').slice(0, -1).lastIndexOf('\n') + 1)
  )
}

t.test('the lines of a text are those of its bytes', async (t) => {
  const random = seededRandom('lines')
  const fragments = ['\n', '\r\n', '\r', '\0', 'é', '東😀', '{"id":1}', '\u2028', '\ufeff', ' ']
  for (let round = 0; round < 2000; round += 1) {
    const text = Array.from({ length: random.below(20) }, () => random.pick(fragments)).join('')
    const bytes = Buffer.from(text)
    const expected = oracle(bytes)
    const lines = [...textLines(text)]
    const found = lines.map((line) => `${line.endBytes} ${line.text}`)
    const wanted = expected.map(
      (line) => `${line.endOffset} ${Buffer.from(line.content, 'latin1').toString()}`,
    )
    if (!same(t, found, wanted, shown(text))) return
    const ended = lines.filter(({ isEnded }) => isEnded).at(-1)?.endBytes ?? 0
    if (!same(t, Buffer.byteLength(endedLines(text)), ended, `ended: ${shown(text)}`)) return
    same(t, wholeLinesEnd(bytes, 0, bytes.length), ended)
  }
  t.pass('2000 texts')
})

t.test('a line longer than a piece is held, and one longer than the limit is passed over', async (t) => {
  const long = Buffer.concat([Buffer.alloc(3 << 20, 0x61), Buffer.from('\r\nb\n')])
  const lengths = async (maxLineBytes: number) =>
    (await fromBlocks(new LineBlocks(readerOf([long]), { maxLineBytes }))).map((line) =>
      'kind' in line ? -line.lengthBytes : line.content.length,
    )
  t.strictSame(await lengths(3 << 20), [3 << 20, 1])
  t.strictSame(await lengths((3 << 20) - 1), [-(3 << 20), 1])
  t.strictSame(await lengths(10), [-(3 << 20), 1])
})

t.test('a document is one line, whatever newlines it holds', async (t) => {
  const text = '{\n"a":1}\r\n\n'
  const lines: string[] = []
  for await (const { bytes } of lineStream(readerOf([Buffer.from(text)]), { isDocument: true }))
    lines.push(String(bytes))
  t.strictSame(lines, [text])
})

t.test('a line is given out as soon as its end arrives', async (t) => {
  async function* stdin(): AsyncGenerator<string> {
    yield 'first\nsec'
    throw new Error('nothing more was to be read')
  }
  const lines = linesOfPieces(stdin())
  t.equal(String((await lines.next()).value?.bytes), 'first')
  await t.rejects(lines.next(), { message: 'nothing more was to be read' })
})

t.test('an ending is LF or CR LF; at the end of the text a CR is one too', async (t) => {
  for (const [text, content] of [
    ['a\r\n', 'a'],
    ['a\r', 'a'],
    ['a\r\r\n', 'a\r'],
    ['\n', ''],
    ['\r', ''],
  ] as const)
    t.equal(text.slice(0, contentEnd(Buffer.from(text), 0, text.length)), content, shown(text))
})
