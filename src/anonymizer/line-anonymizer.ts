import { isUtf8 } from 'node:buffer'
import { sluiceError } from '../errors.js'
import type { AnonymizerCounts } from './counts.js'
import { interpretLine } from './interpreter/interpreter.js'
import { structureRejection } from './interpreter/structure-check.js'
import type { CustomMethod } from './methods/custom-method.js'
import type { Output } from './output.js'
import { compileProgram } from './program.js'
import type { AnonymizerSpec, LineContext, Rejection } from './spec.js'
import { compactJson } from './walk/compact.js'
import { Transducer } from './walk/transducer.js'

/** Turns one line into one outcome. Pure: no I/O, no clock, no threads; the same input gives the same bytes. */
export interface LineAnonymizer {
  readonly counts: AnonymizerCounts
  /** Whether `LineContext.record` is needed, because a rule's method depends on the place. */
  readonly needsRecordNumbers: boolean
  /**
   * Anonymizes the line `source[start, end)`, which contains no newline, and appends the result to `out`, without a
   * newline. If the line cannot be delivered, returns the rejection and leaves `out.length` unchanged.
   */
  anonymizeLine(
    source: Uint8Array,
    range: { readonly start: number; readonly end: number },
    context: LineContext,
    out: Output,
  ): Rejection | undefined
}

/** Compiles a spec after loading its custom methods. Throws SluiceError CONFIG_INVALID if one cannot be loaded. */
export async function createLineAnonymizer(
  spec: AnonymizerSpec,
  options: EngineOptions = {},
): Promise<LineAnonymizer> {
  const methods: Record<string, CustomMethod> = {}
  for (const [name, url] of Object.entries(spec.customMethods)) methods[name] = await loadMethod(name, url)
  return createLineAnonymizerSync(spec, methods, options)
}

export interface EngineOptions {
  /**
   * `interpreter` sends every line through the interpreter. By default it handles only the lines that the walk
   * cannot.
   */
  readonly engine?: 'interpreter' | 'automatic'
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
  const program = compileProgram(spec, new Map(Object.entries(customMethods)))
  const counts: AnonymizerCounts = {
    resourcesByType: new Map(),
    elementsByRule: new Float64Array(spec.rules.length),
    interpretedLines: 0,
  }
  const needsRecordNumbers = program.rules.some(({ method }) => method.dependsOnPlace === true)
  const transducer = options.engine === 'interpreter' ? undefined : new Transducer(program)
  const transduce = withCompaction(needsRecordNumbers)
  let viewed: Uint8Array | undefined
  let buffer: Buffer | undefined
  return {
    counts,
    needsRecordNumbers,
    anonymizeLine(source, range, context, out) {
      if (buffer === undefined || source !== viewed) {
        viewed = source
        buffer = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
      }
      if (context.isValidUtf8 !== true && !isUtf8(buffer.subarray(range.start, range.end)))
        return { code: 'INVALID_UTF8', offset: 0, message: 'the line is not valid UTF-8' }
      if (spec.validateInput) {
        const rejection = structureRejection(program.elements, buffer, range, 'input')
        if (rejection !== undefined) return rejection
      }
      const before = out.length
      if (transducer !== undefined && transduce(transducer, buffer, range, context, out))
        transducer.count(counts)
      else {
        counts.interpretedLines++
        const rejection = interpretLine(program, buffer, range, context, { out, counts })
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

type Transduce = (
  transducer: Transducer,
  source: Buffer,
  range: { readonly start: number; readonly end: number },
  context: LineContext,
  out: Output,
) => boolean

/**
 * Returns a function that runs the transducer. It accepts only compact lines; others are compacted first, unless
 * places (offsets in the line) matter.
 */
function withCompaction(placesMatter: boolean): Transduce {
  let scratch = Buffer.alloc(0)
  return (transducer, source, { start, end }, context, out) => {
    if (transducer.write(source, start, end, context, out)) return true
    if (placesMatter) return false
    if (scratch.length < end - start) scratch = Buffer.allocUnsafe((end - start) * 2)
    const length = compactJson(source, start, end, scratch)
    return length > 0 && length < end - start && transducer.write(scratch, 0, length, context, out)
  }
}
