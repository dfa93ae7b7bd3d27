#!/usr/bin/env node
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FHIR_VERSIONS } from '../src/fhir/version.js'
import { projectRoot } from '../test/support/shared.js'
import { benchOptions, inScratchFolder } from './harness.js'
import { anonymized, presetsOf, writeSamples } from './preset-data.js'
import { markdownTable } from './results.js'

const HELP = `What share of the values is left unchanged, changed or gone, by preset and resource type?

  node dist/bench/usefulness.js                       all presets
  node dist/bench/usefulness.js --preset safe-harbor  those whose name begins so

Narratives and meta are not counted. A value counts as unchanged where the output has it at the same path, as changed
where it has another one there.

--lines <n>       resources of each type, default 200
--preset <name>   the presets whose name begins so
--cli <path>      another build's dist/src/cli.js
--types           also a table by resource type
`

interface Fate {
  kept: number
  changed: number
  gone: number
}

/** The values of the lines of a file by path without indexes. */
function valuesByPath(path: string): ReadonlyMap<string, Map<string, number>> {
  const values = new Map<string, Map<string, number>>()
  const visit = (value: unknown, at: string): void => {
    if (Array.isArray(value)) for (const part of value) visit(part, at)
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value)) {
        if (key === 'meta' || key === 'resourceType' || (key === 'text' && isNarrative(part))) continue
        visit(part, `${at}.${key}`)
      }
    else if (value !== null) {
      const counts = values.get(at) ?? new Map<string, number>()
      const text = JSON.stringify(value)
      counts.set(text, (counts.get(text) ?? 0) + 1)
      values.set(at, counts)
    }
  }
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') visit(JSON.parse(line), '')
  return values
}

const isNarrative = (value: unknown): boolean => typeof value === 'object' && value !== null && 'div' in value

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)

/** What became of the values of a file. Neutral names keep the type, by which files are paired. */
function fateOf(before: string, after: string): Fate {
  const fate: Fate = { kept: 0, changed: 0, gone: 0 }
  const left = valuesByPath(after)
  for (const [path, counts] of valuesByPath(before)) {
    const remaining = left.get(path) ?? new Map<string, number>()
    let kept = 0
    for (const [text, count] of counts) kept += Math.min(count, remaining.get(text) ?? 0)
    const all = sum(counts.values())
    const changed = Math.min(all, sum(remaining.values())) - kept
    fate.kept += kept
    fate.changed += changed
    fate.gone += all - kept - changed
  }
  return fate
}

const shareOf = ({ kept, changed, gone }: Fate): string[] =>
  [kept, changed, gone].map((part) => ((100 * part) / (kept + changed + gone)).toFixed(1))

function added(fates: readonly Fate[]): Fate {
  const [kept, changed, gone] = (['kept', 'changed', 'gone'] as const).map((part) =>
    sum(fates.map((fate) => fate[part])),
  )
  return { kept: kept ?? 0, changed: changed ?? 0, gone: gone ?? 0 }
}

const options = benchOptions(HELP, {
  lines: '200',
  preset: '',
  cli: join(projectRoot, 'dist/src/cli.js'),
  types: false,
})
if (options !== undefined)
  await inScratchFolder((folder) => {
    const samples = writeSamples(folder, Number(options.lines))
    const rows: string[][] = []
    for (const version of FHIR_VERSIONS)
      for (const preset of presetsOf(version).filter((name) => name.startsWith(options.preset)))
        for (const sample of samples.filter((each) => each.version === version)) {
          const out = anonymized(sample, preset, folder, options.cli)
          const files = readdirSync(sample.folder).map(
            (file) => [file, fateOf(join(sample.folder, file), join(out, file))] as const,
          )
          rows.push([`${preset}, ${sample.name}`, ...shareOf(added(files.map(([, fate]) => fate)))])
          if (options.types) for (const [file, fate] of files) rows.push([`— ${file}`, ...shareOf(fate)])
        }
    console.log(markdownTable(['preset, data', 'unchanged %', 'changed %', 'gone %'], rows))
  })
