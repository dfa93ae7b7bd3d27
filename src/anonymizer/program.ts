import type { CodeVerdicts, codeVerdicts } from '../fhir/codes/code-verdicts.js'
import { type ElementTree, elementTree } from '../fhir/elements.js'
import { type MandatoryMembers, mandatoryMembers } from '../fhir/mandatory.js'
import { present } from '../invariant.js'
import { appliesTo, parseRulePath, type RulePath } from '../rules/path/rule-path.js'
import { createHashText, type HashText } from './methods/crypto-hash.js'
import type { CustomMethod } from './methods/custom-method.js'
import type { LeafMethod } from './methods/leaf.js'
import type { Method } from './methods/method.js'
import { methodOf } from './methods/table.js'
import type { KeyName } from './parameters.js'
import type { AnonymizerSpec, Rule } from './spec.js'

/** A compiled rule. */
export interface CompiledRule {
  readonly number: number
  readonly rule: Rule
  readonly path: RulePath
  readonly method: Method
  /** The method, compiled for primitive values. */
  readonly change: LeafMethod
}

/** A compiled spec, shared by both engines. */
export interface Program {
  readonly spec: AnonymizerSpec
  readonly elements: ElementTree
  readonly rules: readonly CompiledRule[]
  /** Which codes stay where rules leave them; undefined if all do. */
  readonly codes: CodeVerdicts | undefined
  /** Returns the rules that apply to resources of a type, in the order in which they run. */
  rulesFor(resourceType: string): readonly CompiledRule[]
  /** The members that are masked when nothing of them is left; absent if they are removed as others are. */
  readonly masked: MandatoryMembers | undefined
  /** Keys that the rules require. */
  readonly neededKeys: ReadonlySet<KeyName>
  /** Returns the method of rule `number`; undefined for 0, which means no rule. */
  methodAt(number: number): Method | undefined
}

/** Compiles `codeSystems`. Its two dozen files are loaded only where a configuration has it. */
export type CompileCodes = typeof codeVerdicts

/**
 * Compiles a spec; `compileCodes` is needed if it has `codeSystems`. Throws SluiceError if it lacks a key that a method
 * needs.
 */
export function compileProgram(
  spec: AnonymizerSpec,
  customMethods: ReadonlyMap<string, CustomMethod>,
  compileCodes?: CompileCodes,
): Program {
  const elements = elementTree(spec.fhirVersion)
  const { asOf, parameters, codeSystems } = spec
  const { cryptoHashKey } = parameters
  const hashText = cryptoHashKey === undefined ? undefined : cached(createHashText(cryptoHashKey))
  const resourceTypes = new Set(elements.resources.keys())
  const context = { asOf, parameters, resourceTypes, customMethods, hashText }
  const rules = spec.rules.map((rule): CompiledRule => {
    const method = methodOf(rule)
    const change = method.compile(rule, context)
    return { number: rule.number, rule, path: parseRulePath(rule.path), method, change }
  })
  const byType = new Map<string, readonly CompiledRule[]>()
  return {
    spec,
    elements,
    rules,
    codes: codeSystems && present(compileCodes, 'codeSystems are compiled')(codeSystems, spec.fhirVersion),
    masked: spec.mandatoryElements === 'mask' ? mandatoryMembers(spec.fhirVersion) : undefined,
    neededKeys: new Set(rules.flatMap(({ method, rule }) => method.keysOf?.(rule, parameters) ?? [])),
    methodAt: (number) => rules[number - 1]?.method,
    rulesFor(resourceType) {
      const known = byType.get(resourceType)
      if (known !== undefined) return known
      const applicable = rules
        .filter(({ path }) => appliesTo(path, resourceType))
        .sort((a, b) => Number(b.rule.goesFirst ?? false) - Number(a.rule.goesFirst ?? false))
      byType.set(resourceType, applicable)
      return applicable
    },
  }
}

/**
 * Maximum entries of a cache generation. Most hashed values repeat (79 % in `r4-synthea`); two generations bound the
 * memory without bookkeeping.
 */
const CACHE_GENERATION = 1 << 16

function cached(hash: HashText): HashText {
  let young = new Map<string, string>()
  let old = young
  return (text) => {
    const known = young.get(text) ?? old.get(text)
    if (known !== undefined) return known
    const hashed = hash(text)
    if (young.size >= CACHE_GENERATION) {
      old = young
      young = new Map()
    }
    young.set(text, hashed)
    return hashed
  }
}
