import { z } from 'zod'
import { type CompressionFormat, LEVELS } from '../../compression/compression.js'
import { FHIR_VERSIONS } from '../../fhir/version.js'
import { judgeAltExportDefinition } from '../alt-export/definition.js'
import { secretPlaceSchema } from '../environment/secret-place.js'
import { serverAuthSchema } from '../fhir-client/server-auth.js'
import { isDay } from '../units/days.js'
import { parseByteCount, parseCountOrShare } from '../units/sizes.js'

const text = z.string().min(1)
const texts = z.array(text).default([])
const count = (min: number, max: number) => z.int().min(min).max(max)
const DAY_SECONDS = 86_400

const byteCount = (min: string) =>
  z
    .union([z.int(), z.string()], { error: 'must be a size, such as 536870912 or "512MiB"' })
    .transform((value, context) => {
      const bytes = parseByteCount(String(value))
      if (bytes !== undefined && bytes >= (parseByteCount(min) ?? 0)) return bytes
      context.addIssue({ code: 'custom', message: `must be a size of at least ${min}` })
      return z.NEVER
    })

const countOrShare = z
  .union([z.int(), z.string()], { error: 'must be a number of lines or a share such as "0.5%"' })
  .transform((value, context) => {
    const limit = parseCountOrShare(String(value))
    if (limit !== undefined) return limit
    context.addIssue({ code: 'custom', message: 'must be a number of lines or a share such as "0.5%"' })
    return z.NEVER
  })

const instant = z.iso.datetime({ offset: true, error: 'must be a time with its zone, 2026-11-01T00:00:00Z' })

/** A SAS after `?` is a secret. */
const store = text
  .regex(/^(?![a-z][a-z0-9+.-]+:\/\/.*\?)/is, 'holds a SAS; give it by AZURE_STORAGE_SAS_TOKEN instead')
  .describe('a folder, relative to this file, or the address of a container or a prefix in it')

/** An export of a FHIR server, with the options of `sluice export`. */
export const serverSource = z
  .strictObject({
    fhir: z.url({ protocol: /^https?$/ }).describe('FHIR base address of the server'),
    auth: serverAuthSchema.optional().describe('authentication; default: none'),
    level: z.enum(['system', 'patient', 'group']).optional(),
    group: text.optional().describe('id of the Group whose members are exported'),
    types: texts.describe('_type'),
    since: instant.optional().describe('_since; with onlyNew of the first run'),
    until: instant.optional().describe('_until'),
    typeFilters: texts.describe('_typeFilter: searches such as Observation?status=final'),
    elements: texts.describe('_elements'),
    patients: texts.describe('only these patients (by POST)'),
    includeAssociatedData: texts,
    outputFormat: text.optional(),
    organizeOutputBy: text.optional(),
    container: text.optional().describe("_container: Azure's server writes the files there itself"),
    format: text.optional().describe("_format: name of a layout, for Azure's container"),
    parameters: z.record(text, z.string()).default({}).describe('any other parameters'),
    post: z.boolean().default(false).describe('start by POST instead of GET'),
    lenient: z.boolean().default(false),
    pollIntervalSeconds: count(1, DAY_SECONDS).default(300),
    pollLimitMinutes: count(1, 365 * 24 * 60).default(24 * 60),
    outageLimitMinutes: count(1, 365 * 24 * 60).default(30),
    silenceSeconds: count(1, DAY_SECONDS).default(60),
    downloads: count(1, 64).default(4),
    onMismatch: z.enum(['fail', 'warn']).default('fail'),
    onServerErrors: z.enum(['fail', 'warn']).default('fail'),
    onInterrupt: z.enum(['keep', 'cancel']).default('keep'),
    trustedOrigins: texts,
  })
  .refine(({ level, group }) => level === undefined || (level === 'group') === (group !== undefined), {
    path: ['group'],
    error: 'and the level group belong together',
  })

/** An export by queries, with the options of `sluice alt-export`. */
export const querySource = z.strictObject({
  fhir: z.url({ protocol: /^https?$/ }).describe('FHIR base address of the server'),
  query: z
    .union([text, z.looseObject({})], { error: 'must be a definition, or the path of a file with one' })
    .superRefine((query, context) => {
      if (typeof query === 'string') return
      const judged = judgeAltExportDefinition(query)
      if ('kind' in judged) return
      for (const { path, message } of judged)
        context.addIssue({ code: 'custom', message: path === '' ? message : `${path} ${message}` })
    })
    .describe('definition of the export (docs/alt-export.md), or a file with it, relative to this one'),
  auth: serverAuthSchema.optional().describe('authentication; default: none'),
  connections: count(1, 256).default(8),
  idsPerRequest: count(1, 1000).default(50),
  idsPerFile: count(1, 1_000_000).default(1000),
  lenient: z.boolean().default(false),
  onMismatch: z.enum(['fail', 'warn']).default('fail'),
  outageLimitMinutes: count(1, 365 * 24 * 60).default(30),
  silenceSeconds: count(1, DAY_SECONDS).default(60),
  trustedOrigins: texts,
})

export const storeSource = z.strictObject({ store })

