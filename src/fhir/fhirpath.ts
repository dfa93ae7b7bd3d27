import { createRequire } from 'node:module'
import type { FhirVersion } from './version.js'

// The CommonJS build loads in a third of the time of the ES module one, and only it can be loaded lazily.
const require = createRequire(import.meta.url)

/** A node of fhirpath.js' syntax tree (ANTLR rule names; `text` and `delimitedText` where they have one). */
export interface SyntaxNode {
  readonly type: string
  readonly text?: string
  readonly delimitedText?: string
  readonly terminalNodeText?: readonly string[]
  readonly children?: readonly SyntaxNode[]
}

/** The tables of fhirpath.js' FHIR models that Sluice reads: element types, repetition, inheritance. */
export interface FhirModel {
  readonly choiceTypePaths: Readonly<Record<string, readonly string[]>>
  readonly pathsDefinedElsewhere: Readonly<Record<string, string>>
  readonly type2Parent: Readonly<Record<string, string>>
  readonly path2Type: Readonly<Record<string, string>>
  readonly path2Repeating: Readonly<Record<string, boolean>>
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

/** HL7's FHIRPath engine, loaded when first needed. */
export function fhirPathEngine(): Engine {
  engine ??= require('fhirpath') as Engine
  return engine
}

/** The element tables of one FHIR version. */
export function fhirModel(version: FhirVersion): FhirModel {
  return require(`fhirpath/fhir-context/${version.toLowerCase()}`) as FhirModel
}
