import { isBoundByItself } from './bound-path.js'
import type { IdentifierLetter } from './identifiers.js'
import { valueKind } from './kinds.js'
import type { ExplainedLeaf } from './leaves.js'
import type { Outcome } from './outcomes.js'
import type { Result } from './result.js'

/**
 * What the output of a configuration can be claimed to be, from weakest to strongest.
 *
 * - `safe-harbor`: nothing of the 18 identifiers of 45 CFR 164.514(b)(2)(i) stays, and nothing is derived from them
 * - `expert-determination`: values derived from identifiers, or values that nobody has bounded, stay; whether the risk is
 *   very small is an expert's to determine, 164.514(b)(1)
 * - `limited-data-set`: dates, cities or ZIP codes stay, which 164.514(e) allows under a data use agreement
 * - `none`: something stays that even a limited data set may not hold
 *
 * The last two are weaker than an expert's determination, because what stays there needs an agreement, or an expert who
 * says more than a configuration shows.
 */
export const CLAIMS = ['none', 'limited-data-set', 'expert-determination', 'safe-harbor'] as const
export type Claim = (typeof CLAIMS)[number]

/** What else decides, besides the rules. */
export interface ClaimFacts {
  /** Whether the key of hashes outlives the run. */
  readonly isHashKeyKept: boolean
  /** Whether redact cuts the ZIP codes of all areas with few inhabitants. */
  readonly hidesSmallAreas: boolean
  /** Whether Sluice knows the codes, or the form of codes, of all code systems that stay. */
  readonly checksAllSystems: boolean
}

export interface Reason {
  readonly claim: Claim
  /** `keeps full dates`. */
  readonly why: string
}

const HARMLESS: ReadonlySet<Result> = new Set<Result>([
  'removed',
  'rejected',
  'own rules',
  'year',
  'age to 89',
  'generalized',
  'substituted',
])

/** Whether a result may be a reason against a claim. */
export const mayMatter = (result: Result): boolean => !HARMLESS.has(result)

/** The part of a leaf that decides. */
export type WeighedLeaf = Pick<ExplainedLeaf, 'type' | 'members'>

/** Returns why one outcome of a leaf does not allow the strongest claim; undefined if it does. */
export function reasonOf(
  leaf: WeighedLeaf,
  letters: readonly IdentifierLetter[],
  outcome: Outcome,
  { isHashKeyKept, hidesSmallAreas, checksAllSystems }: ClaimFacts,
): Reason | undefined {
  switch (outcome.result) {
    case 'kept':
      return reasonOfKept(leaf, letters, outcome)
    case 'listed code':
      return checksAllSystems ? undefined : expert('keeps codes of systems that Sluice cannot check')
    case 'hashed':
      return isHashKeyKept ? expert('hashes with a key that outlives the run') : undefined
    case 'ZIP prefix':
      return hidesSmallAreas
        ? undefined
        : expert('keeps three digits of ZIP codes of areas with few inhabitants')
    default:
      return ALWAYS[outcome.result]
  }
}

const expert = (why: string): Reason => ({ claim: 'expert-determination', why })
const limited = (why: string): Reason => ({ claim: 'limited-data-set', why })
const none = (why: string): Reason => ({ claim: 'none', why })

/** Results that are a reason whatever the leaf and the facts. */
const ALWAYS: Readonly<Partial<Record<Result, Reason>>> = {
  'code form': expert('keeps codes that no list bounds'),
  month: limited('keeps more of a date than its year'),
  shifted: expert('shifts dates'),
  perturbed: expert('adds noise to numbers'),
  encrypted: expert('encrypts values, which the key recovers'),
  custom: expert('uses a method of your own, whose results are unknown'),
}

function reasonOfKept(
  leaf: WeighedLeaf,
  letters: readonly IdentifierLetter[],
  { rule, isSure }: Outcome,
): Reason | undefined {
  if (rule !== undefined && isBoundByItself(rule.path)) return undefined
  const kind = valueKind(leaf)
  // A rule that keeps a code or number under a condition bounds it.
  if (kind === 'codes') return isSure ? expert('keeps codes of any system') : undefined
  if (kind === 'numbers') return reasonOfNumber(leaf, letters, isSure)
  if (kind === 'dates') return leaf.type === 'time' ? undefined : limited('keeps full dates')
  if (kind === 'addresses') return letters.length > 0 ? none('keeps web addresses') : undefined
  if (kind === 'booleans') return undefined
  if (kind === 'extensions') return undefined
  return reasonOfText(leaf, letters)
}

/** Elements of a choice of types whose meaning another element gives: any of them may be an age or a measured value. */
const OPEN_NUMBERS = new Set(['value', 'answer', 'detail', 'onset', 'abatement', 'age', 'deceased', 'born'])
const AMOUNTS = new Set(
  'Age Count Distance Duration Quantity Range Ratio RatioRange SampledData SimpleQuantity decimal integer integer64 positiveInt unsignedInt'.split(
    ' ',
  ),
)

function reasonOfNumber(
  { members }: WeighedLeaf,
  letters: readonly IdentifierLetter[],
  isSure: boolean,
): Reason | undefined {
  if (letters.includes('B')) return none('keeps positions')
  if (!isSure) return undefined
  if (letters.includes('C')) return expert('keeps ages, also those over 89')
  const open = members.findLastIndex(({ key, name }) => key !== name && OPEN_NUMBERS.has(name))
  const isOpen = open >= 0 && members.slice(open).every(({ type }) => AMOUNTS.has(type.name))
  return isOpen ? expert('keeps measured values without a condition on their unit') : undefined
}

/** Parts of an address that a limited data set may hold, or that Safe Harbor may. */
const TOWNS = new Set(['city', 'district', 'postalCode'])
const STATES = new Set(['state', 'country'])

function reasonOfText({ members }: WeighedLeaf, letters: readonly IdentifierLetter[]): Reason {
  const name = members.at(-1)?.name ?? ''
  if (members.at(-2)?.type.name === 'Address') {
    if (TOWNS.has(name)) return limited('keeps cities, districts or ZIP codes')
    if (STATES.has(name)) return expert('keeps states or countries as any text')
    return none('keeps street addresses')
  }
  if (letters.includes('T')) return none('keeps free texts or files')
  if (letters.includes('A')) return none('keeps names')
  return none('keeps identifiers')
}