const key = secretPlaceSchema.optional()
const anonymizer = z.strictObject({
  config: text.describe(
    'anonymizer configuration: a file, relative to this one, the name of a preset, or the address of a blob',
  ),
  keys: z
    .strictObject({ dateShiftKey: key, cryptoHashKey: key, encryptKey: key, perturbKey: key })
    .default({})
    .describe('in place of those in the configuration'),
  fhirVersion: z.enum(FHIR_VERSIONS).optional(),
  asOf: z.string().refine(isDay, 'must be a day that exists, YYYY-MM-DD').optional(),
  allowRandomKeys: z.boolean().default(false).describe('make missing keys at random for each run'),
  separateRuns: z
    .boolean()
    .default(false)
    .describe(
      'each run is a data set of its own: allows a random cryptoHashKey or encryptKey in a series of runs',
    ),
  allowWeakKeys: z
    .boolean()
    .default(false)
    .describe(
      'accept keys below 128 bits of text, and one key for two uses, if earlier data was hashed with them',
    ),
  validateInput: z.boolean().default(false),
  validateOutput: z.boolean().default(false),
})

const compressionLevel = (format: CompressionFormat) => {
  const { min, max, default: usual } = LEVELS[format]
  return z
    .union([z.boolean(), count(min, max)], { error: `must be true, false or a level from ${min} to ${max}` })
    .default(false)
    .describe(`compresses the outputs with ${format}; true: level ${usual}`)
}

const sink = z.strictObject({
  store,
  layout: z.enum(['dated', 'dated-output']).default('dated'),
  createContainer: z.boolean().default(false),
  state: store.optional().describe('for checkpoints, history and quarantine'),
  splitBytes: byteCount('1KiB').optional(),
  gzip: compressionLevel('gzip'),
  zstd: compressionLevel('zstd'),
})

const retention = z
  .strictObject({ keepLast: count(1, 1000).optional(), olderThanDays: count(1, 36_500).optional() })
  .refine(({ keepLast, olderThanDays }) => (keepLast ?? olderThanDays) !== undefined, {
    error: 'must have keepLast, olderThanDays, or both',
  })

const notify = z.strictObject({
  url: z.union([z.url({ protocol: /^https?$/ }), secretPlaceSchema], {
    error: 'must be an address, or say where it is: {"env": "NAME"}, {"file": "path"} or {"keyVault": "…"}',
  }),
  secret: secretPlaceSchema.optional().describe('signs the messages'),
  on: z.array(z.enum(['success', 'failure'])).default(['success', 'failure']),
})

const limits = z.strictObject({
  workers: count(1, 1024).optional(),
  memoryBudget: byteCount('16MiB').optional(),
  maxLineBytes: byteCount('1KiB').optional(),
  readAhead: byteCount('1').optional(),
  onBadLine: z.enum(['quarantine', 'fail']).default('quarantine'),
  maxQuarantined: countOrShare.optional(),
  quarantineContent: z.boolean().default(false),
  quarantineExit: z
    .union([z.literal(0), z.literal(10)], { error: 'must be 0 or 10' })
    .default(10)
    .describe('exit code of a run that quarantined lines and delivered the rest'),
})

/** What is wrong with a schedule; paths are those of its members. */
export type ScheduleCheck = (schedule: {
  readonly cron: string
  readonly timeZone: string
}) => readonly { readonly path: 'cron' | 'timeZone'; readonly message: string }[]

const schedule = z.strictObject({
  cron: text.default('0 1 * * *').describe('minute, hour, day, month, weekday'),
  timeZone: text.default('UTC').describe('such as Europe/Berlin'),
})

/** When `--daemon` runs a pipeline that has no schedule. */
export const DEFAULT_SCHEDULE = schedule.parse({})

/** A whole pipeline, as `sluice run` reads it. */
export const pipelineSchema = <S extends z.ZodType>(source: S, checkSchedule: ScheduleCheck = () => []) =>
  z.strictObject({
    $schema: z.string().optional(),
    name: text.optional().describe('for messages; runs of one name belong together, whatever their source'),
    source,
    anonymizer,
    sink,
    schedule: schedule
      .superRefine((times, context) => {
        for (const { path, message } of checkSchedule(times))
          context.addIssue({ code: 'custom', path: [path], message })
      })
      .optional(),
    onlyNew: z.boolean().default(false).describe('what changed since the last complete run'),
    allowEmpty: z
      .boolean()
      .default(false)
      .describe('count a full run that delivers no resources as a success; default: exit 3'),
    retention: retention.optional().describe('which complete outputs stay; default: all'),
    notify: notify.optional(),
    limits: limits.prefault({}),
    metrics: z
      .strictObject({
        port: count(0, 65_535).optional().describe('serves /metrics, and with --daemon /healthz'),
        host: text.optional().describe('default: loopback'),
        file: text.optional().describe('is written at the end of each run'),
      })
      .default({}),
  })

const anySource = z.union([serverSource, querySource, storeSource])
export type ServerSource = z.output<typeof serverSource>
export type QuerySource = z.output<typeof querySource>
export type PipelineConfig = z.output<ReturnType<typeof pipelineSchema<typeof anySource>>>

/** For editors. */
export const pipelineJsonSchema = (): object => z.toJSONSchema(pipelineSchema(anySource), { io: 'input' })
