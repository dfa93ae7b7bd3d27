import type { GENERATOR } from './names.js'

/**
 * `run.json` as it is written into an output, for the recipients of the output: what is there and how it was made,
 * and nothing about where it came from. The rest is in the state's own report.
 */
export interface PublishedReport extends PublishedCounts {
  readonly generator: typeof GENERATOR
  readonly format: typeof PUBLISHED_FORMAT
  readonly version: string
  readonly finishedAt: string
  /** One for each configuration, set of keys and reference day among the outputs; ids of two of them do not join. */
  readonly runs: readonly PublishedRun[]
  readonly outputs: readonly PublishedOutput[] | OutputList
  /** Files of the source that were not read, by reason. */
  readonly leftOut: Readonly<Record<string, number>>
}

export const PUBLISHED_FORMAT = 2

export interface PublishedCounts {
  readonly lines: PublishedLines
  readonly bytes: { readonly written: number }
  readonly resourcesByType: Readonly<Record<string, number>>
  readonly quarantinedByCode: Readonly<Record<string, number>>
}

export interface PublishedLines {
  readonly read: number
  readonly delivered: number
  readonly quarantined: number
  readonly blank: number
}

export interface PublishedRun extends PublishedCounts {
  /** Undefined for outputs of a version of Sluice that did not note it. */
  readonly configuration?: ConfigurationFacts
  /** The reference day, `YYYY-MM-DD`. */
  readonly asOf?: string
  readonly elementsByRule: Readonly<Record<string, number>>
  /** Number of codes that `codeSystems` removed, by their system or element; absent if there are none. */
  readonly codesRemoved?: Readonly<Record<string, number>>
}

/** What a configuration is known by: anyone who has it can compute the digests. */
export interface ConfigurationFacts {
  /** Digest of its canonical form without the keys. */
  readonly sha256: string
  readonly fhirVersion: string
  /** Digests of the modules of custom methods, by method. */
  readonly customMethods?: Readonly<Record<string, string>>
}

export interface PublishedOutput {
  readonly name: string
  readonly bytes: number
  /** Digest of its bytes as stored; each part of a split output has its own. */
  readonly sha256?: string
  /** The files it is split into, in their order. */
  readonly parts?: readonly PublishedPart[]
  /** Lines that were read for it, and what became of them; a raw output has none. */
  readonly lines?: PublishedLines
  /** Which of `runs` made it, from 0; absent where there is one only. */
  readonly run?: number
}

export interface PublishedPart {
  readonly name: string
  readonly bytes: number
  readonly sha256?: string
}

/** Where the outputs are listed, one JSON object a line, if not in `run.json` itself. */
export interface OutputList {
  readonly file: string
  readonly count: number
  readonly bytes: number
  readonly sha256: string
}
