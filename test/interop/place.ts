import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { sluice } from '../support/sluice.js'
import { readExport } from './comparison.js'
import type { Line } from './corpus.js'

/** A running server, the data for it, and where files may be put. */
export interface Place {
  readonly base: string
  readonly folder: string
  readonly synthea: readonly Line[]
  readonly usCore: readonly Line[]
}

/** Writes files into a new folder, every second one compressed. Returns its path. */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): string {
  mkdirSync(folder, { recursive: true })
  ;[...files].forEach(([name, text], k) => {
    if (k % 2 === 0) writeFileSync(join(folder, name), text)
    else writeFileSync(join(folder, `${name}.gz`), gzipSync(text))
  })
  return folder
}

/** What a load reports, as far as these tests look at it. */
export interface LoadSums {
  readonly read: number
  readonly loaded: number
  readonly failed: number
  readonly ambiguous: number
}

/** Runs `sluice load`; fails where it does not end with one of these exit codes. */
export async function load(
  t: Test,
  words: readonly string[],
  exitCodes: readonly number[] = [0],
  env: Readonly<Record<string, string>> = {},
): Promise<LoadSums> {
  const run = await sluice(['load', ...words, '--json'], { env })
  t.ok(exitCodes.includes(run.exitCode ?? -1), `load ends with ${exitCodes.join(' or ')}`, {
    exitCode: run.exitCode,
    stderr: run.stderr,
    stdout: run.stdout,
  })
  const { read, loaded, failed, ambiguous } = JSON.parse(run.stdout) as LoadSums
  t.comment(`read ${read}, loaded ${loaded}, failed ${failed}, ambiguous ${ambiguous}`)
  return { read, loaded, failed, ambiguous }
}

/** Everything that the server holds, by its own `$export`. */
export async function exported(
  t: Test,
  { base, folder }: Place,
  name: string,
): Promise<ReadonlyMap<string, Line>> {
  const to = join(folder, name)
  const run = await sluice(['export', '--from', base, '--raw', '--allow-empty', '--to', to])
  t.equal(run.exitCode, 0, 'export ends with 0', { stderr: run.stderr })
  return readExport(to)
}
