import type { LineTrace, TracedLeaf } from '../anonymizer/interpreter/trace.js'
import { type Leaf, type Outcome, outcomeOf } from '../diff/outcome.js'
import { parseJson } from '../json/parse.js'
import { formOf } from './value-form.js'

/** A value of a line as a reader sees it. */
export interface PreviewRow {
  readonly place: string
  readonly fhirType: string
  readonly outcome: Outcome
  /** The number of the rule; absent if no rule reaches the value. */
  readonly rule?: number
  /** `codeSystems` removed the value, which the rules left. */
  readonly isUnlistedCode?: true
  /** The value, or its form; absent if there is none. */
  readonly before?: string
  readonly after?: string
}

/** The values of a delivered line in the order of the source. Without `showValues` each is shown by its form. */
export function rowsOf(
  { leaves, labels }: Extract<LineTrace, { kind: 'delivered' }>,
  showValues: boolean,
): readonly PreviewRow[] {
  const codes = new Set(labels.flatMap((label) => label.codes))
  return leaves.map((leaf) => {
    const outcome = outcomeFor(leaf, codes)
    const text = (json: string | undefined) => (json === undefined ? undefined : textOf(json, showValues))
    const before = text(leaf.before)
    const after = !showValues && isCipher(outcome) && leaf.after !== undefined ? outcome : text(leaf.after)
    return {
      place: leaf.place,
      fhirType: leaf.type,
      outcome,
      ...(leaf.rule === 0 ? {} : { rule: leaf.rule }),
      ...(leaf.isUnlistedCode ? { isUnlistedCode: true } : {}),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    }
  })
}

/** Outcomes whose own form says nothing. */
const isCipher = (outcome: Outcome): boolean => outcome === 'hashed' || outcome === 'encrypted'

function outcomeFor({ before, after }: TracedLeaf, labels: ReadonlySet<string>): Outcome {
  if (after === undefined) return 'removed'
  if (before === undefined) return 'added'
  if (before === after) return 'kept'
  return outcomeOf(leafValue(before), leafValue(after), labels)
}

/** A malformed value, which lies in an element that a rule removes, counts as its JSON text. */
function leafValue(json: string): Leaf {
  const value = parseJson(json)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : json
}

function textOf(json: string, showValues: boolean): string {
  const text = json.startsWith('"') ? String(leafValue(json)) : json
  return showValues ? text : formOf(text)
}
