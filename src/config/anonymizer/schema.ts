import { z } from 'zod'
import { FHIR_VERSIONS } from '../../fhir/version.js'
import { readTolerantJson, TolerantJsonError } from '../text/tolerant-json.js'

/** The Microsoft-format configuration and what Sluice adds to it (`spec/anonymizer.md` 1, 13.1 (7)). */

const anyCase = <const W extends string>(words: readonly W[]) => {
  const message = `must be one of ${words.join(', ')}`
  return z
    .string({ error: message })
    .meta({ enum: words })
    .transform((text, context) => {
      const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
      if (word !== undefined) return word
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
}

/** .NET reads an enumeration's number too. */
const anyCaseOrNumber = <const W extends string>(words: readonly W[], numbered: readonly W[]) =>
  z.union([anyCase(words), z.literal(numbered.map((_, index) => index)).transform((n) => numbered[n])], {
    error: `must be one of ${words.join(', ')}`,
  })

const flag = z.union(
  [
    z.boolean(),
    z.literal([0, 1]).transform((number) => number === 1),
    z
      .string()
      .regex(/^(true|false)$/i)
      .transform((text) => text.toLowerCase() === 'true'),
  ],
  { error: 'must be true or false' },
)

const keySource = z
  .union(
    [
      z.string(),
      z.null(),
      z.strictObject({ env: z.string().min(1) }),
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ random: z.literal(true) }),
    ],
    {
      error: ({ input }) =>
        typeof input === 'number'
          ? 'is a number, of which JSON keeps only 15 digits: put it in quotes'
          : 'must be a text, {"env": "NAME"}, {"file": "path"} or {"random": true}',
    },
  )
  .optional()

/** What a `…Key` parameter may be. */
export type KeySource = z.output<typeof keySource>

const fixedOffset = z
  .union([z.number(), z.literal(''), z.string().regex(/^\s*[+-]?\d+\s*$/), z.null()], {
    error: 'must be a whole number of days',
  })
  .transform((value) => (value === '' || value === null ? undefined : roundHalfEven(Number(value))))
  .refine((days) => days === undefined || Math.abs(days) < 2 ** 31, {
    error: 'must be a 32-bit number of days',
  })

const LARGEST_RANGE_DAYS = 36_500
const RANGE = `must be two whole numbers of days, the least and the most, such as [-182, 182], within ±${LARGEST_RANGE_DAYS}`
const rangeEnd = z.int({ error: RANGE }).min(-LARGEST_RANGE_DAYS, RANGE).max(LARGEST_RANGE_DAYS, RANGE)
const shiftRange = z
  .tuple([rangeEnd, rangeEnd], { error: RANGE })
  .refine(([least, most]) => least <= most, { error: RANGE })

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

export const parametersSchema = z.object({
  dateShiftKey: keySource,
  dateShiftScope: anyCaseOrNumber(
    ['resource', 'file', 'folder', 'patient'],
    ['resource', 'file', 'folder'],
  ).default('resource'),
  dateShiftFixedOffsetInDays: fixedOffset.optional(),
  dateShiftRangeInDays: shiftRange.optional(),
  dateShiftExcludeZero: flag.default(false),
  dateShiftTimeZone: anyCase(['keep', 'remove']).default('keep'),
  cryptoHashKey: keySource,
  absoluteReferences: anyCase(['keep', 'relative']).default('keep'),
  urls: anyCase(['whole', 'references']).default('whole'),
  encryptKey: keySource,
  perturbKey: keySource,
  enablePartialAgesForRedact: flag.default(false),
  enablePartialDatesForRedact: flag.default(false),
  enablePartialZipCodesForRedact: flag.default(false),
  restrictedZipCodeTabulationAreas: z
    .array(z.union([z.string(), z.number().transform(String)], { error: 'must be a text' }))
    .nullish()
    .transform((areas) => areas ?? []),
  customSettings: z.unknown().optional(),
})

