#!/usr/bin/env node
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { parseByteCount } from '../src/config/units/sizes.js'
import { writePieces } from '../src/demo/files.js'
import {
  HOSPITAL_MIX,
  mixedSyntheticPieces,
  planSynthetic,
  type SyntheticOptions,
  syntheticPieces,
  type TypeMix,
} from '../src/demo/generate.js'
import { SYNTHETIC_TYPES, type SyntheticType } from '../src/demo/population.js'
import { copyWithNewIds, type Original, prepareOriginal } from './multiply.js'

const HELP = `Writes synthetic FHIR NDJSON, the same bytes for the same options.

  node dist/bench/generate.js --out data --bytes 1GB --seed 1 --fhir-version R4
  node dist/bench/generate.js --out data --bytes 1GB --types Patient=1,Observation=99 --one-file mixed.ndjson
  node dist/bench/generate.js --out data --bytes 1GB --multiply ../shared/data/r4-synthea

--out <folder>           one file per resource type, or the one of --one-file
--bytes <size>           size of all files together, as 200MB, 1GB, 64MiB; met within a few percent
--seed <n>               default 1
--types <T=n,…>          lines of each type in proportion; default: a hospital's mix
--fhir-version R4|STU3   default R4
--one-file <name>        all types in one file, spread evenly
--multiply <folder>      copies of the NDJSON files there (also .gz) instead, each copy with its own ids
`

main()

function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      bytes: { type: 'string', default: '100MB' },
      seed: { type: 'string', default: '1' },
      types: { type: 'string' },
      'fhir-version': { type: 'string', default: 'R4' },
      'one-file': { type: 'string' },
      multiply: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help || values.out === undefined) {
    process.stdout.write(HELP)
    process.exitCode = values.help ? 0 : 2
    return
  }
  mkdirSync(values.out, { recursive: true })
  const bytes = bytesOf(values.bytes)
  const version = values['fhir-version'].toUpperCase() === 'STU3' ? 'STU3' : 'R4'
  const mix = values.types === undefined ? HOSPITAL_MIX : parseMix(values.types)
  const begun = performance.now()
  const written =
    values.multiply === undefined
      ? writeSynthetic(values.out, { version, seed: Number(values.seed), mix, bytes }, values['one-file'])
      : writeMultiplied(values.out, values.multiply, bytes)
  const seconds = (performance.now() - begun) / 1000
  process.stdout.write(
    `${JSON.stringify({ out: values.out, bytes: written, seconds: Math.round(seconds * 100) / 100 })}\n`,
  )
}

function writeSynthetic(out: string, options: SyntheticOptions, oneFile: string | undefined): number {
  const plan = planSynthetic(options)
  if (oneFile !== undefined) return writePieces(join(out, oneFile), mixedSyntheticPieces(plan))
  let written = 0
  for (const type of plan.counts.keys())
    written += writePieces(join(out, `${type}.ndjson`), syntheticPieces(plan, type))
  return written
}

function writeMultiplied(out: string, folder: string, bytes: number): number {
  const originals = new Map<string, Original>()
  for (const name of readdirSync(folder).sort()) {
    if (!/\.ndjson(\.gz)?$/.test(name)) continue
    const raw = readFileSync(join(folder, name))
    const text = (name.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8')
    originals.set(basename(name, '.gz'), prepareOriginal(text))
  }
  let setBytes = 0
  for (const original of originals.values()) setBytes += original.bytes.length
  const copies = Math.max(1, Math.round(bytes / setBytes))
  let written = 0
  for (const [name, original] of originals)
    written += writePieces(join(out, name), copiesOf(original, copies))
  return written
}

function* copiesOf(original: Original, copies: number): Generator<Uint8Array> {
  for (let copy = 0; copy < copies; copy++) yield copyWithNewIds(original, copy)
}

function bytesOf(size: string): number {
  const bytes = parseByteCount(size)
  if (bytes === undefined) throw new Error(`--bytes wants a size such as 200MB, not ${size}`)
  return bytes
}

function parseMix(text: string): TypeMix {
  const mix: Partial<Record<SyntheticType, number>> = {}
  for (const part of text.split(',')) {
    const [name, weight = '1'] = part.split('=')
    const type = SYNTHETIC_TYPES.find((known) => known === name)
    if (type === undefined) throw new Error(`--types knows ${SYNTHETIC_TYPES.join(', ')}`)
    mix[type] = Number(weight)
  }
  return mix
}
