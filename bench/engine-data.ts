import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { mixedSyntheticPieces, planSynthetic, type TypeMix } from '../src/demo/generate.js'
import type { SyntheticVersion } from '../src/demo/population.js'
import { uuidOf } from '../src/demo/random.js'

export const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Whole lines in shared memory, as in a slab; line n is `bytes[starts[n], starts[n + 1] - 1)`. */
export interface Lines {
  readonly slab: SharedArrayBuffer
  /** A view of the slab. */
  readonly bytes: Buffer
  readonly starts: readonly number[]
}

/** The NDJSON files of a folder of `../shared/data`, or synthetic data of the same size where it is absent. */
export function realLines(folder: string, version: SyntheticVersion, syntheticMix: TypeMix): Lines {
  const path = join(sharedFolder, 'data', folder)
  if (!existsSync(path)) {
    process.stderr.write(`${path} is not there: synthetic data instead\n`)
    return syntheticLines(version, syntheticMix, 48e6)
  }
  const files = readdirSync(path).filter((name) => name.endsWith('.ndjson.gz'))
  return linesOf(Buffer.concat(files.map((name) => gunzipSync(readFileSync(join(path, name))))))
}

export const syntheticLines = (version: SyntheticVersion, mix: TypeMix, bytes: number): Lines =>
  linesOf(
    Buffer.concat(
      [...mixedSyntheticPieces(planSynthetic({ version, seed: 1, mix, bytes }))].map((piece) =>
        Buffer.from(piece),
      ),
    ),
  )

/** The same lines with another UUID at each place and for each seed: no hash is ever asked for twice. */
export function withDistinctIds({ bytes }: Lines, seed: number): Lines {
  let count = 0
  return linesOf(
    Buffer.from(
      bytes
        .toString('latin1')
        .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, () => uuidOf(seed, 1, count++)),
      'latin1',
    ),
  )
}

/** About the first `share` of the lines, taken evenly. */
export const thinned = (lines: Lines, every: number): Lines => chosen(lines, (n) => n % every === 0)

/** The lines whose number is chosen. */
export function chosen({ bytes, starts }: Lines, choose: (line: number) => boolean): Lines {
  const kept: Buffer[] = []
  for (let n = 0; n + 1 < starts.length; n++)
    if (choose(n)) kept.push(bytes.subarray(starts[n] as number, starts[n + 1] as number))
  return linesOf(Buffer.concat(kept))
}

/** The same lines with `", "` and `": "` between the tokens, as Python's `json.dumps` writes them. */
export const spaced = (lines: Lines): Lines =>
  rewritten(lines, 1, (line) =>
    line.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) => (token.length === 1 ? `${token} ` : token)),
  )

/** The same lines; in every tenth one the first key that is not `resourceType` is written with an escape. */
export const withEscapedKeys = (lines: Lines): Lines =>
  rewritten(lines, 10, (line) =>
    line.replace(/,"([a-z])(?=\w*":)/, (_, c: string) => `,"\\u00${c.charCodeAt(0).toString(16)}`),
  )

/** The same lines; in every tenth one a list of primitives has a null beside a list of extensions. */
export const withNulls = (lines: Lines): Lines =>
  rewritten(lines, 10, (line) =>
    line.includes('"contained"') ? line : `${line.slice(0, -1)},"contained":[${NAMED_WITH_NULLS}]}`,
  )

const NAMED_WITH_NULLS =
  '{"resourceType":"Patient","name":[{"given":["Ann",null],"_given":[null,{"id":"g"}]}]}'

/** Rewrites every nth line; the data is ASCII but for some names. */
function rewritten({ bytes, starts }: Lines, every: number, rewrite: (line: string) => string): Lines {
  const written: string[] = []
  for (let n = 0; n + 1 < starts.length; n++) {
    const line = bytes.toString('latin1', starts[n] as number, (starts[n + 1] as number) - 1)
    written.push(n % every === 0 ? rewrite(line) : line)
  }
  return linesOf(Buffer.from(`${written.join('\n')}\n`, 'latin1'))
}

function linesOf(text: Buffer): Lines {
  const isWhole = text.at(-1) === 10
  const slab = new SharedArrayBuffer(text.length + (isWhole ? 0 : 1))
  const bytes = Buffer.from(slab)
  bytes.set(text)
  if (!isWhole) bytes[text.length] = 10
  const starts = [0]
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return { slab, bytes, starts }
}
