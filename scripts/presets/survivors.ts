import { explanationOf } from '../../src/commands/explain/explanation.js'
import { judgeConfig } from '../../src/config/anonymizer/configuration.js'
import { isGone, type Result } from '../../src/rules/explain/result.js'
import { presetFiles } from './presets.js'

/** A row of the table: values of a data type that come out in one way, by preset. */
interface Row {
  readonly type: string
  readonly result: Result
  readonly counts: Map<string, number>
  /** Names of the elements. */
  readonly names: Map<string, number>
}

const MAX_NAMES = 5

/** Why something of a value may come out, by result and, where it differs, by data type. */
const REASONS: Readonly<Partial<Record<Result, string | Readonly<Record<string, string>>>>> = {
  hashed: 'its key is destroyed when the run is complete',
  year: 'nothing of a date is left but the year, and nothing where it shows an age over 89',
  shifted: 'moved by whole weeks, which only the key decides',
  'listed code':
    'only a code of a listed system or of the list that FHIR has for the element, and its system',
  'code form': 'only what has the form of a code; no list exists for these elements',
  generalized: 'three digits of a ZIP code, `000`, or `US`; the number of an HTTP status',
  kept: {
    Extension: "only US Core's race and ethnicity (categories of the OMB) and birth sex",
    boolean: 'true or false',
    decimal: 'amounts with a unit, doses, money; with seven digits and more only beside a unit',
    integer: 'counts of up to six digits',
    positiveInt: 'counts of up to six digits',
    unsignedInt: 'counts of up to six digits',
    string: 'states of the United States; in the limited data set also cities, ZIP codes and countries',
    date: 'a limited data set may hold dates',
    dateTime: 'a limited data set may hold dates',
    instant: 'a limited data set may hold dates',
    time: 'a limited data set may hold times',
  },
}

function reasonOf({ type, result }: Row): string {
  const reason = REASONS[result]
  const text = typeof reason === 'string' ? reason : reason?.[type]
  if (text === undefined)
    throw new Error(`no reason why a ${type} may be ${result}: add one or mend the preset`)
  return text
}

/** Returns what survives in each preset: heads and rows, as `sluice explain` computes it. */
export function survivors(): {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
} {
  const rows = new Map<string, Row>()
  const presets: string[] = []
  for (const [path, text] of presetFiles()) {
    const preset = path.slice('configs/'.length, -'.json'.length)
    presets.push(preset)
    for (const leaf of explanationOf(judgeConfig(JSON.parse(text))).leaves)
      for (const result of new Set(leaf.outcomes.map((outcome) => outcome.result))) {
        if (isGone(result) || result === 'own rules') continue
        // An extension is listed once, with all that its values become.
        const key = leaf.type === 'Extension' ? 'Extension kept' : `${leaf.type} ${result}`
        const row = rows.get(key) ?? {
          type: leaf.type,
          result: leaf.type === 'Extension' ? 'kept' : result,
          counts: new Map<string, number>(),
          names: new Map<string, number>(),
        }
        rows.set(key, row)
        row.counts.set(preset, (row.counts.get(preset) ?? 0) + 1)
        const name =
          leaf.path
            .split('.')
            .filter((part) => !part.startsWith('ofType('))
            .at(-1) ?? ''
        row.names.set(name, (row.names.get(name) ?? 0) + 1)
      }
  }
  const sorted = [...rows.values()].sort((a, b) => (a.type + a.result < b.type + b.result ? -1 : 1))
  return {
    heads: ['values', 'come out', ...presets.map((name) => `\`${name}\``), 'elements', 'why they may'],
    rows: sorted.map((row) => [
      `\`${row.type}\``,
      row.result === 'listed code' ? 'as they are, if listed' : (WORDS[row.result] ?? row.result),
      ...presets.map((preset) => String(row.counts.get(preset) ?? '–')),
      namesOf(row),
      reasonOf(row),
    ]),
  }
}

const WORDS: Readonly<Partial<Record<Result, string>>> = {
  kept: 'as they are',
  'code form': 'as they are, if they have the form of a code',
}

function namesOf({ names }: Row): string {
  const frequent = [...names]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name]) => `\`${name}\``)
  return frequent.slice(0, MAX_NAMES).join(', ') + (frequent.length > MAX_NAMES ? ' …' : '')
}