export const configurationSchema = z.object({
  fhirVersion: z
    .union([z.literal(''), z.null(), anyCase(FHIR_VERSIONS)], {
      error: `must be one of ${FHIR_VERSIONS.join(', ')}`,
    })
    .optional()
    .transform((version) => (version === '' || version === null ? undefined : version)),
  processingErrors: anyCaseOrNumber(['raise', 'skip'], ['raise', 'skip']).default('raise'),
  unknownElements: anyCase(['quarantine', 'drop']).default('quarantine'),
  fhirPathRules: z.array(z.unknown(), { error: 'must be a list of rules (it may be empty)' }),
  parameters: parametersSchema,
  customMethods: z.record(z.string(), z.string().min(1)).default({}),
})

/** A number or its text; null is 0, as .NET converts it. */
const numeric = (accepts: (value: number) => boolean, message: string) =>
  z.union([z.number(), z.string(), z.null()], { error: message }).transform((value, context) => {
    const text = typeof value === 'string' ? value.trim() : String(value ?? 0)
    const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (Number.isFinite(number) && accepts(number)) return number
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const caseValue = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a FHIRPath expression as text',
})
// .NET prints a boolean with a capital; as an expression that is the name `True`, which selects nothing.
const caseText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)

const CASES = 'must be an object of FHIRPath condition → FHIRPath value'
const cases = z
  .union(
    [
      z.record(z.string(), caseValue).transform((object) => Object.entries(object)),
      z.array(z.tuple([z.string(), caseValue])),
      z.string().transform((text, context) => {
        const pairs = pairsOf(text)
        if (pairs !== undefined) return pairs
        context.addIssue({ code: 'custom', message: CASES })
        return z.NEVER
      }),
    ],
    { error: CASES },
  )
  .transform((pairs) => pairs.map(([condition, value]) => [condition, caseText(value)] as const))

function pairsOf(text: string): [string, string | number | boolean][] | undefined {
  try {
    const { value, keysOf } = readTolerantJson(text)
    const object = z.record(z.string(), caseValue).safeParse(value)
    if (!object.success) return undefined
    return keysOf(value as object).map((key) => [key, object.data[key]])
  } catch (error) {
    if (error instanceof TolerantJsonError) return undefined
    throw error
  }
}

const path = z
  .string({ error: 'is missing: a FHIRPath such as Patient.name' })
  .min(1, { error: 'is empty: a FHIRPath such as Patient.name' })

/** What every rule has; `method` is compared without case. */
export const ruleSchema = z.looseObject({
  path,
  method: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
})

/** The settings of the methods that have any; keys inside a rule are case-sensitive. */
export const settingsSchemas = {
  substitute: z.object({
    replaceWith: z.custom<unknown>((value) => value !== undefined, {
      error: 'is missing: what to write instead (null removes)',
    }),
  }),
  perturb: z.object({
    span: numeric((value) => value >= 0, 'must be a number of at least 0'),
    rangeType: anyCase(['fixed', 'proportional']).default('fixed'),
    roundTo: numeric(
      (value) => Number.isInteger(value) && value >= 0 && value <= 28,
      'must be a whole number from 0 to 28',
    ).default(2),
  }),
  generalize: z.object({ cases, otherValues: anyCase(['redact', 'keep']).default('redact') }),
} as const

export const PLAIN_METHODS = ['keep', 'redact', 'remove', 'dateShift', 'cryptoHash', 'encrypt'] as const
export const METHODS = [...PLAIN_METHODS, 'substitute', 'perturb', 'generalize'] as const

const describedRule = z.looseObject({
  path,
  method: z.string().meta({ examples: METHODS }),
  replaceWith: z.unknown().optional(),
  span: settingsSchemas.perturb.shape.span.optional(),
  rangeType: settingsSchemas.perturb.shape.rangeType,
  roundTo: settingsSchemas.perturb.shape.roundTo,
  cases: cases.optional(),
  otherValues: settingsSchemas.generalize.shape.otherValues,
})

/** JSON Schema of a configuration, for editors. */
export const configurationJsonSchema = (): object =>
  z.toJSONSchema(configurationSchema.extend({ fhirPathRules: z.array(describedRule) }), { io: 'input' })
