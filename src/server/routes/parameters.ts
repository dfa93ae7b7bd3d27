import { elementTree } from '../../fhir/elements.js'
import { PATIENT_COMPARTMENT_TYPES, SUPPORTING_TYPES } from '../../fhir/patient-compartment.js'
import type { FhirVersion } from '../../fhir/version.js'
import type { AnonymizeOrder } from '../jobs/job.js'
import type { Criteria, Level } from '../query/criteria.js'
import { elementsByType, unknownElements } from '../query/elements-filter.js'
import { parseFilter, type SearchFilter, SearchRefusal, splitFilters } from '../query/search.js'
import { spanOf } from '../query/search-date.js'
import { badRequest, type Issue } from '../refusal.js'

/** A parameter as received, from the query or from a Parameters resource. */
export interface GivenParameter {
  readonly name: string
  readonly value: string
}

export interface ParameterContext {
  readonly level: Level
  readonly version: FhirVersion
  readonly nowMs: number
  /** `Prefer: handling=lenient`: unsupported parameters are ignored and reported instead of refused. */
  readonly isLenient: boolean
  /** Whether the request is a POST. Patient ids are accepted only there, because URLs end up in logs. */
  readonly isPost: boolean
}

/** A parsed kick-off request. */
export interface ExportOrder {
  readonly criteria: Criteria
  readonly anonymize?: AnonymizeOrder
  readonly notes: readonly Issue[]
}

interface Draft {
  types?: string[]
  sinceMs?: number
  untilMs?: number
  filters: SearchFilter[]
  elements?: string[]
  patients?: string[]
  withProvenance: boolean
  container?: string
  config?: string
  etag?: string
  collection?: string
}

/** Thrown for a parameter that may be ignored under lenient handling. */
class Unsupported extends Error {}

type Reader = (draft: Draft, values: readonly string[], context: ParameterContext) => void

const OUTPUT_FORMATS = ['application/fhir+ndjson', 'application/ndjson', 'ndjson']
const RESPONSE_FORMATS = ['json', 'application/json', 'application/fhir+json', 'text/json']
const PROVENANCE = ['LatestProvenanceResources', 'RelevantProvenanceResources']
// Azure's name for the container of the configurations.
const CONFIGURATIONS = 'anonymization'

// These limits bound the cost of a request, whatever the size of its body.
const MAX_PARAMETERS = 10_000
const MAX_PATIENTS = 10_000
const MAX_TYPES = 500
const MAX_ELEMENTS = 1000
const MAX_FILTERS = 500
const MAX_CONDITIONS = 1000
const MAX_FILTER_VALUES = 10_000
const MAX_CODES = 100
const MAX_NOTES = 100

