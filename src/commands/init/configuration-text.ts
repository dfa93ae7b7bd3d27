import { substitute } from '../../anonymizer/methods/substitute.js'
import { isComment } from '../../config/text/comments.js'
import { isRecord } from '../../json/record.js'
import { type Choices, DATES_SAY, PURPOSE_FACTS } from './choices.js'

type Json = Readonly<Record<string, unknown>>

/** A configuration as YAML: a rule to a line, with a comment above each group of rules. */
export function configurationText(config: Json, { purpose, fhirVersion, dates }: Choices): string {
  const { fhirPathRules, parameters, ...others } = config
  const lines = [
    `# Made by sluice init for FHIR ${fhirVersion}, purpose ${purpose}:`,
    `# ${PURPOSE_FACTS[purpose].says}.`,
    `# Dates: ${DATES_SAY[dates]}.`,
    '#',
    '# The first rule that reaches an element decides what happens to it and to everything below it.',
    '# What no rule reaches is kept, so the last rule removes everything else.',
    '# After each change: sluice lint config.yaml, sluice test -c config.yaml, sluice preview -i export -c config.yaml',
    '',
    ...Object.entries(others).flatMap(([key, value]) => memberLines(key, value)),
    '',
    'fhirPathRules:',
    ...ruleLines(Array.isArray(fhirPathRules) ? fhirPathRules.filter(isRecord) : []),
    '',
    ...(isRecord(parameters) ? ['parameters:', ...Object.entries(parameters).flatMap(parameterLines)] : []),
  ]
  return `${lines.join('\n')}\n`
}

const memberLines = (key: string, value: unknown): readonly string[] =>
  isComment(key) ? commentLines(String(value), '') : [...about(key, ''), `${key}: ${flow(value)}`]

const parameterLines = ([key, value]: readonly [string, unknown]): readonly string[] =>
  isComment(key) ? commentLines(String(value), '  ') : [...about(key, '  '), `  ${key}: ${flow(value)}`]

function* ruleLines(rules: readonly Json[]): Iterable<string> {
  let before = ''
  for (const [at, rule] of rules.entries()) {
    const heading = at === rules.length - 1 && rule.path === 'Resource' ? 'Everything else.' : headingOf(rule)
    if (heading !== before) yield `  # ${heading}`
    before = heading
    const { settings, comments } = partsOf(rule)
    for (const comment of comments) yield* commentLines(comment, '  ')
    yield `  - ${flow(settings)}`
  }
}

function partsOf(rule: Json): { readonly settings: Json; readonly comments: readonly string[] } {
  const entries = Object.entries(rule)
  return {
    settings: Object.fromEntries(entries.filter(([key]) => !isComment(key))),
    comments: entries.filter(([key]) => isComment(key)).map(([, text]) => String(text)),
  }
}

const WHAT: Readonly<Record<string, string>> = {
  keep: 'Kept',
  redact: 'Removed, or cut to what the parameters allow',
  remove: 'Removed with everything in it',
  dateShift: 'Dates that move by a number of days, decided by a key',
  cryptoHash: 'Ids and references, hashed so that resources still join',
  substitute: 'Replaced by a fixed value',
  generalize: 'Cut to a general value',
  perturb: 'Numbers with noise',
  encrypt: 'Encrypted',
}

function headingOf({ path, method, replaceWith }: Json): string {
  const isNothing = method === substitute.name && replaceWith === null
  const what = isNothing ? 'Removed' : (WHAT[String(method)] ?? String(method))
  const type = /^([A-Z]\w*)\./.exec(String(path))?.[1]
  const where = type === undefined || type === 'Resource' ? 'everywhere' : `in ${type}`
  return `${what} (${where}).`
}

const ABOUT: Readonly<Record<string, string>> = {
  processingErrors: 'A line on which a rule fails is quarantined (raise), or only its type is kept (skip).',
  unknownElements:
    'A line with an element that FHIR does not know is quarantined, or the element is dropped.',
  codeSystems: 'Codes of other systems are removed; sluice lint lists what these let through.',
  cryptoHashKey: 'Who knows this key can compute hashes again: keep it apart from the outputs.',
  dateShiftKey: 'Who knows this key can undo the shift: keep it apart from the outputs.',
  dateShiftScope: 'All dates of a patient move by the same number of days.',
  dateShiftTimeZone: 'A time zone would show where a patient was, and when the clocks changed.',
  absoluteReferences: 'References lose the address of the server.',
  urls: 'Urls that name resources are hashed like references.',
  redactedInstants: 'An instant needs a time: a year becomes its first instant.',
  over89From: 'Who is over 89 is decided by the year, so that two outputs do not show a birthday.',
  enablePartialDatesForRedact:
    'redact keeps the year of a date, but not that of a birth more than 89 years ago.',
}

const about = (key: string, indent: string): readonly string[] =>
  ABOUT[key] === undefined ? [] : commentLines(ABOUT[key], indent)

const commentLines = (text: string, indent: string): readonly string[] =>
  text.split('\n').map((line) => `${indent}# ${line}`.trimEnd())

/** JSON with spaces, which YAML reads. Cases of generalize are pairs, because their order counts. */
function flow(value: unknown, key = ''): string {
  if (key === 'cases' && Array.isArray(value))
    return `{ ${value.map(([condition, result]: readonly string[]) => `${text(condition)}: ${text(result)}`).join(', ')} }`
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(', ')}]`
  if (!isRecord(value)) return text(value)
  const members = Object.entries(value).map(([name, inner]) => `${text(name)}: ${flow(inner, name)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

const text = (value: unknown): string => JSON.stringify(value ?? null)
