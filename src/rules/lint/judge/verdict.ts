import type { ElementTree, ElementType } from '../../../fhir/elements.js'
import type { Expression } from '../../expression/expression.js'
import { appliesTo, type RulePath } from '../../path/rule-path.js'
import type { Place } from '../elements/place.js'
import { judgeBinary } from './binary.js'
import { judgeCall } from './calls.js'
import { type Fault, Faults } from './faults.js'
import { expressionOf, Judge } from './judge.js'

/** What a path reaches on one resource type; `undefined` places mean unknown without data. */
export interface Found {
  readonly resource: ElementType
  readonly places: readonly Place[] | undefined
}

/** What a path reaches on all resource types it applies to. */
export interface PathVerdict {
  readonly expression: Expression
  /** Types on which it can reach something. */
  readonly found: readonly Found[]
  readonly faults: readonly Fault[]
  /** Whether it gives values instead of elements, which rejects the line. */
  readonly givesValues: boolean
  readonly typeCount: number
}

const OPERATIONS = { call: judgeCall, binary: judgeBinary }

export function judgePath(path: RulePath, tree: ElementTree): PathVerdict {
  const expression = expressionOf(path)
  const isIndexed = path.form.kind === 'byType' || path.form.kind === 'byName'
  const faults = new Faults()
  const types = [...tree.resources.values()].filter((type) => appliesTo(path, type.name))
  const found: Found[] = []
  let givesValues = false
  for (const resource of types) {
    const { places, values } = new Judge(tree, resource, faults, isIndexed, OPERATIONS).judge(expression)
    if (values !== undefined && values.size > 0) givesValues = true
    else if (places === undefined || places.length > 0) found.push({ resource, places })
  }
  return { expression, found, faults: faults.certain(), givesValues, typeCount: types.length }
}

/** Whether a path reaches something and has no fault. */
export const isSound = ({ found, faults, givesValues }: PathVerdict): boolean =>
  found.length > 0 && faults.length === 0 && !givesValues
