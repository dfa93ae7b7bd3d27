import type { ElementTree } from '../../fhir/elements.js'
import { parseRulePath, type RulePath } from '../path/rule-path.js'
import { repaired } from './advice/repair.js'
import { listed } from './elements/name-list.js'
import type { Place } from './elements/place.js'
import { brokenLinks } from './findings/bundle-links.js'
import { type Cases, caseFindings } from './findings/cases.js'
import type { FindingCode } from './findings/codes.js'
import { type CostedRule, costFindings } from './findings/costs.js'
import { type Cover, coverOf } from './findings/cover.js'
import { oddEffect } from './findings/effect.js'
import { tableFindings } from './findings/large-tables.js'
import { extensionsWithoutUrl, resourcesLeft } from './findings/leftovers.js'
import { describe } from './findings/messages.js'
import { bindsUnionFirst, hasUnionOfNodes } from './findings/precedence.js'
import { type Found, isSound, judgePath, type PathVerdict } from './judge/verdict.js'
import { type MethodFacts, redacts } from './method-facts.js'

/** A remark for the author of a rule. */
export interface Finding {
  readonly rule: number
  readonly code: FindingCode
  readonly message: string
  /** A path to write instead, which reaches what the rule was meant to reach; or a condition or value of a case. */
  readonly suggestion?: string
  /** The part of the rule that the finding concerns, if not the path. */
  readonly part?: 'cases'
}

export interface LintedRule {
  readonly number: number
  readonly path: string
  readonly method?: MethodFacts
  /** Replacement that the rule writes, for methods that replace elements. */
  readonly replaceWith?: unknown
  /** Conditions and values, for methods that have them. */
  readonly cases?: Cases
}

/** The parameters that lint needs. */
export interface LintedParameters {
  /** Whether redact leaves parts of dates, ages or ZIP codes. */
  readonly keepsParts?: boolean
  /** How cryptoHash treats URLs; without it, URLs are not judged. */
  readonly urls?: 'whole' | 'references' | undefined
}

type Told = Omit<Finding, 'rule'>

/** Judges rules whose paths compile, without data. Findings are in the order of the rules. */
export function lintRules(
  rules: readonly LintedRule[],
  tree: ElementTree,
  { keepsParts = false, urls }: LintedParameters = {},
): Finding[] {
  const findings: Finding[] = []
  const parsedRules: CostedRule[] = []
  const redactsAll = rules.some(({ path, method }) => path === 'Resource' && redacts(method))
  const earlier: Earlier[] = []
  for (const rule of rules) {
    const { number, path, method } = rule
    const parsed = parseRulePath(path)
    const verdict = judgePath(parsed, tree)
    const told = [...pathFindings(parsed, verdict, tree)]
    if (!told.some(({ code }) => code === 'never-matches' || code === 'fails'))
      told.push(
        ...shadowing(verdict, earlier),
        ...effects(rule, verdict),
        ...casesOf(rule, verdict, tree),
        ...leftovers({ ...rule, redactsAll, keepsParts }, parsed, verdict, { earlier, tree }),
      )
    told.push(...surprises(parsed, verdict, rule.method))
    parsedRules.push({ number, path: parsed, method })
    for (const finding of told) findings.push({ rule: number, ...finding })
    earlier.push({ number, path, method, covers: coverOf(parsed) })
  }
  findings.push(...costFindings(parsedRules, tree), ...tableFindings(parsedRules, tree))
  if (urls !== undefined)
    for (const { rule, message } of brokenLinks(earlier, tree, urls))
      findings.push({ code: 'bundle-links-break', rule, message })
  return findings.sort((a, b) => a.rule - b.rule)
}

/** Finds faults of the path itself. */
function pathFindings(path: RulePath, verdict: PathVerdict, tree: ElementTree): readonly Told[] {
  if (isSound(verdict)) return []
  const { code, message } = describe(path, verdict, tree)
  const suggestion = repaired(path, verdict, tree)
  if (suggestion === undefined) return [{ code, message }]
  return [{ code, message: `${message}; write \`${suggestion}\``, suggestion }]
}

function shadowing(
  { found }: PathVerdict,
  earlier: readonly { readonly number: number; readonly covers: Cover }[],
): readonly Told[] {
  const by = shadowedBy(found, earlier)
  if (by.length === 0) return []
  const rules = `rule${by.length === 1 ? '' : 's'} ${listed(by.map(String))}`
  const message = `${rules} already ${by.length > 1 ? 'claim' : 'claims'} everything it matches`
  return [{ code: 'shadowed', message }]
}

/** Returns the earlier rules that together claim every kind of node found; none if one is left. */
function shadowedBy(
  found: readonly Found[],
  earlier: readonly { readonly number: number; readonly covers: Cover }[],
): number[] {
  const by = new Set<number>()
  for (const { resource, places } of found) {
    if (places === undefined) return []
    for (const place of places) {
      const covering = earlier.find(({ covers }) => covers(place, resource.name))
      if (covering === undefined) return []
      by.add(covering.number)
    }
  }
  return [...by].sort((a, b) => a - b)
}

function effects({ method, replaceWith }: LintedRule, { found }: PathVerdict): readonly Told[] {
  const places = found.flatMap((one): readonly Place[] => one.places ?? [])
  const odd = method === undefined ? undefined : oddEffect(method, places, replaceWith)
  return odd === undefined ? [] : [odd]
}

/** Finds faults in the cases, if it is known which elements they are for. */
function casesOf({ cases }: LintedRule, { found }: PathVerdict, tree: ElementTree): readonly Told[] {
  if (cases === undefined || found.some(({ places }) => places === undefined)) return []
  const reached = new Set(found.flatMap(({ places = [] }) => places))
  return caseFindings(cases, [...reached], tree).map((finding) => ({ ...finding, part: 'cases' }))
}

/** A rule before the one that is judged. */
interface Earlier {
  readonly number: number
  readonly path: string
  readonly method?: MethodFacts | undefined
  readonly covers: Cover
}

/** Finds what a redact leaves although it seems to remove it. */
function leftovers(
  {
    method,
    redactsAll,
    keepsParts,
  }: LintedRule & { readonly redactsAll: boolean; readonly keepsParts: boolean },
  path: RulePath,
  verdict: PathVerdict,
  { earlier, tree }: { readonly earlier: readonly Earlier[]; readonly tree: ElementTree },
): readonly Told[] {
  if (!redacts(method)) return []
  const found = verdict.found.map(({ resource, places = [] }) => ({ resource, places }))
  const covers = earlier.map((rule) => rule.covers)
  const keepsUrl = earlier.some(
    ({ path: one, method: by }) => one === `${path.text}.url` && by?.changesNothing,
  )
  return [
    resourcesLeft(path, found, redactsAll),
    keepsUrl ? undefined : extensionsWithoutUrl(found, keepsParts, { covers, tree }),
  ].flatMap((left) => (left === undefined ? [] : [left]))
}

/** Finds what works but differs from the original. */
function surprises(
  path: RulePath,
  { expression }: PathVerdict,
  method: MethodFacts | undefined,
): readonly Told[] {
  const told: Told[] = []
  if (bindsUnionFirst(path.text)) {
    const message = '"as" and "is" take the whole union before them: a | b as T means (a | b) as T'
    told.push({ code: 'precedence', message })
  }
  // The original has no method that takes elements as a whole.
  if (method?.reach !== 'element' && hasUnionOfNodes(expression)) {
    const message =
      'the original skips a node of a union whose value equals an earlier one; Sluice selects every node'
    told.push({ code: 'union', message })
  }
  return told
}
