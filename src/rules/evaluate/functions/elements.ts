import { equalCollections } from '../collections.js'
import { childrenOfAll, descendantsOf, membersNamed, searched } from '../elements.js'
import type { Invocation } from '../invocation.js'
import { type Items, isNode, isType, NOTHING, ofType } from '../item.js'
import type { FunctionRow, Gives } from './row.js'

const navigation = (gives: Gives, run: (invocation: Invocation) => Items): FunctionRow => ({
  takes: 'anything',
  args: [],
  gives,
  run,
})

const typed = (gives: Gives, of: (input: Items, type: string) => Items): FunctionRow => ({
  takes: 'anything',
  args: ['type'],
  gives,
  run: (invocation) => of(invocation.input, invocation.literal(0) ?? ''),
})

/** `nodesByType` and `nodesByName`, whose argument must be a literal. A value is found by its element's type. */
const search = (by: 'type' | 'name'): FunctionRow => ({
  takes: 'anything',
  args: ['name'],
  gives: `elements by ${by}`,
  run: (invocation) => {
    const { input, evaluation } = invocation
    const wanted = invocation.literal(0)
    if (wanted === undefined) return NOTHING
    const found = searched(
      input,
      (node) => (by === 'type' ? node.type.name : node.name) === wanted,
      evaluation.budget,
    )
    const leaves = by === 'type' ? input.filter((item) => !isNode(item) && item.leafType === wanted) : NOTHING
    return leaves.length === 0 ? found : [...leaves, ...found]
  },
})

function extensions(invocation: Invocation): Items {
  const { input, evaluation } = invocation
  const url = invocation.collection(0)
  return membersNamed(input, 'extension', evaluation.budget).filter((extension) => {
    const own = membersNamed([extension], 'url', evaluation.budget)
    return own.length === 1 && url.length === 1 && equalCollections(own, url, evaluation) === true
  })
}

/** Functions that lead to other elements or test their types. */
export const ELEMENT_FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  children: navigation('children', ({ input, evaluation }) => childrenOfAll(input, evaluation.budget)),
  descendants: navigation('descendants', ({ input, evaluation }) => descendantsOf(input, evaluation.budget)),
  nodesByType: search('type'),
  nodesByName: search('name'),
  extension: { ...navigation('extensions', extensions), args: ['text'] },
  ofType: typed('input of a type', ofType),
  as: typed('input of a type', ofType),
  is: typed('boolean', isType),
}
