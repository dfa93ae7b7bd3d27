import { z } from 'zod'
import { type Problem, sluiceError } from '../../errors.js'
import { isRecord } from '../../json/record.js'
import { readNamedText } from '../text/bounded-text.js'
import { isTextFault, readConfigText } from '../text/config-text.js'
import { issuesAsProblems } from '../text/problem.js'
import { searchedType, searchFaults } from './searches.js'

const search = (part: 'query' | 'include') =>
  z.string().superRefine((text, context) => {
    for (const message of searchFaults(text, part)) context.addIssue({ code: 'custom', message })
  })

const instant = z.iso.datetime({ offset: true, error: 'must be a time with its zone, 2026-11-01T00:00:00Z' })
const count = (min: number, max: number) => z.int().min(min).max(max)

/** `$alt-export` of Microsoft's loader. */
const cohortSchema = z
  .strictObject({
    $schema: z.string().optional(),
    description: z.string().optional(),
    query: search('query').describe(
      'search or read, relative to the FHIR base, that finds the patients; if the answer is a Group, its members',
    ),
    patientreferencefield: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]*$/, 'must be id or the name of a root element, such as subject')
      .optional()
      .describe('id, or the root element that refers to the patient; default for Patient and Group: id'),
    include: z
      .array(search('include'))
      .min(1, 'must have at least one search')
      .describe('searches for what is exported; $IDS becomes a list of ids, a search without it runs once'),
  })
  .superRefine(({ query, patientreferencefield, include }, context) => {
    if (patientreferencefield === undefined && !/^(?:Patient|Group)?$/.test(searchedType(query)))
      context.addIssue({
        code: 'custom',
        path: ['patientreferencefield'],
        message: `is missing: the element of ${searchedType(query)} that refers to the patient, such as subject`,
      })
    for (const [at, each] of include.entries())
      if (include.indexOf(each) < at)
        context.addIssue({
          code: 'custom',
          path: ['include', at],
          message: 'is the same search as one above',
        })
  })

/** `$alt-export-all` of Microsoft's loader. */
const typeSchema = z
  .strictObject({
    $schema: z.string().optional(),
    description: z.string().optional(),
    _type: z
      .string()
      .regex(/^[A-Z][A-Za-z]*$/, 'must be one resource type, such as Observation')
      .describe('resource type'),
    _since: instant.optional().describe('only resources changed at or after this time'),
    _till: instant
      .optional()
      .describe('only resources changed before this time; default: the start of the run'),
    _parallelizationCount: count(1, 100)
      .default(1)
      .describe('number of slices of _lastUpdated, of about equal counts'),
    _parallelSearchInSecondsInterval: count(1, 366 * 86_400)
      .default(1)
      .describe('no slice is cut shorter than so many seconds'),
    _count: count(1, 100_000).default(1000).describe('page size'),
  })
  .superRefine(({ _since, _till, _parallelizationCount }, context) => {
    if (_parallelizationCount > 1 && _since === undefined)
      context.addIssue({
        code: 'custom',
        path: ['_since'],
        message: 'is missing: slices need a time to begin with',
      })
    if (_since !== undefined && _till !== undefined && Date.parse(_since) >= Date.parse(_till))
      context.addIssue({ code: 'custom', path: ['_till'], message: 'must be later than _since' })
  })

/** For editors. */
export const altExportJsonSchema = (): object =>
  z.toJSONSchema(z.union([cohortSchema, typeSchema]), { io: 'input' })

/** A definition as `alt-export/definition.ts` takes it. */
export type CheckedDefinition =
  | {
      readonly kind: 'cohort'
      readonly query: string
      readonly patientReferenceField: string
      readonly include: readonly string[]
    }
  | {
      readonly kind: 'type'
      readonly type: string
      readonly since?: string | undefined
      readonly until?: string | undefined
      readonly slices: number
      readonly minSliceSeconds: number
      readonly pageCount: number
    }

/** Checks a definition that was parsed. Throws CONFIG_INVALID with every problem and its path. */
export function checkAltExportDefinition(raw: unknown, at: string): CheckedDefinition {
  const checked = judgeAltExportDefinition(raw)
  if (Array.isArray(checked)) throw invalid(checked, at)
  return checked as CheckedDefinition
}

/** The definition, or all that is wrong with it. */
export function judgeAltExportDefinition(raw: unknown): CheckedDefinition | readonly Problem[] {
  const { without, problems } = withoutOptions(raw)
  const isType = isRecord(raw) && '_type' in raw && !('query' in raw)
  if (isType) {
    const checked = typeSchema.safeParse(without)
    if (!checked.success) problems.push(...issuesAsProblems(checked.error, ''))
    if (checked.success && problems.length === 0) return typeDefinition(checked.data)
  } else {
    const checked = cohortSchema.safeParse(without)
    if (!checked.success) problems.push(...issuesAsProblems(checked.error, ''))
    if (checked.success && problems.length === 0) return cohortDefinition(checked.data)
  }
  return problems
}

/** Reads a definition, JSON or YAML. Throws CONFIG_INVALID with every problem and its path. */
export async function readAltExportDefinition(path: string): Promise<CheckedDefinition> {
  const text = await readNamedText(path, 'the export definition')
  const read = readConfigText(text, path)
  if (isTextFault(read)) throw invalid([{ path: read.place, message: read.message }], path)
  return checkAltExportDefinition(read.value, path)
}

// Microsoft's definitions name the server; here it is an option, as its credentials are.
const OPTIONS: Readonly<Record<string, string>> = {
  _baseAddress: 'belongs in --from (source.fhir of a pipeline)',
  _audience: 'belongs in the authentication file',
}

function withoutOptions(raw: unknown): { readonly without: unknown; readonly problems: Problem[] } {
  if (!isRecord(raw)) return { without: raw, problems: [] }
  const named = Object.entries(OPTIONS).filter(([name]) => name in raw)
  const without = Object.fromEntries(Object.entries(raw).filter(([name]) => !(name in OPTIONS)))
  return { without, problems: named.map(([path, message]) => ({ path, message })) }
}

const cohortDefinition = ({
  query,
  patientreferencefield = 'id',
  include,
}: z.output<typeof cohortSchema>): CheckedDefinition => ({
  kind: 'cohort',
  query,
  patientReferenceField: patientreferencefield,
  include,
})

const typeDefinition = (checked: z.output<typeof typeSchema>): CheckedDefinition => ({
  kind: 'type',
  type: checked._type,
  since: inUtc(checked._since),
  until: inUtc(checked._till),
  slices: checked._parallelizationCount,
  minSliceSeconds: checked._parallelSearchInSecondsInterval,
  pageCount: checked._count,
})

/** Servers differ in how they read an offset in a search; fractions of a second stay as they are written. */
const inUtc = (time: string | undefined): string | undefined =>
  time === undefined || time.endsWith('Z') ? time : new Date(time).toISOString()

function invalid(problems: readonly Problem[], at: string) {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  const list = problems.map(({ path, message }) => `  - ${path || '(the whole file)'}: ${message}`)
  return sluiceError('CONFIG_INVALID', {
    at,
    message: `the export definition ${at} has ${count}:\n${list.join('\n')}`,
    problems,
  })
}
