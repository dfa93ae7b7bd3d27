import { cryptoHash } from '../../anonymizer/methods/crypto-hash.js'
import { dateShift } from '../../anonymizer/methods/date-shift.js'
import { parseConfigText } from '../../config/anonymizer/configuration-file.js'
import { presetNames, presetPath } from '../../config/anonymizer/presets.js'
import { readBoundedText } from '../../config/text/bounded-text.js'
import { present } from '../../invariant.js'
import { isRecord } from '../../json/record.js'
import { usage } from '../shared-options.js'
import type { Choices, Dates, Purpose } from './choices.js'

type Json = Readonly<Record<string, unknown>>

/** The name of the preset for a purpose and a version; undefined if there is none. */
export function presetFor(purpose: Purpose, fhirVersion: Choices['fhirVersion']): string | undefined {
  const name = `${purpose}-${fhirVersion.toLowerCase()}`
  return presetNames().includes(name) ? name : undefined
}

/** The purposes that there is something for in a version. */
export const purposesOf = (
  purposes: readonly Purpose[],
  version: Choices['fhirVersion'],
): readonly Purpose[] =>
  purposes.filter((purpose) => purpose === 'own' || presetFor(purpose, version) !== undefined)

/** Throws USAGE where a purpose needs a preset that does not exist. */
export function requirePreset(purpose: Purpose, version: Choices['fhirVersion']): void {
  if (purpose !== 'own' && presetFor(purpose, version) === undefined)
    throw usage(`there is no preset for ${purpose} and ${version}; there are ${presetNames().join(', ')}`)
}

/** A raw configuration for the choices, without keys. Throws USAGE where there is no preset. */
export async function configurationFor(choices: Choices): Promise<Json> {
  const { purpose, fhirVersion, codes } = choices
  const config =
    purpose === 'own' ? ownConfiguration(choices) : await presetConfiguration(purpose, fhirVersion)
  if (codes === undefined) return config
  const { codeSystems: _, fhirPathRules, parameters, ...others } = config
  const codeSystems = codes.length === 0 ? {} : { codeSystems: { allow: codes, grammar: true } }
  return { ...others, ...codeSystems, fhirPathRules, parameters }
}

async function presetConfiguration(purpose: Purpose, fhirVersion: Choices['fhirVersion']): Promise<Json> {
  requirePreset(purpose, fhirVersion)
  const path = present(presetPath(presetFor(purpose, fhirVersion) ?? ''), 'a preset')
  const config = parseConfigText(await readBoundedText(path), path)
  return isRecord(config) ? config : {}
}

const everywhere = (type: string): string => `nodesByType('${type}')`
const DATE_TYPES = ['date', 'dateTime', 'instant']
/** Types that hold what identifies a person; codes in them are of no use without the rest. */
const IDENTIFYING = [
  'Extension',
  'Narrative',
  'HumanName',
  'Address',
  'ContactPoint',
  'Identifier',
  'Attachment',
  'Annotation',
  'Signature',
]

/** A configuration that keeps ids (hashed), dates as chosen, and codes. */
function ownConfiguration({ fhirVersion, dates }: Choices): Json {
  return {
    fhirVersion,
    processingErrors: 'raise',
    unknownElements: 'quarantine',
    fhirPathRules: [
      ...IDENTIFYING.map((type) => ({ path: everywhere(type), method: 'remove' })),
      { path: 'Resource.id', method: cryptoHash.name },
      { path: `${everywhere('Reference')}.reference`, method: cryptoHash.name },
      { path: 'Bundle.entry.fullUrl', method: cryptoHash.name },
      { path: 'Bundle.entry.request.url', method: cryptoHash.name },
      { path: 'Bundle.entry.response.location', method: cryptoHash.name },
      { path: 'Resource.meta', method: 'redact' },
      ...(dates === 'remove'
        ? []
        : DATE_TYPES.map((type) => ({ path: everywhere(type), method: METHOD[dates] }))),
      { path: `${everywhere('Coding')}.system`, method: 'keep' },
      { path: everywhere('code'), method: 'keep' },
      { path: everywhere('boolean'), method: 'keep' },
      { path: 'Resource', method: 'redact' },
    ],
    parameters: {
      ...(dates === 'shift'
        ? { dateShiftScope: 'patient', dateShiftExcludeZero: true, dateShiftTimeZone: 'remove' }
        : {}),
      absoluteReferences: 'relative',
      urls: 'references',
      enablePartialDatesForRedact: dates === 'year' || dates === 'shift',
      redactedInstants: 'whole',
      over89From: 'year',
    },
  }
}

const METHOD: Readonly<Record<Exclude<Dates, 'remove'>, string>> = {
  year: 'redact',
  shift: dateShift.name,
  keep: 'keep',
}
