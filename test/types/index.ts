import {
  type AnonymizerOptions,
  type CustomMethod,
  createAnonymizer,
  type ErrorCode,
  type FhirVersion,
  folderSink,
  folderSource,
  isSluiceError,
  type LineResult,
  type Problem,
  type RunProgress,
  type RunReport,
  runPipeline,
  type Sink,
  type SluiceError,
  type Source,
} from 'fhir-sluice'
import type { LineResult as EngineResult, createAnonymizer as fromEngine } from 'fhir-sluice/engine'

// The compiler is the test: this file is compiled with the project, and against the packed declarations by
// `npm run check:package`. It never runs.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <_T extends true>(): void => undefined

export function createAnonymizerTypes(config: object, mask: CustomMethod): void {
  holds<Equal<typeof createAnonymizer, typeof fromEngine>>()
  holds<Equal<LineResult, EngineResult>>()
  const anonymizer = createAnonymizer(config, { asOf: '2026-11-21', customMethods: { mask } })
  const result = anonymizer.anonymize('{}', { dateShiftPrefix: 'a', item: 'b', record: 1 })
  holds<Equal<typeof result, LineResult>>()
  anonymizer.anonymize(new Uint8Array())
  // @ts-expect-error: the outcome must be looked at first
  result.bytes
  if (result.ok) {
    holds<Equal<typeof result.bytes, Uint8Array>>()
    // @ts-expect-error: a delivered line has no code
    result.code
  } else holds<Equal<typeof result.offset, number>>()
  // @ts-expect-error: a configuration is an object, not its text
  createAnonymizer('{}')
  // @ts-expect-error: no such option
  createAnonymizer(config, { asof: '2026-11-21' })
  // @ts-expect-error: no such version
  createAnonymizer(config, { fhirVersion: 'R6' })
  // @ts-expect-error: a line is text or bytes
  anonymizer.anonymize({})
}

export function customMethodTypes(): void {
  const drop: CustomMethod = () => ({ json: null, label: 'REDACT' })
  const write: CustomMethod = ({ text }, settings) => {
    holds<Equal<typeof text, string>>()
    return { json: [text, Object.keys(settings).length] }
  }
  // @ts-expect-error: a result says what to write
  const neither: CustomMethod = () => ({})
  // @ts-expect-error: lines are anonymized without waiting
  const later: CustomMethod = async () => ({ json: null })
  void [drop, write, neither, later]
}

export async function runPipelineTypes(config: object): Promise<RunReport> {
  const source: Source = folderSource('in')
  const sink: Sink = folderSink('out')
  const shared: AnonymizerOptions = { fhirVersion: 'R4B', allowRandomKeys: true }
  const report = await runPipeline({
    source,
    sink,
    anonymizer: config,
    ...shared,
    workers: 2,
    limits: { maxLineBytes: 1024 },
    signal: new AbortController().signal,
    onProgress: (progress) => holds<Equal<typeof progress, RunProgress>>(),
  })
  holds<Equal<typeof report, RunReport>>()
  holds<Equal<typeof report.lines.delivered, number>>()
  // @ts-expect-error: a sink is needed
  await runPipeline({ source: 'in', anonymizer: config })
  // @ts-expect-error: limits are grouped
  await runPipeline({ source: 'in', sink: 'out', anonymizer: config, maxLineBytes: 1024 })
  return report
}

export function errorTypes(error: unknown): readonly Problem[] | undefined {
  // @ts-expect-error: anything can be thrown
  error.code
  if (!isSluiceError(error)) return undefined
  holds<Equal<typeof error, SluiceError>>()
  holds<Equal<typeof error.code, ErrorCode>>()
  holds<Equal<FhirVersion, 'STU3' | 'R4' | 'R4B' | 'R5'>>()
  // @ts-expect-error: no such code
  if (error.code === 'DISK_FULL') return undefined
  return error.problems
}
