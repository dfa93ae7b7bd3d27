import { singleSet } from './code-system.js'
import { ANNOTATIONS, METRIC_UNITS, OTHER_UNITS, UCUM_PREFIXES } from './ucum-units.js'

interface UnitTables {
  readonly units: ReadonlySet<string>
  readonly metric: ReadonlySet<string>
  readonly prefixes: readonly string[]
  readonly annotations: ReadonlySet<string>
}

let tables: UnitTables | undefined

function unitTables(): UnitTables {
  const metric = METRIC_UNITS.split(/\s/)
  tables ??= {
    metric: new Set(metric),
    units: new Set([...metric, ...OTHER_UNITS.split(/\s/)]),
    prefixes: UCUM_PREFIXES.split(' '),
    annotations: new Set(ANNOTATIONS.split(/[;\n]/)),
  }
  return tables
}

/** No unit in use is longer or multiplies more; numbers in units are times and denominators (`/100`, `24.h`). */
const MAX_LENGTH = 60
const MAX_COMPONENTS = 8
const FACTOR = /^(?:[1-9]\d{0,2}|1000)$/

/** The units that are only a number: `1`, and `/100` of HL7's tables. */
const NUMBERS: ReadonlySet<string> = new Set(['1', '/100'])

/** Codes that are no UCUM but that Synthea and its descendants write with UCUM's url. */
const COMMON_ERRORS: ReadonlySet<string> = new Set(['units', 'pH', '(score)', '#'])

/** Whether a text is a unit of UCUM's grammar (UCUM 2.2, section 2) with reviewed annotations only. */
export function isUcum(code: string): boolean {
  if (code.length > MAX_LENGTH) return false
  if (COMMON_ERRORS.has(code)) return true
  const tokens = tokensOf(code)
  return tokens !== undefined && isTerm(tokens) && (NUMBERS.has(code) || tokens.some(isMoreThanNumber))
}

/** Splits at operators and parentheses outside of brackets and braces; undefined if these are not balanced. */
function tokensOf(code: string): string[] | undefined {
  const tokens = code.match(/(?:\[[^\]]*\]|\{[^{}]*\}|[^./()[\]{}])+|[./()]/g) ?? []
  const components = tokens.filter((token) => !/^[./()]$/.test(token))
  return tokens.join('') === code && components.length <= MAX_COMPONENTS ? tokens : undefined
}

/** `term = ["/"] component {("." | "/") component}`, with a term in parentheses as a component. */
function isTerm(tokens: readonly string[]): boolean {
  let depth = 0
  let wantsComponent = true
  for (const [index, token] of tokens.entries()) {
    const atStart = index === 0 || tokens[index - 1] === '('
    if (token === '(') {
      if (!wantsComponent) return false
      depth++
    } else if (token === ')') {
      if (wantsComponent || --depth < 0) return false
    } else if (token === '/' || token === '.') {
      if (wantsComponent && !(token === '/' && atStart)) return false
      wantsComponent = true
    } else {
      // HL7's tables annotate a term in parentheses: `U/(10.g){feces}`.
      const isAnnotation = tokens[index - 1] === ')' && token.startsWith('{')
      if ((!wantsComponent && !isAnnotation) || !isComponent(token)) return false
      wantsComponent = false
    }
  }
  return depth === 0 && !wantsComponent
}

/** Whether a token is neither an operator nor a number. */
const isMoreThanNumber = (token: string): boolean => !/^[./()]$/.test(token) && !FACTOR.test(token)

function isComponent(token: string): boolean {
  const { annotations } = unitTables()
  const [, unit = '', annotation] = /^(.*?)(?:\{([^{}]*)\})?$/.exec(token) ?? []
  if (annotation !== undefined && !annotations.has(annotation)) return false
  if (unit === '') return annotation !== undefined
  return FACTOR.test(unit) || isUnit(unit) || isUnit(withoutExponent(unit))
}

/** Powers of ten go to two digits (`10*12`), those of units to one. */
const withoutExponent = (unit: string): string =>
  unit.replace(/^(10[*^])[+-]?[1-9]\d?$|(\D)[+-]?[1-9]$/, '$1$2')

/** `Ki`, `Mi`, `Gi` and `Ti` go with bits and bytes only. */
function isUnit(text: string): boolean {
  const { units, metric, prefixes } = unitTables()
  return (
    units.has(text) ||
    /^[KMGT]i(?:bit|By)$/.test(text) ||
    prefixes.some((prefix) => text.startsWith(prefix) && metric.has(text.slice(prefix.length)))
  )
}

export const UCUM = singleSet(
  'ucum',
  'Annotations in braces are free text; only reviewed ones are accepted.',
  {
    title: 'UCUM',
    urls: ['http://unitsofmeasure.org', 'urn:oid:2.16.840.1.113883.6.8'],
    edition: '2.2 (2024)',
    form: "UCUM's grammar over its table of units, at most 8 components, factors up to 1000, reviewed annotations",
    accepts: isUcum,
  },
)
