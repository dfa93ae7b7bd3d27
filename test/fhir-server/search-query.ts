import { Refusal } from './refusal.js'
import type { Resource } from './resource.js'
import { type SearchParameter, searchParameter } from './search-parameters.js'
import { targetOf, type ValueTest, valuesOf, valueTest } from './search-values.js'

/** One parameter of a search. A resource has to pass all of them. */
export interface Filter {
  readonly name: string
  /** Its texts; one of them has to fit. */
  readonly texts: readonly string[]
  readonly parameter: SearchParameter
  readonly passes: (resource: Resource) => boolean
  /** `Type/id` of the resources that a reference parameter asks for; undefined where that does not tell. */
  readonly targets: readonly string[] | undefined
}

export interface SearchQuery {
  readonly type: string
  readonly filters: readonly Filter[]
  readonly count: number | undefined
  readonly sort: readonly string[]
  readonly includes: readonly string[]
  readonly revincludes: readonly string[]
  readonly elements: readonly string[] | undefined
  readonly isCountOnly: boolean
  /** The parameters that were understood, for the link `self`. */
  readonly text: string
}

const IGNORED = new Set(['_format', '_pretty', '_total', '_summary', '_maxresults', '_again'])

/** Throws a Refusal; an unknown parameter is ignored unless `isStrict`, as the specification lets servers choose. */
export function parseQuery(type: string, search: URLSearchParams, isStrict: boolean): SearchQuery {
  const filters: Filter[] = []
  const understood = new URLSearchParams()
  for (const [name, value] of search) {
    const [base = '', modifier = ''] = name.split(':', 2)
    if (!RESULT_PARAMETERS.has(base) && !IGNORED.has(base)) {
      const filter = filterOf(type, base, modifier, value)
      if (filter === undefined) {
        if (isStrict) throw new Refusal(400, 'not-supported', `${type} has no search parameter ${base}`)
        continue
      }
      filters.push(filter)
    }
    understood.append(name, value)
  }
  const all = (name: string): string[] => search.getAll(name).flatMap((value) => value.split(','))
  return {
    type,
    filters,
    count: countOf(search.get('_count')),
    sort: all('_sort'),
    includes: ['_include', '_include:iterate'].flatMap(all),
    revincludes: ['_revinclude', '_revinclude:iterate'].flatMap(all),
    elements: search.has('_elements') ? all('_elements') : undefined,
    isCountOnly: search.get('_summary') === 'count' || search.get('_count') === '0',
    text: understood.toString(),
  }
}

const RESULT_PARAMETERS = new Set(['_count', '_sort', '_include', '_revinclude', '_elements'])

function countOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, 'value', '_count is not a number')
  return Number(text)
}

function filterOf(type: string, name: string, modifier: string, value: string): Filter | undefined {
  const parameter = searchParameter(type, name)
  if (parameter === undefined) return undefined
  const texts = value.split(/(?<!\\),/).map((text) => text.replaceAll('\\,', ','))
  const base = { name, texts, parameter }
  if (modifier === 'missing') {
    const passes = (resource: Resource) => (valuesOf(resource, parameter).length === 0) === (value === 'true')
    return { ...base, passes, targets: undefined }
  }
  if (parameter.kind === 'reference') return referenceFilter(base, modifier)
  if (modifier !== '' && !(modifier === 'not' ? parameter.kind === 'token' : parameter.kind === 'string'))
    throw new Refusal(400, 'not-supported', `the modifier ${modifier} is not supported for ${name}`)
  const tests: readonly ValueTest[] = texts.map((text) => valueTest(parameter.kind, text, modifier))
  const fits = (resource: Resource): boolean =>
    valuesOf(resource, parameter).some((found) => tests.some((test) => test(found)))
  return { ...base, passes: modifier === 'not' ? (resource) => !fits(resource) : fits, targets: undefined }
}

function referenceFilter(base: Omit<Filter, 'passes' | 'targets'>, modifier: string): Filter {
  const { parameter, texts } = base
  const type = modifier === '' ? parameter.target : modifier
  // Without a type an id may be of any: `subject=1` finds Patient/1 and Group/1.
  const targets = texts.flatMap((text) => {
    if (text.includes('/')) return [text.split('/').slice(-2).join('/')]
    return type === undefined ? [] : [`${type}/${text}`]
  })
  const wanted = new Set(targets)
  const bare = new Set(texts.filter((text) => !text.includes('/')))
  const isWanted = (target: string): boolean =>
    wanted.has(target) || (type === undefined && bare.has(target.split('/')[1] ?? ''))
  const passes = (resource: Resource): boolean =>
    valuesOf(resource, parameter).some((value) => {
      const target = targetOf(value)
      return target !== undefined && isWanted(target)
    })
  return { ...base, passes, targets: type === undefined && bare.size > 0 ? undefined : targets }
}
