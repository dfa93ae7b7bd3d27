import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { explainedConfig } from '../../src/config/anonymizer/explained-config.js'
import { type ElementTree, type ElementType, elementTree, type Member } from '../../src/fhir/elements.js'
import { ElementFates } from '../../src/rules/explain/element-fates.js'
import { type ExplainedLeaf, LeafSurvey } from '../../src/rules/explain/leaves.js'
import type { Outcome } from '../../src/rules/explain/outcomes.js'
import type { Engine } from './engines.js'
import { textOf } from './engines.js'

type Json = Record<string, unknown>

/** What a run did to a planted value. */
export type Seen = 'verbatim' | 'changed' | 'gone'

export interface Disagreement {
  readonly path: string
  readonly explained: string
  readonly seen: string
}

/** Compares what is explained with what an engine does, on planted resources. */
export class ExplainedRun {
  readonly tree: ElementTree
  readonly #survey: LeafSurvey
  readonly #engine: Engine
  readonly disagreements: Disagreement[] = []
  compared = 0
  /** Leaves whose fate depends on what the data holds. */
  conditional = 0
  kept = 0
  /** Lines on which the path of a rule or a case of generalize failed, which only the data shows. */
  failed = 0

  constructor(spec: AnonymizerSpec, engine: Engine) {
    this.tree = elementTree(spec.fhirVersion)
    this.#survey = new LeafSurvey(new ElementFates(explainedConfig(spec), this.tree))
    this.#engine = engine
  }

  leavesOf(type: ElementType): ExplainedLeaf[] {
    const leaves: ExplainedLeaf[] = []
    this.#survey.visit(type, (leaf) => leaves.push(leaf))
    return leaves
  }

  /**
   * Plants a value in each leaf of a type, but none that the rules may reject, and compares. With `mayFail`, the line
   * may be rejected because a criterion fails.
   */
  compare(type: ElementType, { mayFail = false }: { readonly mayFail?: boolean } = {}): void {
    const leaves = this.leavesOf(type)
    const refused = leaves.filter(({ outcomes }) => outcomes.some(({ result }) => result === 'rejected'))
    const planted = leaves.filter((leaf) => !refused.includes(leaf))
    if (planted.length === 0) return
    const line = plant(type, planted, new Set(refused.map(keyOf)))
    const outcome = this.#engine.run(JSON.stringify(line), 'folder')
    if (outcome.ok) {
      const out = withoutLabels(withoutMasks(JSON.parse(textOf(outcome.latin1))) as Json)
      const siblings = new Set(leaves.filter(({ kind }) => kind === 'sibling').map(keyOf))
      for (const leaf of planted) this.#judge(leaf, line, out, siblings)
    } else if (mayFail || outcome.rejection.message.includes('generalize: ')) this.failed++
    else this.#disagree(type.name, 'no leaf is rejected', outcome.rejection.message)
    for (const leaf of refused.filter(isRefused).slice(0, 3))
      if (this.#engine.run(JSON.stringify(plant(type, [leaf])), 'folder').ok)
        this.#disagree(leaf.path, 'rejected', 'delivered')
  }

  #judge(leaf: ExplainedLeaf, line: Json, out: unknown, siblings: ReadonlySet<string>): void {
    this.compared++
    if (leaf.outcomes.length > 1 && !leaf.isMixed) this.conditional++
    const keys = leaf.members.map(({ key }) => key)
    if (leaf.kind === 'value') {
      this.#judgeValue(leaf, [at(line, keys), at(out, keys)])
      for (const sibling of SIBLINGS) this.#judgeSibling(leaf, keys, sibling, { line, out, siblings })
    } else if (leaf.kind === 'extension')
      for (const key of EXTENSION_KEYS)
        this.#judgeValue(leaf, [at(line, [...keys, key]), at(out, [...keys, key])])
    else if (leaf.kind === 'resource') {
      const isRemoved = leaf.outcomes[0]?.isSure === true && leaf.outcomes[0].rule?.method.reach === 'element'
      if (isRemoved && at(out, keys) !== undefined) this.#disagree(leaf.path, 'removed', 'there')
    }
  }

  #judgeValue(leaf: ExplainedLeaf, [before, after]: readonly [unknown, unknown]): void {
    const seen = seenOf(before, after)
    if (seen === 'verbatim') this.kept++
    if (!leaf.outcomes.some((outcome) => allows(outcome, leaf, seen)))
      this.#disagree(`${leaf.path} (${leaf.type})`, explainedText(leaf), seen)
  }

  /** The id and extensions of a primitive stay only with its value, or where they are listed. */
  #judgeSibling(
    leaf: ExplainedLeaf,
    keys: readonly string[],
    sibling: readonly string[],
    {
      line,
      out,
      siblings,
    }: { readonly line: Json; readonly out: unknown; readonly siblings: ReadonlySet<string> },
  ): void {
    const places = [...keys.slice(0, -1), `_${keys.at(-1)}`, ...sibling]
    if (seenOf(at(line, places), at(out, places)) !== 'verbatim') return
    const isListed = siblings.has([...keys, sibling[0]].join('.'))
    if (!isListed && !leaf.outcomes.some(({ result }) => result === 'kept'))
      this.#disagree(`${leaf.path}.${sibling.join('.')}`, 'not listed as left', 'verbatim')
  }

  #disagree(path: string, explained: string, seen: string): void {
    this.disagreements.push({ path, explained, seen })
  }
}

const isRefused = ({ kind, outcomes }: ExplainedLeaf): boolean =>
  kind === 'value' && outcomes[0]?.isSure === true && outcomes[0].result === 'rejected'

const keyOf = ({ members }: ExplainedLeaf): string => members.map(({ key }) => key).join('.')

