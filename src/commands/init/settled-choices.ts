import { FHIR_VERSIONS } from '../../fhir/version.js'
import type { Terminal } from '../display/terminal.js'
import { longFlag, usage } from '../shared-options.js'
import { type Choices, DATES_SAY, KEYS, KEYS_SAY, PURPOSE_FACTS, PURPOSES } from './choices.js'
import { presetFor, purposesOf, requirePreset } from './configuration.js'
import { INIT, type InitValues } from './options.js'
import { Dialogue } from './questions.js'

/** What the options say, and where they say nothing, what the user answers. Throws USAGE without a terminal. */
export async function choicesFrom(values: InitValues, terminal: Terminal): Promise<Choices> {
  const isAsking = terminal.isInteractive && 'isTTY' in terminal.stdin && terminal.stdin.isTTY === true
  const dialogue = isAsking ? new Dialogue(terminal.stdin, terminal.stderr, terminal.signal) : undefined
  try {
    return await settled(values, dialogue)
  } finally {
    dialogue?.close()
  }
}

async function settled(values: InitValues, dialogue: Dialogue | undefined): Promise<Choices> {
  const ask = async <T extends string>(
    given: T | undefined,
    option: 'fhirVersion' | 'purpose' | 'dates' | 'keys',
    asks: string,
    answers: readonly (readonly [T, string])[],
  ): Promise<T> => {
    if (given !== undefined) return given
    if (dialogue === undefined) throw usage(`${longFlag(INIT.options[option])} is missing`)
    return dialogue.ask({ asks, answers })
  }
  const versions = ['R4', ...FHIR_VERSIONS.filter((version) => version !== 'R4')] as const
  const fhirVersion = await ask(
    values.fhirVersion,
    'fhirVersion',
    'Which FHIR version is the data?',
    versions.map((version) => [version as (typeof FHIR_VERSIONS)[number], ''] as const),
  )
  const purpose = await ask(
    values.purpose,
    'purpose',
    'What is the data for?',
    purposesOf(PURPOSES, fhirVersion).map((each) => [each, PURPOSE_FACTS[each].says] as const),
  )
  requirePreset(purpose, fhirVersion)
  const facts = PURPOSE_FACTS[purpose]
  const [only, ...more] = facts.dates
  const dates = await ask(
    values.dates ?? (more.length === 0 ? only : undefined),
    'dates',
    'What becomes of dates?',
    facts.dates.map((each) => [each, DATES_SAY[each]] as const),
  )
  if (!facts.dates.includes(dates))
    throw usage(`--dates ${dates} does not go with --purpose ${purpose}, which is ${facts.dates.join(', ')}`)
  const codes = await codesFrom(values, { purpose, fhirVersion }, dialogue)
  const keys = await ask(
    values.keys,
    'keys',
    'Where do the keys come from?',
    KEYS.map((each) => [each, KEYS_SAY[each]] as const),
  )
  return { fhirVersion, purpose, dates, codes, keys }
}

const CODES = [
  ['international', 'LOINC, SNOMED CT, UCUM, HL7, ICD and others'],
  ['us', 'these, and the systems of the United States'],
  ['any', 'every code: those of your own systems may hold typed text'],
] as const

async function codesFrom(
  { codes }: InitValues,
  { purpose, fhirVersion }: Pick<Choices, 'purpose' | 'fhirVersion'>,
  dialogue: Dialogue | undefined,
): Promise<readonly string[] | undefined> {
  const hasPreset = presetFor(purpose, fhirVersion) !== undefined
  if (codes?.length === 0 && PURPOSE_FACTS[purpose].needsListedCodes)
    throw usage(`--codes any does not go with --purpose ${purpose}, which needs listed code systems`)
  if (codes !== undefined) return codes
  if (dialogue === undefined) {
    if (hasPreset) return undefined
    throw usage('--codes is missing')
  }
  const asPreset = ['preset', 'as in the preset'] as const
  const offered = CODES.filter(([name]) => name !== 'any' || PURPOSE_FACTS[purpose].needsListedCodes !== true)
  const answer = await dialogue.ask({
    asks: 'Codes of which systems may stay?',
    answers: hasPreset ? [asPreset, ...offered] : offered,
  })
  if (answer === 'preset') return undefined
  if (answer === 'any') return []
  return answer === 'us' ? ['international', 'us'] : [answer]
}
