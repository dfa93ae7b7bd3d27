import { isUtf8 } from 'node:buffer'
import { sluiceError } from '../errors.js'
import { type AnonymizerCounts, newCounts } from './counts.js'
import { interpretLine } from './interpreter/interpreter.js'
import { structureRejection } from './interpreter/structure-check.js'
import { type LineTrace, traceLine } from './interpreter/trace.js'
import type { CustomMethod } from './methods/custom-method.js'
import type { Output } from './output.js'
import { type CompileCodes, compileProgram, type Program } from './program.js'
import type { AnonymizerSpec, LineContext, Rejection } from './spec.js'
import { MAX_WALK_BYTES, type ServeLine, Walk, type WalkedLines, type WalkLines } from './walk/walk.js'
import { hasWebAssembly } from './walk/walk-module.js'

/** Turns one line into one outcome. Pure: no I/O, no clock, no threads; the same input gives the same bytes. */
export interface LineAnonymizer {
  readonly counts: AnonymizerCounts
  /** Whether `LineContext.record` is needed, because a rule's method depends on the place. */
  readonly needsPlaces: boolean
  /**
   * Anonymizes the line `source[start, end)` and appends the result to `out`, without a newline. If the line cannot be
   * delivered, returns the rejection and leaves `out.length` unchanged.
   */
  anonymizeLine(
    source: Uint8Array,
    range: { readonly start: number; readonly end: number },
    context: LineContext,
    out: Output,
  ): Rejection | undefined
  /**
   * Anonymizes many lines at once and appends the results to `out`, each with a newline. Lines that the walk does not
   * serve are handed to `serve`, in their order; it may append to `out`, for instance by `interpret`. Undefined if there
   * is no walk, or if each line must be looked at for itself.
   */
  readonly walk: ((lines: WalkLines, out: Output, serve: ServeLine) => WalkedLines) | undefined
  /** Anonymizes a line that `walk` did not serve. Otherwise like `anonymizeLine`. */
  readonly interpret: LineAnonymizer['anonymizeLine']
  /** Has the interpreter anonymize a line and tells for each value which rule did what. Slow; counts nothing. */
  trace(line: Buffer, context: LineContext): LineTrace
}

/** Compiles a spec after loading its custom methods. Throws SluiceError CONFIG_INVALID if one cannot be loaded. */
export async function createLineAnonymizer(
  spec: AnonymizerSpec,
  options: EngineOptions = {},
): Promise<LineAnonymizer> {
  const methods: Record<string, CustomMethod> = {}
  for (const [name, url] of Object.entries(spec.customMethods)) methods[name] = await loadMethod(name, url)
  const compileCodes = spec.codeSystems && (await import('../fhir/codes/code-verdicts.js')).codeVerdicts
  return createLineAnonymizerSync(spec, methods, { compileCodes, ...options })
}

export interface EngineOptions {
  /**
   * `interpreter` sends every line through the interpreter. By default it handles only the lines that the walk
   * cannot.
   */
  readonly engine?: 'interpreter' | 'automatic'
  /** `codeVerdicts`, needed by `createLineAnonymizerSync` for a spec with `codeSystems`. */
  readonly compileCodes?: CompileCodes | undefined
}

async function loadMethod(name: string, url: string): Promise<CustomMethod> {
  const at = `customMethods.${name}`
  let loaded: { default?: unknown }
  try {
    loaded = (await import(url)) as { default?: unknown }
  } catch (cause) {
    throw sluiceError('CONFIG_INVALID', {
      at,
      message: 'the module cannot be loaded',
      help: 'check its path and its imports',
      cause,
    })
  }
  if (typeof loaded.default !== 'function')
    throw sluiceError('CONFIG_INVALID', {
      at,
      message: 'the module has no default export that is a function',
    })
  return loaded.default as CustomMethod
}

/**
 * Compiles a spec with custom methods that are already loaded, by lower-case name. Throws SluiceError if a method
 * cannot be compiled, for instance because its key is missing.
 */
export function createLineAnonymizerSync(
  spec: AnonymizerSpec,
  customMethods: Readonly<Record<string, CustomMethod>> = {},
  options: EngineOptions = {},
): LineAnonymizer {
  const program = compileProgram(spec, new Map(Object.entries(customMethods)), options.compileCodes)
  const counts = newCounts(spec.rules.length)
  const walk = options.engine !== 'interpreter' && hasWebAssembly ? new Walk(program) : undefined
  const interpret = interpreting(program, counts)
  const looksAtLines = spec.validateInput || spec.validateOutput
  return {
    counts,
    needsPlaces: program.rules.some(({ method }) => method.dependsOnPlace === true),
    walk: walk && !looksAtLines ? (lines, out, serve) => walk.run(lines, out, counts, serve) : undefined,
    interpret,
    trace: (line, context) => traceLine(program, line, context),
    anonymizeLine(source, range, context, out) {
      const { start, end } = range
      if (context.isValidUtf8 !== true && !isUtf8(source.subarray(start, end)))
        return { code: 'INVALID_UTF8', offset: 0, message: 'the line is not valid UTF-8' }
      if (spec.validateInput) {
        const rejection = structureRejection(program.elements, bufferOf(source), range, 'input')
        if (rejection !== undefined) return rejection
      }
      const before = out.length
      if (walk === undefined || !walkedLine(walk, source, range, context, out, counts)) {
        const rejection = interpret(source, range, context, out)
        if (rejection !== undefined) return rejection
      }
      if (!spec.validateOutput) return undefined
      const written = { start: before, end: out.length }
      const rejection = structureRejection(program.elements, out.bytes, written, 'output')
      if (rejection !== undefined) out.length = before
      return rejection
    },
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Returns a function that interprets lines of, usually, the same buffer. */
function interpreting(program: Program, counts: AnonymizerCounts): LineAnonymizer['interpret'] {
  let viewed: Uint8Array | undefined
  let buffer: Buffer | undefined
  return (source, range, context, out) => {
    if (buffer === undefined || source !== viewed) {
      viewed = source
      buffer = bufferOf(source)
    }
    counts.interpretedLines++
    return interpretLine(program, buffer, range, context, { out, counts })
  }
}

/** Has the walk anonymize one line, without its newline. Returns false if it does not serve it. */
function walkedLine(
  walk: Walk,
  source: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  context: LineContext,
  out: Output,
  counts: AnonymizerCounts,
): boolean {
  if (end - start > MAX_WALK_BYTES) return false
  const line = { source, start, end, isDocument: true, maxLineBytes: end - start, context }
  const { delivered } = walk.run(line, out, counts, IGNORE)
  if (delivered === 1) out.length--
  return delivered === 1
}

const IGNORE = () => {}