const explainedText = ({ outcomes, isMixed }: ExplainedLeaf): string =>
  outcomes.map(({ rule, result }) => `${result} by ${rule?.number ?? 'no rule'}`).join(', else ') +
  (isMixed ? ' (mixed)' : '')

/** What a result lets happen to the planted value. */
function allows({ rule, result }: Outcome, { type }: ExplainedLeaf, seen: Seen): boolean {
  switch (result) {
    case 'kept':
      // A trial found that values may pass; others may be generalized.
      return seen === 'verbatim' || rule?.method.reach === 'primitive'
    case 'removed':
      return seen === 'gone'
    case 'listed code':
    case 'code form':
    case 'age to 89':
      return seen !== 'changed'
    case 'hashed':
    case 'encrypted':
    case 'substituted':
      return seen === 'changed'
    case 'perturbed':
      return seen !== 'gone'
    case 'shifted':
      // A shift may be 0 days; a date without a known patient is redacted.
      return seen !== 'verbatim' || type === 'date'
    case 'custom':
      return true
    case 'rejected':
    case 'own rules':
      return false
    default:
      return seen !== 'verbatim'
  }
}

function seenOf(before: unknown, after: unknown): Seen {
  if (after === undefined || after === null) return 'gone'
  return before === after ? 'verbatim' : 'changed'
}

/** A resource with a value in each of the leaves, and with an id and an extension beside some primitives. */
function plant(
  type: ElementType,
  leaves: readonly ExplainedLeaf[],
  refused: ReadonlySet<string> = new Set(),
): Json {
  const root: Json = { resourceType: type.name }
  leaves.forEach(({ kind, members }, number) => {
    if (kind === 'sibling') return
    const holders = members.slice(0, -1)
    const last = members[members.length - 1] as Member
    let holder = root
    for (const member of holders) holder = enter(holder, member)
    holder[last.key] = listed(last, planted(last, kind, number))
    // The walk leaves a line with such siblings to the interpreter, which is slow.
    const keys = members.map(({ key }) => key).join('.')
    const isRejected = ['id', 'extension'].some((name) => refused.has(`${keys}.${name}`))
    const hasSiblings = kind === 'value' && members.length < 3 && last.key !== 'id' && !isRejected
    if (hasSiblings) holder[`_${last.key}`] = listed(last, sibling(number))
  })
  return root
}

function enter(holder: Json, member: Member): Json {
  const known = holder[member.key]
  if (known !== undefined) return (Array.isArray(known) ? known[0] : known) as Json
  const made: Json = {}
  holder[member.key] = listed(member, made)
  return made
}

const listed = ({ cardinality }: Member, item: unknown): unknown => (cardinality === 'many' ? [item] : item)

const DATES: Readonly<Record<string, string>> = {
  date: '1987-06-05',
  dateTime: '1987-06-05T07:08:09.123+02:00',
  instant: '1987-06-05T07:08:09.123+02:00',
}

function planted({ name, type }: Member, kind: ExplainedLeaf['kind'], number: number): unknown {
  if (kind === 'resource') return undefined
  if (kind === 'extension') return extension(number)
  if (name === 'postalCode') return '02139'
  if (type.jsonKind === 'boolean') return false
  return type.jsonKind === 'number' ? 7_000_000_000 + number : (DATES[type.name] ?? `zq${number}x`)
}

const extension = (number: number): Json => ({
  url: `zq${number}u`,
  valueString: `zq${number}s`,
  valueCode: `zq${number}c`,
  valueDateTime: '1987-06-05T07:08:09.123+02:00',
})
const EXTENSION_KEYS = ['url', 'valueString', 'valueCode', 'valueDateTime']

const sibling = (number: number): Json => ({ id: `zq${number}i`, extension: [extension(number)] })
const SIBLINGS = [['id'], ['extension', 'url'], ['extension', 'valueString'], ['extension', 'valueCode']]

/** The value at some keys, in the first item of arrays. */
function at(holder: unknown, keys: readonly string[]): unknown {
  let value: unknown = holder
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return undefined
    const next = (value as Json)[key]
    value = Array.isArray(next) ? next[0] : next
  }
  return value
}

/** The output without the extensions that stand for mandatory elements of which nothing is left. */
function withoutMasks(value: unknown): unknown {
  if (Array.isArray(value)) {
    const left = value.map(withoutMasks).filter((item) => item !== undefined)
    return left.length === 0 ? undefined : left
  }
  if (typeof value !== 'object' || value === null) return value
  if ((value as Json).url === 'http://hl7.org/fhir/StructureDefinition/data-absent-reason') return undefined
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, withoutMasks(own)]))
}

/** The output without the security labels that a run adds. */
function withoutLabels(out: Json): Json {
  const meta = out.meta as { security?: { system?: string; code?: string; display?: string }[] } | undefined
  if (meta?.security === undefined) return out
  const own = meta.security.filter(({ code }) => !/^[A-Z]{4,}$/.test(code ?? ''))
  return { ...out, meta: { ...meta, security: own.length === 0 ? undefined : own } }
}

/** Every primitive, extension and child resource of a type as paths of keys, found without the survey. */
export function keysOfLeaves(type: ElementType): readonly string[] {
  const found: string[] = []
  const enterType = (owner: ElementType, keys: readonly string[], above: readonly string[]): void => {
    for (const member of owner.members.values()) {
      const own = [...keys, member.key]
      const isNested = member.type.jsonKind === 'object' && !member.type.isResource
      if (!isNested || member.type.name === 'Extension') found.push(own.join('.'))
      else if (!above.includes(member.type.id)) enterType(member.type, own, [...above, member.type.id])
    }
  }
  enterType(type, [], [type.id])
  return found
}
