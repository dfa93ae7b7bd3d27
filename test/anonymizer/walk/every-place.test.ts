import t, { type Test } from 'tap'
import { ChunkEngine, type ChunkOptions, difference } from '../../support/chunk-engine.js'
import { elementAt } from '../../support/elements.js'
import { isLongFuzz } from '../../support/random.js'
import { type MORE_RULES, tokensOf, WALK_LINE, walkSpec } from '../../support/walk-line.js'

// One line, changed at every place where it can be changed. The interpreter says what the walk must make of it.

const TOKENS = tokensOf(WALK_LINE)
const BYTES = Buffer.from(WALK_LINE)

for (const name of ['none', 'predicates', 'places'] as const satisfies readonly (keyof typeof MORE_RULES)[]) {
  const interpreter = new ChunkEngine(walkSpec(name), 'interpreter')
  const automatic = new ChunkEngine(walkSpec(name), 'automatic')
  const compact = interpreter.run(WALK_LINE)

  /** Both engines make the same of a chunk. */
  const agree = (t: Test, chunk: Buffer | string, what: string, options: ChunkOptions = {}): void => {
    const wrong = difference(interpreter.run(chunk, options), automatic.run(chunk, options))
    if (wrong !== undefined) t.fail(`${what}: ${wrong}`)
  }
  /** And what the line without the change becomes. */
  const same = (t: Test, chunk: string, what: string, options: ChunkOptions = {}): void => {
    const wrong = difference(compact, automatic.run(chunk, options))
    if (wrong !== undefined) t.fail(`${what}: ${wrong}`)
  }

  t.test(`${name}: the line is delivered`, async (t) => {
    same(t, WALK_LINE, 'compact')
    t.match(compact, { delivered: 1, resourcesByType: { Patient: 1 } })
    if (name === 'none') t.equal(automatic.interpretedLines, 0, 'by the walk')
  })

  t.test(`${name}: white space at any token boundary changes nothing`, async (t) => {
    const runs = [1, 2, 15, 16, 17, 33, 64, 257]
    const spaces = ['\t', '\r', ' \t\r ', ...runs.map((length) => ' '.repeat(length))]
    const newlines = ['\n', '\r\n', '\n    \t', `\n${' '.repeat(40)}`]
    const check = name === 'places' ? agree : same
    for (let place = 0; place <= TOKENS.length; place++) {
      const [before, after] = [TOKENS.slice(0, place).join(''), TOKENS.slice(place).join('')]
      for (const space of spaces)
        check(t, `${before}${space}${after}`, `${JSON.stringify(space)} at ${place}`)
      for (const space of newlines)
        check(t, `${before}${space}${after}`, `${JSON.stringify(space)} at ${place}`, { document: true })
    }
    for (const space of [...spaces, ...newlines])
      check(t, TOKENS.join(space), `${JSON.stringify(space)} everywhere`, { document: true })
  })

  t.test(`${name}: what JSON does not know between tokens is rejected`, async (t) => {
    for (const piece of ['\v', '\f', '\u00a0', '\0', '//x\r', '\ufeff', '\\', ',', '}', '"', '1'])
      for (let place = 0; place <= TOKENS.length; place++)
        agree(t, TOKENS.toSpliced(place, 0, piece).join(''), `${JSON.stringify(piece)} at token ${place}`)
  })

  t.test(`${name}: any character of a key or a string may be written as an escape`, async (t) => {
    for (const [place, token] of TOKENS.entries()) {
      if (!token.startsWith('"') || token.includes('\\')) continue
      for (let k = 1; k < token.length - 1; k++) {
        const hex = token.charCodeAt(k).toString(16).padStart(4, '0')
        const spelled = `\\u${k % 2 === 0 ? hex : hex.toUpperCase()}`
        const escaped = `${token.slice(0, k)}${spelled}${token.slice(k + 1)}`
        agree(t, TOKENS.with(place, escaped).join(''), escaped)
      }
    }
  })

  t.test(`${name}: any token may be missing, come twice, or be another`, async (t) => {
    const others = [
      'null',
      '""',
      '{}',
      '[]',
      '[null]',
      '5',
      '-0.0',
      '01',
      '1.',
      'true',
      '"x"',
      '"id"',
      '[[]]',
    ]
    for (const [place, token] of TOKENS.entries()) {
      agree(t, TOKENS.toSpliced(place, 1).join(''), `without token ${place}`)
      agree(t, TOKENS.toSpliced(place, 0, token).join(''), `token ${place} twice`)
      for (const other of others) agree(t, TOKENS.with(place, other).join(''), `${other} as token ${place}`)
    }
  })

  t.test(`${name}: any byte may be replaced by any other`, async (t) => {
    // A short run tries other bytes at each place.
    const step = isLongFuzz() ? 1 : 32
    for (let place = 0; place < BYTES.length; place++)
      for (let byte = place % step; byte < 256; byte += step) {
        const changed = Buffer.from(BYTES)
        changed[place] = byte
        agree(t, changed, `byte ${byte} at ${place}`, { document: byte === 0x0a })
      }
  })

  t.test(`${name}: members may come in any order`, async (t) => {
    const members = Object.entries(JSON.parse(WALK_LINE) as Record<string, unknown>)
    for (let first = 0; first < members.length; first++) {
      const turned = [...members.slice(first), ...members.slice(0, first)]
      const moved = [elementAt(members, first), ...members.toSpliced(first, 1)]
      for (const order of [turned, turned.toReversed(), moved])
        agree(t, JSON.stringify(Object.fromEntries(order)), `${elementAt(order, 0)[0]} first`)
    }
  })

  t.test(`${name}: a line that is cut anywhere is rejected, whatever follows it in memory`, async (t) => {
    for (let end = 1; end < BYTES.length; end++) {
      const [line, rest] = [BYTES.subarray(0, end), BYTES.subarray(end)]
      const expected = interpreter.run(line)
      t.equal(expected.delivered, 0)
      for (const after of [new Uint8Array(0), rest, Buffer.from('}'), Buffer.from('"}]}\n')]) {
        const wrong = difference(expected, automatic.run(line, { after }))
        if (wrong !== undefined) t.fail(`cut at ${end}, ${after.length} bytes behind it: ${wrong}`)
      }
    }
  })
}
