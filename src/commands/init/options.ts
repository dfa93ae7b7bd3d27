import { SET_NAMES } from '../../fhir/codes/set-names.js'
import { FHIR_VERSIONS } from '../../fhir/version.js'
import { asChoice, asText, maybe, type Values, withDefault } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'
import { DATES, KEYS, PURPOSES } from './choices.js'

const options = {
  fhirVersion: maybe(
    '--fhir-version <version>',
    'FHIR version of the data: STU3, R4, R4B or R5',
    asChoice(...FHIR_VERSIONS),
  ),
  purpose: maybe(
    '--purpose <purpose>',
    `what the data is for: ${PURPOSES.join(', ')}`,
    asChoice(...PURPOSES),
  ),
  dates: maybe(
    '--dates <what>',
    `what becomes of dates: ${DATES.join(', ')}; for purposes with a preset, the preset decides`,
    asChoice(...DATES),
  ),
  codes: maybe(
    '--codes <sets>',
    'code systems whose codes may stay: names of sets with commas, such as international,us; or any',
    asCodes,
    { fallbackText: 'as in the preset' },
  ),
  keys: maybe(
    '--keys <where>',
    'where keys come from: file (made now, beside the configuration), env (variables that you set) or random (made for each run)',
    asChoice(...KEYS),
  ),
  source: withDefault('--source <path>', 'raw data: a folder or an address', asText, 'export'),
  sink: withDefault('--sink <path>', 'where outputs go: a folder or an address', asText, 'lake'),
  json: JSON_OPTION,
}

/** Names of sets, or none for any code. */
function asCodes(text: string): readonly string[] {
  if (text === 'any') return []
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.some((name) => !SET_NAMES.includes(name))
  if (unknown) throw new Error(`must be any, or names with commas out of ${SET_NAMES.join(', ')}`)
  return names
}

export type InitValues = Values<typeof options>

export const INIT = {
  name: 'init',
  summary: 'Writes a commented configuration, a first test of it and a pipeline file.',
  details:
    'In a terminal, init asks for what the options leave open. Elsewhere every option without a default must be given. ' +
    'Purposes with a preset (safe-harbor, research, limited-data-set) copy it, so that you can edit it; "own" writes a ' +
    'short configuration that keeps little. It writes config.yaml, pipeline.yaml, tests/first.yaml and, with --keys ' +
    'file, key files to [folder] (default: the current one), and never overwrites a file. The result is a starting ' +
    'point: read it, run sluice preview, and have the person who signs for the release read it, too.',
  words: '[folder]',
  options,
  examples: [
    ['sluice init', 'asks, and writes to the current folder'],
    [
      'sluice init study/ --fhir-version R4 --purpose research --keys file',
      'asks nothing, and writes to study/',
    ],
    [
      'sluice init --fhir-version R5 --purpose own --dates year --codes international --keys env',
      'a short configuration with keys from variables',
    ],
  ],
} as const