/** All supported parameters. Others are refused, or ignored under lenient handling. */
const READERS: Readonly<Record<string, Reader>> = {
  _outputFormat(_draft, values) {
    // An unencoded `+` arrives as a space.
    const format = single('_outputFormat', values).replace(' ', '+').toLowerCase()
    if (!OUTPUT_FORMATS.includes(format))
      throw badValue('_outputFormat', `one of ${OUTPUT_FORMATS.join(', ')}`)
  },
  _since(draft, values, { nowMs }) {
    draft.sinceMs = instant('_since', values)
    if (draft.sinceMs > nowMs) throw badValue('_since', 'an instant that is not in the future')
  },
  _until(draft, values) {
    draft.untilMs = instant('_until', values)
  },
  _till(draft, values) {
    draft.untilMs = instant('_till', values)
  },
  _type(draft, values, context) {
    const names = listed('_type', values, MAX_TYPES)
    if (names.length === 0) throw badValue('_type', 'a list of resource types')
    const unknown = names.filter((name) => !isExportable(name, context))
    draft.types = names.filter((name) => isExportable(name, context))
    if (unknown.length > 0)
      throw new Unsupported(
        `_type names ${unknown.length === 1 ? 'a resource type that is' : `${unknown.length} resource types that are`} ` +
          `unknown or not exported at this level: ${unknown.filter(isName).slice(0, 20).join(', ')}`,
      )
  },
  _typeFilter(draft, values) {
    const texts = values.flatMap(splitFilters)
    if (texts.length > MAX_FILTERS) throw tooMany('_typeFilter', `${MAX_FILTERS} filters`)
    try {
      for (const text of texts) draft.filters.push(parseFilter(text))
    } catch (error) {
      if (error instanceof SearchRefusal) throw new Unsupported(`_typeFilter ${error.message}`)
      throw error
    }
    const conditions = draft.filters.flatMap((filter) => filter.conditions)
    if (conditions.length > MAX_CONDITIONS) throw tooMany('_typeFilter', `${MAX_CONDITIONS} conditions`)
    if (conditions.reduce((sum, condition) => sum + condition.values.length, 0) > MAX_FILTER_VALUES)
      throw tooMany('_typeFilter', `${MAX_FILTER_VALUES} values`)
  },
  _elements(draft, values, { version }) {
    const names = listed('_elements', values, MAX_ELEMENTS)
    const unknown = unknownElements(names, version)
    if (unknown.length > 0)
      throw new Unsupported(
        `_elements names root elements that no resource has: ${unknown.filter(isName).slice(0, 20).join(', ')}`,
      )
    draft.elements = names
  },
  patient(draft, values, { isPost, level }) {
    if (level.kind === 'system') throw badRequest('patient cannot be used in a system-level export.')
    if (!isPost) throw badRequest('patient has to be sent by POST, in a Parameters resource.')
    if (values.length > MAX_PATIENTS) throw tooMany('patient', `${MAX_PATIENTS} patients`)
    draft.patients = values.map((value) => {
      const id = /(?:^|\/)Patient\/([A-Za-z0-9.-]{1,64})$/.exec(value.slice(-80))?.[1]
      if (id === undefined) throw badValue('patient', 'a reference to a Patient')
      return id
    })
  },
  includeAssociatedData(draft, values) {
    const names = listed('includeAssociatedData', values, MAX_CODES)
    draft.withProvenance = names.some((name) => PROVENANCE.includes(name))
    if (names.length === 0) throw badValue('includeAssociatedData', 'a code')
    if (!names.every((name) => PROVENANCE.includes(name)))
      throw new Unsupported(`includeAssociatedData supports ${PROVENANCE.join(' and ')} only`)
  },
  // Every manifest is complete, so paging is never needed.
  allowPartialManifests: boolean('allowPartialManifests'),
  _isParallel: boolean('_isParallel'),
  _maxCount(_draft, values) {
    const text = single('_maxCount', values)
    if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 10_000)
      throw badValue('_maxCount', 'a number from 1 to 10000')
  },
  _format(_draft, values) {
    if (!RESPONSE_FORMATS.includes(single('_format', values).replace(' ', '+')))
      throw badValue('_format', `one of ${RESPONSE_FORMATS.join(', ')}`)
  },
  _container(draft, values) {
    draft.container = pathName('_container', values)
    const [first = ''] = draft.container.split('/')
    if (first.toLowerCase() === CONFIGURATIONS)
      throw badValue('_container', `another than ${CONFIGURATIONS}, where the configurations are`)
  },
  _anonymizationConfig(draft, values) {
    draft.config = pathName('_anonymizationConfig', values)
  },
  _anonymizationConfigEtag(draft, values) {
    draft.etag = single('_anonymizationConfigEtag', values)
  },
  _anonymizationConfigCollectionReference(draft, values) {
    draft.collection = single('_anonymizationConfigCollectionReference', values)
  },
}

/** Reads the parameters of a kick-off. Throws Refusal 400. */
export function readParameters(given: readonly GivenParameter[], context: ParameterContext): ExportOrder {
  if (given.length > MAX_PARAMETERS) throw tooMany('A request', `${MAX_PARAMETERS} parameters`)
  const byName = new Map<string, string[]>()
  for (const { name, value } of given) {
    const values = byName.get(name) ?? []
    values.push(value)
    byName.set(name, values)
  }
  const draft: Draft = { filters: [], withProvenance: false }
  const notes: Issue[] = []
  for (const [name, values] of byName) {
    try {
      const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined
      if (read === undefined)
        throw new Unsupported(`${isName(name) ? name : 'A parameter'} is not supported by this server`)
      read(draft, values, context)
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      if (!context.isLenient) throw badRequest(`${error.message}.`, 'not-supported')
      if (notes.length >= MAX_NOTES)
        throw tooMany('A request', `${MAX_NOTES} parameters that are not supported`)
      notes.push({ severity: 'warning', code: 'not-supported', text: `Ignored: ${error.message}.` })
    }
  }
  if (draft.types?.length === 0) throw badRequest('_type names no resource type that is exported.', 'value')
  if (draft.sinceMs !== undefined && draft.untilMs !== undefined && draft.untilMs <= draft.sinceMs)
    throw badRequest('_until has to be after _since.', 'value')
  return { criteria: criteriaOf(draft, context.level), ...anonymizeOrder(draft), notes }
}

