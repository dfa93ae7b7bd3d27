import type { KeyName, Parameters } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import type { CodeSystemsSetting } from '../../fhir/codes/code-verdicts.js'
import { isInSet } from '../../fhir/codes/set-names.js'
import { elementTree } from '../../fhir/elements.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { Claim } from '../../rules/explain/claim-reason.js'
import {
  type ClaimReason,
  mayState,
  type SupportedClaim,
  supportedClaim,
} from '../../rules/explain/supported-claim.js'
import type { ConfigProblem } from '../text/problem.js'
import { explainedConfig } from './explained-config.js'

/** What a claim is computed from: all that decides what becomes of a value. */
export interface ClaimedConfig {
  readonly rules: readonly Rule[]
  readonly fhirVersion: FhirVersion
  readonly parameters: Parameters
  readonly codeSystems?: CodeSystemsSetting | undefined
  /** Keys that are made for a run and destroyed with it. */
  readonly randomKeys: readonly KeyName[]
}

/** Areas with 20,000 inhabitants or fewer by the census of 2020, by three digits of the ZIP code. */
const SMALL_AREAS = '036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893'.split(' ')

/** Computes what a configuration supports at most. */
export function claimOf(config: ClaimedConfig): SupportedClaim {
  const { fhirVersion, parameters, randomKeys, codeSystems } = config
  const { restrictedZipCodeTabulationAreas: restricted } = parameters
  return supportedClaim(explainedConfig(config), elementTree(fhirVersion), {
    isHashKeyKept: !randomKeys.includes('cryptoHashKey'),
    hidesSmallAreas: SMALL_AREAS.every((area) => restricted.some((prefix) => area.startsWith(prefix))),
    checksAllSystems: (codeSystems?.allow ?? []).every(isInSet),
  })
}

/** Returns a problem if a configuration states more than it supports. */
export function claimProblems(stated: Claim | undefined, config: ClaimedConfig): readonly ConfigProblem[] {
  if (stated === undefined || stated === 'none') return []
  const { atMost, reasons } = claimOf(config)
  if (mayState(stated, atMost)) return []
  const against = reasons.filter(({ claim }) => !mayState(stated, claim)).map(reasonText)
  return [
    {
      code: 'claim-unsupported',
      path: 'claim',
      message: `is ${stated}, but the rules support at most ${atMost}: ${against.join('; ')}`,
    },
  ]
}

const MAX_SHOWN = 2

/** `rules 4, 8 keep full dates: Patient.birthDate, Patient.deceased.ofType(dateTime) and 3 more`. */
export function reasonText({ why, rules, paths, pathCount }: ClaimReason): string {
  const left = pathCount - MAX_SHOWN
  const places = paths.slice(0, MAX_SHOWN).join(', ') + (left > 0 ? ` and ${left} more` : '')
  return `${subjectOf(rules)} ${why} (${places})`
}

const MAX_RULES = 5

function subjectOf(rules: readonly number[]): string {
  if (rules.length === 0) return 'what no rule reaches'
  const shown = rules.slice(0, MAX_RULES).join(', ')
  const more = rules.length > MAX_RULES ? ` and ${rules.length - MAX_RULES} more` : ''
  return `${rules.length === 1 ? 'rule' : 'rules'} ${shown}${more}:`
}

const MAX_REASONS = 4

/** Lines for people. They say what speaks against the next stronger claim, and never that a claim is met. */
export function claimText({ atMost, reasons }: SupportedClaim): readonly string[] {
  const own = reasons.filter(({ claim }) => claim === atMost)
  const shown = own.slice(0, MAX_REASONS).map((reason) => `  ${reasonText(reason)}`)
  const more = own.length > MAX_REASONS ? [`  and ${own.length - MAX_REASONS} more reasons (--json)`] : []
  return [`supports at most the claim ${atMost}${own.length === 0 ? '' : ', because:'}`, ...shown, ...more]
}
