import { createRequire } from 'node:module'
import type { FhirModel } from './model.js'
import { r4bModel } from './r4b-model.js'
import type { FhirVersion } from './version.js'

// The CommonJS build loads in a third of the time of the ES module build, and only it can be loaded lazily.
const require = createRequire(import.meta.url)

/** A node of fhirpath.js' syntax tree. Types are ANTLR rule names; not every node has `text` or `delimitedText`. */
export interface SyntaxNode {
  readonly type: string
  readonly text?: string
  readonly delimitedText?: string
  readonly terminalNodeText?: readonly string[]
  readonly children?: readonly SyntaxNode[]
}

interface Engine {
  parse(path: string): SyntaxNode
  evaluate(data: unknown, path: string, variables?: unknown, model?: unknown, options?: unknown): unknown[]
  compile(
    path: string | { base?: string; expression: string },
    model?: unknown,
    options?: unknown,
  ): (data: unknown, variables?: unknown) => unknown[]
  types(value: unknown): string[]
}

let engine: Engine | undefined

/** Returns HL7's FHIRPath engine, which is loaded on first use. */
export function fhirPathEngine(): Engine {
  engine ??= require('fhirpath') as Engine
  return engine
}

/** Returns the element tables of one FHIR version. */
export function fhirModel(version: FhirVersion): FhirModel {
  if (version === 'R4B') return r4bModel(fhirModel('R4'))
  return require(`fhirpath/fhir-context/${version.toLowerCase()}`) as FhirModel
}
