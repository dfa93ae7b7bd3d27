import {
  add,
  type Decimal,
  decimalFromDouble,
  decimalText,
  parseDecimal,
  roundHalfEven,
} from '../../fhir/decimal.js'
import { createHmac } from '../keyed-hash/hmac.js'
import { subKey } from '../keyed-hash/sub-key.js'
import { placeText } from './encrypt.js'
import { type Leaf, type LeafMethod, type LeafPlace, RECORD, UNCHANGED } from './leaf.js'
import { method, type RuleWith, requiredKey } from './method.js'

/** Types whose values perturb changes. */
const PERTURBED_NUMBERS: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

const settings = {
  span: { kind: 'number', min: 0 },
  rangeType: { kind: 'choice', words: ['fixed', 'proportional'], default: 'fixed' },
  roundTo: { kind: 'number', isWhole: true, min: 0, max: 28, default: 2 },
} as const

type PerturbRule = RuleWith<typeof settings>

export const perturb = method({
  name: 'perturb',
  summary: 'adds noise to a number',
  settings,
  records: ['PERTURB'],
  reach: 'number',
  changesOnly: { types: PERTURBED_NUMBERS, noun: 'number' },
  dependsOnPlace: true,
  // A span of 0 adds nothing.
  keysOf: ({ span }) => (span > 0 ? ['perturbKey'] : []),
  compile: (rule, { parameters }) => compilePerturb(rule, requiredKey(parameters, 'perturbKey')),
  walk: ({ kind }) => (kind === 'number' ? 'method' : 'keep'),
  resultOf: ({ type }) => (PERTURBED_NUMBERS.has(type) ? 'perturbed' : 'kept'),
})

/**
 * Adds keyed noise (law 9.2, 9.3) from −span/2 to span/2, or that fraction of the value's magnitude, and rounds half
 * to even. Integer types remain integers and within their range. Other types are not changed.
 */
function compilePerturb(rule: PerturbRule, perturbKey: string): LeafMethod {
  const noise = compileNoise(rule, perturbKey)
  return (leaf, place) => {
    if (!PERTURBED_NUMBERS.has(leaf.type)) return UNCHANGED
    const value = parseDecimal(leaf.text)
    if (value === undefined) return { failed: 'perturb: the value is not a number', skippable: false }
    const width = rule.rangeType === 'fixed' ? rule.span : Math.abs(Number(leaf.text) * rule.span)
    if (!Number.isFinite(width)) return { failed: 'perturb: the span is too large', skippable: false }
    const decimals = leaf.type === 'decimal' ? rule.roundTo : 0
    const perturbed = roundHalfEven(add(value, decimalFromDouble(noise(leaf, place) * width)), decimals)
    return { record: RECORD.PERTURB, json: decimalText(inRange(perturbed, leaf.type)) }
  }
}

function inRange(value: Decimal, type: string): Decimal {
  if (type === 'positiveInt' && value.units <= 0n) return { units: 1n, scale: 0 }
  if (type === 'unsignedInt' && value.units < 0n) return { units: 0n, scale: 0 }
  return value
}

const DOUBLE_BITS = 53

/**
 * Returns noise that is uniform in [−1/2, 1/2) and decided by the key, the rule, the place and the value. Two rules,
 * or two values in one place, never share their noise, because their difference would cancel it.
 */
function compileNoise(rule: PerturbRule, perturbKey: string): (leaf: Leaf, place: LeafPlace) => number {
  const { path, span, rangeType, roundTo } = rule
  const hmac = createHmac(subKey(perturbKey, 'perturb', path, span, rangeType, roundTo))
  return ({ text }, place) => {
    const bits = hmac.bytes(`${placeText(place)}\0${text}`).readBigUInt64BE() >> BigInt(64 - DOUBLE_BITS)
    return Number(bits) / 2 ** DOUBLE_BITS - 0.5
  }
}
