import type { ElementTree, ElementType } from '../fhir/elements.js'
import { compilePath } from './compile.js'
import type { FindingCode } from './lint/codes.js'
import { type Cover, coverOf } from './lint/cover.js'
import { listed, oddEffect } from './lint/effect.js'
import { extensionsWithoutUrl, resourcesLeft } from './lint/leftovers.js'
import { nearestName } from './lint/nearest-name.js'
import { bindsUnionFirst, hasUnion } from './lint/precedence.js'
import { type DeadEnd, type Place, type Reach, reach } from './lint/reach.js'
import { appliesTo, parseRulePath, type RulePath } from './path.js'

/** What a rule's author should know. */
export interface Finding {
  readonly rule: number
  readonly code: FindingCode
  readonly message: string
  /** A path to write instead: it reaches what the rule was meant to reach. */
  readonly suggestion?: string
}

export interface LintedRule {
  readonly number: number
  readonly path: string
  readonly method?: string
}

/** What lint needs to know of the parameters. */
export interface LintedParameters {
  /** Redact leaves parts of dates, ages or ZIP codes. */
  readonly keepsParts?: boolean
}

/** Looks at rules (whose paths compile) without data. In the order of the rules. */
export function lintRules(
  rules: readonly LintedRule[],
  tree: ElementTree,
  { keepsParts = false }: LintedParameters = {},
): Finding[] {
  const findings: Finding[] = []
  const redactsAll = rules.some(({ path, method }) => path === 'Resource' && method === 'redact')
  const earlier: { readonly number: number; readonly covers: Cover }[] = []
  for (const { number, path, method } of rules) {
    const report = (code: FindingCode, message: string) => findings.push({ code, rule: number, message })
    const parsed = parseRulePath(path)
    const reached = reachOnAll(parsed, tree)
    if (reached.never !== undefined) report('never-matches', reached.never)
    else {
      if (reached.part !== undefined) report('partly-never-matches', reached.part)
      const by = shadowedBy(reached.found, earlier)
      if (by.length > 0)
        report(
          'shadowed',
          `whatever it reaches, ${numbers(by)} before it ${by.length > 1 ? 'claim' : 'claims'}`,
        )
      const odd = method === undefined ? undefined : oddEffect(method, placesOf(reached.found))
      if (odd !== undefined) report(odd.code, odd.message)
      if (method !== undefined) {
        const found = reached.found.map(({ resource, reach: { places } }) => ({
          resource,
          places: places ?? [],
        }))
        const covers = earlier.map((rule) => rule.covers)
        for (const left of [
          resourcesLeft({ method, redactsAll }, parsed, found),
          extensionsWithoutUrl({ method, keepsParts }, found, { covers, tree }),
        ])
          if (left !== undefined) report(left.code, left.message)
      }
    }
    if (compilePath(parsed) === undefined) report('not-compiled', costOf(parsed))
    if (bindsUnionFirst(path))
      report('precedence', '"as" and "is" take the whole union before them: a | b as T means (a | b) as T')
    if (hasUnion(path))
      report(
        'union',
        'the original leaves out a node of a union whose value equals an earlier one; here every node counts',
      )
    earlier.push({ number, covers: coverOf(parsed) })
  }
  return findings
}

const placesOf = (found: readonly Found[]): readonly Place[] =>
  found.flatMap(({ reach: { places } }) => places ?? [])

function costOf({ resourceType }: RulePath): string {
  const all = resourceType === '' || resourceType === 'Resource' || resourceType === 'DomainResource'
  const lines = all ? 'lines of every resource type' : `${resourceType} lines`
  return `${lines} go through the interpreter, which is several times slower`
}

const numbers = (rules: readonly number[]): string =>
  `rule${rules.length === 1 ? '' : 's'} ${listed(rules.map(String))}`

interface Found {
  readonly resource: ElementType
  readonly reach: Reach
}

interface ReachOnAll {
  readonly found: readonly Found[]
  /** Why nothing is found. */
  readonly never?: string
  /** Why one side of a union finds nothing. */
  readonly part?: string
}

function reachOnAll(path: RulePath, tree: ElementTree): ReachOnAll {
  const types = [...tree.resources.values()].filter((type) => appliesTo(path, type.name))
  if (types.length === 0) return { never: unknownType(path, tree), found: [] }
  const all = types.map((resource) => ({ resource, reach: reach(path, resource, tree) }))
  const found = all.filter(({ reach: { places } }) => places === undefined || places.length > 0)
  if (found.length > 0) {
    const ends = found.flatMap(({ reach: { deadEnd } }) => (deadEnd === undefined ? [] : [deadEnd]))
    return ends.length < found.length ? { found } : { found, part: nothingAt(ends) }
  }
  const deadEnds = all.flatMap(({ reach: { deadEnd } }) => (deadEnd === undefined ? [] : [deadEnd]))
  return { never: deadEnds.length === 0 ? 'it selects nothing' : nothingAt(deadEnds), found: [] }
}

function unknownType({ resourceType }: RulePath, tree: ElementTree): string {
  if (tree.dataTypes.has(resourceType))
    return `${resourceType} is no resource type; nodesByType('${resourceType}') reaches elements of that type`
  const nearest = nearestName(resourceType, tree.resources.keys())
  const advice = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `FHIR ${tree.version} has no resource type ${resourceType}${advice}`
}

function nothingAt(deadEnds: readonly DeadEnd[]): string {
  const { step, kind } = deadEnds[0]
  const candidates = new Set(deadEnds.flatMap((deadEnd) => [...deadEnd.candidates]))
  const choice = kind === 'element' ? choiceOf(step, candidates) : undefined
  if (choice !== undefined) return `no element "${step}" is there: write ${choice}`
  const nearest = nearestName(step, candidates)
  return `no ${kind} "${step}" is there${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`
}

/** `valueQuantity` is `value` in a path, with its type as a filter. */
function choiceOf(step: string, candidates: ReadonlySet<string>): string | undefined {
  const parts = /^([a-z][A-Za-z]*?)([A-Z][A-Za-z0-9]*)$/
  for (let length = step.length - 1; length > 0; length--) {
    const name = step.slice(0, length)
    const type = step.slice(length)
    if (parts.test(step) && /^[A-Z]/.test(type) && candidates.has(name))
      return `"${name}" or "${name} as ${type}"`
  }
  return undefined
}

/** Earlier rules that between them claim every kind of node that was found; none where one is left. */
function shadowedBy(
  found: readonly Found[],
  earlier: readonly { readonly number: number; readonly covers: Cover }[],
): number[] {
  const by = new Set<number>()
  for (const { resource, reach: reached } of found) {
    if (reached.places === undefined) return []
    for (const place of reached.places) {
      const covering = earlier.find(({ covers }) => covers(place, resource.name))
      if (covering === undefined) return []
      by.add(covering.number)
    }
  }
  return [...by].sort((a, b) => a - b)
}
