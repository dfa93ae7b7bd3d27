import { visible } from '../visible.js'
import type { ElementNode } from './element-node.js'
import type { Leaf, Outcome } from './outcome.js'

/** The placeholder of a value that is not shown: the same for every value of a kind, long or short. */
const MASK = '•••'

const MAX_SHOWN_LENGTH = 300

const KINDS: Readonly<Partial<Record<Outcome, string>>> = {
  hashed: 'hash',
  encrypted: 'encrypted',
}

export interface ValueTexts {
  readonly before: string
  readonly after: string
}

/** Both values as a reader may see them: their kinds, or where `isShown` themselves, cut short. */
export function valueTexts(
  { node, outcome }: { readonly node: ElementNode; readonly outcome: Outcome },
  { before, after }: { readonly before: Leaf | undefined; readonly after: Leaf | undefined },
  isShown: boolean,
): ValueTexts {
  const text = (value: Leaf | undefined, kind: string): string =>
    value === undefined ? '' : isShown ? shown(value) : `${MASK} ${kind}`
  return {
    before: text(before, node.typeName),
    after: text(after, KINDS[outcome] ?? node.typeName),
  }
}

function shown(value: Leaf): string {
  const text = visible(String(value))
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text
}
