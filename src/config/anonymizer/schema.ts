import { z } from 'zod'
import { METHODS } from '../../anonymizer/methods/table.js'
import { FHIR_VERSIONS } from '../../fhir/version.js'
import { CLAIMS } from '../../rules/explain/claim-reason.js'
import { anyCase, describedSettings } from './method-settings.js'

/** The Microsoft-format configuration and what Sluice adds to it (law 1.2 to 1.6). */

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

const MAX_RANGE_DAYS = 36_500
const RANGE = `must be two whole numbers of days, a minimum and a maximum, such as [-182, 182], within ±${MAX_RANGE_DAYS}`
const rangeEnd = z.int({ error: RANGE }).min(-MAX_RANGE_DAYS, RANGE).max(MAX_RANGE_DAYS, RANGE)
const shiftRange = z
  .tuple([rangeEnd, rangeEnd], { error: RANGE })
  .refine(([min, max]) => min <= max, { error: RANGE })

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
  dateShiftKeepWeekday: flag.default(false),
  dateShiftTimeZone: anyCase(['keep', 'remove']).default('keep'),
  cryptoHashKey: keySource,
  absoluteReferences: anyCase(['keep', 'relative']).default('keep'),
  urls: anyCase(['whole', 'references']).default('whole'),
  encryptKey: keySource,
  perturbKey: keySource,
  enablePartialAgesForRedact: flag.default(false),
  enablePartialDatesForRedact: flag.default(false),
  enablePartialZipCodesForRedact: flag.default(false),
  redactedInstants: anyCase(['year', 'whole']).default('year'),
  over89From: anyCase(['birthday', 'year']).default('birthday'),
  restrictedZipCodeTabulationAreas: z
    .array(z.union([z.string(), z.number().transform(String)], { error: 'must be a text' }))
    .nullish()
    .transform((areas) => areas ?? []),
  customSettings: z.unknown().optional(),
})

export const codeSystemsSchema = z.object(
  {
    allow: z
      .array(z.string().min(1, { error: 'is empty' }), { error: 'must be a list of names and urls' })
      .describe('the code systems whose codes stay: names of sets that Sluice ships, and urls'),
    grammar: flag
      .default(true)
      .describe('whether a code must also have the form that its system, or FHIR, prescribes'),
  },
  {
    error: ({ code }) =>
      code === 'invalid_type' ? 'must be an object such as {"allow": ["loinc"]}' : undefined,
  },
)

export const configurationSchema = z.object({
  fhirVersion: z
    .union([z.literal(''), z.null(), anyCase(FHIR_VERSIONS)], {
      error: `must be one of ${FHIR_VERSIONS.join(', ')}`,
    })
    .optional()
    .transform((version) => (version === '' || version === null ? undefined : version)),
  processingErrors: anyCaseOrNumber(['raise', 'skip'], ['raise', 'skip']).default('raise'),
  unknownElements: anyCase(['quarantine', 'drop']).default('quarantine'),
  mandatoryElements: anyCase(['remove', 'mask']).default('remove'),
  fhirPathRules: z.array(z.unknown(), { error: 'must be a list of rules (it may be empty)' }),
  parameters: parametersSchema,
  customMethods: z.record(z.string(), z.string().min(1)).default({}),
  codeSystems: codeSystemsSchema.optional(),
  outputNames: anyCase(['as-input', 'neutral']).default('as-input'),
  claim: z
    .enum(CLAIMS, { error: `must be one of ${CLAIMS.join(', ')}` })
    .optional()
    .describe('what the rules must support; a weaker configuration is refused'),
})

const path = z
  .string({ error: 'is missing: a FHIRPath such as Patient.name' })
  .min(1, { error: 'is empty: a FHIRPath such as Patient.name' })

/** What every rule has; `method` is compared without case. */
export const ruleSchema = z.looseObject({
  path,
  method: z.string({ error: 'is missing' }).min(1, { error: 'is empty' }),
})

const describedRule = z.looseObject({
  path,
  method: z.string().meta({ examples: METHODS.map(({ name }) => name) }),
  ...Object.assign({}, ...METHODS.map(({ settings }) => describedSettings(settings))),
})

/** JSON Schema of a configuration, for editors. */
export const configurationJsonSchema = (): object =>
  z.toJSONSchema(configurationSchema.extend({ fhirPathRules: z.array(describedRule) }), { io: 'input' })
