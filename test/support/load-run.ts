import { join } from 'node:path'
import { createRetry } from '../../src/http/retry.js'
import type { AuditLine, SettledLine } from '../../src/load/audit/audit-line.js'
import type { ErrorLine } from '../../src/load/audit/error-line.js'
import type { LoadOptions, LoadReport } from '../../src/load/options.js'
import { runLoad } from '../../src/load/run.js'
import { targetName } from '../../src/load/target.js'
import { openLoadState, openSource } from '../../src/storage/open.js'
import { filesIn } from './pipeline-run.js'

export type LoadOverrides = Partial<Omit<LoadOptions, 'source' | 'base'>>

/** Loads a folder as the command does, with its state beside it. */
export async function load(input: string, base: string, overrides: LoadOverrides = {}): Promise<LoadReport> {
  const access = { credentials: () => ({ accounts: [] }), retry: createRetry({ signal: overrides.signal }) }
  const state = await openLoadState(input, access, { target: targetName(base) })
  return runLoad({ source: await openSource(input, access), state, base, ...overrides })
}

export const stateFolder = (input: string, base: string): string => join(`${input}.load`, targetName(base))

/** The lines of a file of the state. */
function stateLines<T>(input: string, base: string, name: string): T[] {
  const text = filesIn(stateFolder(input, base)).get(name)?.toString() ?? ''
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

export const settledLines = (input: string, base: string): SettledLine[] =>
  stateLines<AuditLine>(input, base, 'audit.ndjson').filter((line) => 'sources' in line)

export const errorLines = (input: string, base: string): ErrorLine[] =>
  stateLines<ErrorLine>(input, base, 'errors.ndjson')

/** Ordinals of an item that the audit says are settled. */
export function settledOrdinals(input: string, base: string, item: string): Set<number> {
  const settled = new Set<number>()
  for (const { sources } of settledLines(input, base))
    for (const source of sources)
      if (source.item === item)
        for (const [first, last] of source.entries)
          for (let ordinal = first; ordinal <= last; ordinal += 1) settled.add(ordinal)
  return settled
}

export const patients = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, index) => `${patient(from + index)}\n`).join('')

export const patient = (number: number, more: object = {}): string =>
  JSON.stringify({
    resourceType: 'Patient',
    id: `p${number}`,
    identifier: [{ system: 'urn:test', value: `n${number}` }],
    name: [{ family: 'CANARY' }],
    ...more,
  })

export const textsOf = (folder: string): string =>
  [...filesIn(folder).values()].map((bytes) => bytes.toString()).join('\n')
