import { type ElementTree, elementTree } from '../../src/fhir/elements.js'
import type { FhirVersion } from '../../src/fhir/version.js'
import { reachedTypes } from './reached-types.js'
import { limitedDataSetRules, researchRules } from './research.js'
import type { PresetRule } from './rule.js'
import { safeHarborRules } from './safe-harbor.js'

/** The code systems of care in the United States. Codes of other systems could be typed text. */
const CODE_SYSTEMS = { allow: ['international', 'us', 'blue-button'], grammar: true }

interface Preset {
  readonly name: string
  readonly versions: readonly FhirVersion[]
  readonly rules: () => readonly PresetRule[]
  readonly parameters: object
}

const HASHED = {
  cryptoHashKey: { random: true },
  absoluteReferences: 'relative',
  urls: 'references',
}
const REDACTED_DATES = {
  enablePartialDatesForRedact: true,
  redactedInstants: 'whole',
  over89From: 'year',
}

const PRESETS: readonly Preset[] = [
  {
    name: 'safe-harbor',
    versions: ['STU3', 'R4', 'R5'],
    rules: safeHarborRules,
    parameters: { ...HASHED, ...REDACTED_DATES },
  },
  {
    name: 'research',
    versions: ['R4', 'R5'],
    rules: researchRules,
    parameters: {
      dateShiftKey: { random: true },
      dateShiftScope: 'patient',
      // Whole weeks hide on which days a clinic is closed, and a year of them leaves as many shifts as 101 days.
      dateShiftRangeInDays: [-364, 364],
      dateShiftKeepWeekday: true,
      dateShiftExcludeZero: true,
      dateShiftTimeZone: 'remove',
      ...HASHED,
      ...REDACTED_DATES,
    },
  },
  { name: 'limited-data-set', versions: ['R4'], rules: limitedDataSetRules, parameters: HASHED },
]

/** Every preset: path from the project's root and the text of the file. */
export const presetFiles = (): ReadonlyMap<string, string> =>
  new Map(
    PRESETS.flatMap((preset) =>
      preset.versions.map((version) => [
        `configs/${preset.name}-${version.toLowerCase()}.json`,
        presetText(preset, version),
      ]),
    ),
  )

function presetText({ rules, parameters }: Preset, fhirVersion: FhirVersion): string {
  const tree = elementTree(fhirVersion)
  const head = {
    fhirVersion,
    processingErrors: 'raise',
    unknownElements: 'quarantine',
    mandatoryElements: 'mask',
    outputNames: 'neutral',
  }
  const own = rules().flatMap((rule) => forVersion(tree, rule))
  const members = [
    ...Object.entries(head).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`),
    `"codeSystems": ${onOneLine(CODE_SYSTEMS)}`,
    `"fhirPathRules": [\n${own.map((rule) => `    ${json(rule, 4)}`).join(',\n')}\n  ]`,
    `"parameters": ${expanded(parameters, 2)}`,
  ]
  return `{\n${members.map((member) => `  ${member}`).join(',\n')}\n}\n`
}

/** Types that earlier rules of every preset have removed or changed when rules keep elements. */
const NEVER_KEPT = new Set([
  ...['string', 'markdown', 'id', 'oid', 'uuid', 'url', 'canonical', 'date', 'dateTime', 'instant', 'time'],
  ...['Reference', 'Attachment', 'Identifier', 'Annotation', 'Age', 'Period', 'SampledData'],
])

/** The rule without the sides of a union that a version has no elements for; nothing if it has none at all. */
function forVersion(tree: ElementTree, rule: PresetRule): PresetRule[] {
  const sides = rule.path.includes('where(') ? [rule.path] : rule.path.split(' | ')
  const left = sides.filter((path) => hasEffect(tree, { ...rule, path }))
  return left.length === 0 ? [] : [{ ...rule, path: left.join(' | ') }]
}

/** Whether a version has elements for a rule. */
function hasEffect(tree: ElementTree, { path, method }: PresetRule): boolean {
  const types = reachedTypes(tree, path)
  const isElement = /^[A-Z]\w*\.\w/.test(path) && path !== 'Resource.id'
  if (method === 'keep' && isElement && !path.includes('where('))
    return types.some(({ name }) => !NEVER_KEPT.has(name))
  // A hash is no valid OID.
  return types.some(({ name }) => method !== 'cryptoHash' || name !== 'oid')
}

/** Longest line of the formatter. */
const LINE_LENGTH = 110

/** JSON on one line if it fits after `column` characters and before a comma; otherwise expanded at `indent`. */
function json(value: unknown, indent: number, column = indent): string {
  const line = onOneLine(value)
  return column + line.length + 1 <= LINE_LENGTH ? line : expanded(value, indent)
}

function expanded(value: unknown, indent: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = indent + 2
  if (Array.isArray(value))
    return between(
      '[]',
      indent,
      value.map((item) => json(item, inner)),
    )
  const members = Object.entries(value).map(([key, member]) => {
    const name = `${JSON.stringify(key)}: `
    return name + (key === 'cases' ? expanded(member, inner) : json(member, inner, inner + name.length))
  })
  return between('{}', indent, members)
}

const between = ([open, close]: string, indent: number, parts: readonly string[]): string =>
  `${open}\n${parts.map((part) => ' '.repeat(indent + 2) + part).join(',\n')}\n${' '.repeat(indent)}${close}`

function onOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${onOneLine(member)}`)
  return `{ ${members.join(', ')} }`
}