const criteriaOf = (draft: Draft, level: Level): Criteria => ({
  level,
  ...(draft.types === undefined ? {} : { types: [...new Set(draft.types)] }),
  ...(draft.sinceMs === undefined ? {} : { sinceMs: draft.sinceMs }),
  ...(draft.untilMs === undefined ? {} : { untilMs: draft.untilMs }),
  filters: draft.filters,
  ...(draft.elements === undefined ? {} : { elements: elementsByType(draft.elements) }),
  ...(draft.patients === undefined ? {} : { patients: [...new Set(draft.patients)] }),
  withProvenance: draft.withProvenance,
})

/** Checks the parameters of an anonymized export (docs/serve.md). */
function anonymizeOrder({ config, etag, collection, container, elements }: Draft): {
  anonymize?: AnonymizeOrder
} {
  if (config === undefined) {
    if (etag !== undefined || collection !== undefined)
      throw badRequest(
        "Missing '_anonymizationConfig': its Etag or collection was given without it.",
        'required',
      )
    if (container !== undefined)
      throw badRequest(
        "Missing '_anonymizationConfig': only anonymized exports are written to a _container.",
        'required',
      )
    return {}
  }
  if (container === undefined)
    throw badRequest("Missing '_container': an anonymized export is written to one.", 'required')
  if (etag !== undefined && collection !== undefined)
    throw badRequest(
      '_anonymizationConfigEtag and _anonymizationConfigCollectionReference cannot be given in the same request.',
    )
  if (elements !== undefined)
    throw badRequest('_elements is not supported with _anonymizationConfig.', 'not-supported')
  return {
    anonymize: {
      config,
      container,
      ...(etag === undefined ? {} : { etag }),
      ...(collection === undefined ? {} : { collection }),
    },
  }
}

function boolean(name: string): Reader {
  return (_draft, values) => {
    if (!['true', 'false'].includes(single(name, values))) throw badValue(name, 'true or false')
  }
}

function single(name: string, [value, ...more]: readonly string[]): string {
  if (value === undefined || value === '' || more.length > 0) throw badValue(name, 'one value')
  return value
}

function listed(name: string, values: readonly string[], max: number): string[] {
  const found: string[] = []
  for (const value of values) {
    for (const part of value.split(',', max + 1)) found.push(part.trim())
    if (found.length > max) throw tooMany(name, `${max} values`)
  }
  return [...new Set(found)].filter((part) => part !== '')
}

const tooMany = (what: string, max: string) => badRequest(`${what} may have at most ${max}.`, 'too-costly')

function instant(name: string, values: readonly string[]): number {
  // An unencoded `+` of a time zone arrives as a space.
  const span = spanOf(single(name, values).replace(' ', '+'))
  if (span === undefined) throw badValue(name, 'an instant such as 2026-11-21T01:00:00Z')
  return span.from
}

/** Accepts a relative path of plain segments. It is decoded once more, so that `%2f` and `%5c` are caught too. */
function pathName(name: string, values: readonly string[]): string {
  const value = single(name, values)
  const segments = [value, decoded(value)].flatMap((text) => text.split(/[/\\]/))
  if (segments.includes('..') || segments.includes('.'))
    throw badRequest(`Path traversal: ${name} must not leave its place.`)
  if (!/^[A-Za-z0-9_][A-Za-z0-9._ -]*(?:\/[A-Za-z0-9_][A-Za-z0-9._ -]*)*$/.test(value) || value.length > 255)
    throw badValue(name, 'a name of letters, digits, dots, hyphens and underscores')
  return value
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const isName = (text: string): boolean => /^[\w.:-]{1,80}$/.test(text)

const isExportable = (type: string, { level, version }: ParameterContext): boolean =>
  elementTree(version).resources.has(type) &&
  (level.kind === 'system' || PATIENT_COMPARTMENT_TYPES.has(type) || SUPPORTING_TYPES.has(type))

const badValue = (name: string, wanted: string) => badRequest(`${name} must be ${wanted}.`, 'value')
