import type { ElementTree, ElementType } from '../../../fhir/elements.js'
import { Automaton } from '../../automaton/automaton.js'
import { COSTS, type Cost, CostSurvey } from '../../automaton/cost.js'
import { effectOf, type OrderedRule } from '../../automaton/progress.js'
import { compilePath, isPlain } from '../../automaton/steps.js'
import { appliesTo, type RulePath } from '../../path/rule-path.js'
import { listed } from '../elements/name-list.js'
import type { MethodFacts } from '../method-facts.js'
import type { FindingCode } from './codes.js'

/** A rule with its parsed path. */
export interface CostedRule {
  readonly number: number
  readonly path: RulePath
  readonly method?: MethodFacts | undefined
}

export interface CostFinding {
  readonly rule: number
  readonly code: FindingCode
  readonly message: string
}

/** Says what each rule costs that is not decided by names and types alone, by resource type. */
export function costFindings(rules: readonly CostedRule[], tree: ElementTree): readonly CostFinding[] {
  const compiled = rules.map((rule) => ({ ...rule, paths: compilePath(rule.path) }))
  const costly = compiled.filter(({ paths }) => paths === undefined || !isPlain(paths))
  if (costly.length === 0) return []
  const automaton = new Automaton(
    compiled.map(({ number, method, paths = [] }) => ({
      number,
      paths,
      effect: method === undefined ? 'values' : effectOf(method),
    })),
  )
  const pathOf = new Map(rules.map(({ number, path }) => [number, path]))
  const appliesOn =
    (type: ElementType) =>
    ({ number }: OrderedRule): boolean => {
      const path = pathOf.get(number)
      return path !== undefined && appliesTo(path, type.name)
    }
  return costly.flatMap(({ number, path, paths }) => {
    const survey = new CostSurvey(automaton, number)
    const byCost = new Map<Cost, string[]>()
    for (const type of tree.resources.values()) {
      if (!appliesTo(path, type.name)) continue
      const cost = paths === undefined ? 'all lines' : survey.on(type, appliesOn(type))
      byCost.set(cost, [...(byCost.get(cost) ?? []), type.name])
    }
    return findingsOf(number, byCost, tree.resources.size)
  })
}

function findingsOf(
  rule: number,
  byCost: ReadonlyMap<Cost, readonly string[]>,
  typeCount: number,
): readonly CostFinding[] {
  const said = (cost: Cost): readonly string[] => {
    const types = byCost.get(cost)
    return types === undefined ? [] : [MESSAGES[cost](linesOf(types, typeCount))]
  }
  const slow = COSTS.slice(COSTS.indexOf('evaluator')).toReversed().flatMap(said)
  const findings: CostFinding[] = said('bytes').map((message) => ({ rule, code: 'looks-ahead', message }))
  return slow.length === 0
    ? findings
    : [...findings, { rule, code: 'not-compiled', message: slow.join('; ') }]
}

const MESSAGES: Readonly<Record<Cost, (lines: string) => string>> = {
  names: () => '',
  bytes: (lines) => `${lines} take barely longer`,
  evaluator: (lines) => `${lines} take several times as long where the rule meets an element`,
  'some lines': (lines) => `${lines} go to the interpreter where the rule may select something`,
  'all lines': (lines) => `${lines} all go to the interpreter`,
}

const linesOf = (types: readonly string[], typeCount: number): string =>
  types.length === typeCount ? 'lines of every resource type' : `${listed(types)} lines`
