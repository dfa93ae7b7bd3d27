import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { mixedSyntheticPieces, planSynthetic, type TypeMix } from '../src/demo/generate.js'
import type { SyntheticVersion } from '../src/demo/population.js'
import { uuidOf } from '../src/demo/random.js'

export const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Whole lines in one buffer; line n is `bytes[starts[n], starts[n + 1] - 1)`. */
export interface Lines {
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
export function thinned({ bytes, starts }: Lines, every: number): Lines {
  const kept: Buffer[] = []
  for (let n = 0; n + 1 < starts.length; n += every)
    kept.push(bytes.subarray(starts[n] as number, starts[n + 1] as number))
  return linesOf(Buffer.concat(kept))
}

function linesOf(text: Buffer): Lines {
  const bytes = text.at(-1) === 10 ? text : Buffer.concat([text, Buffer.from('\n')])
  const starts = [0]
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1)
  return { bytes, starts }
}
