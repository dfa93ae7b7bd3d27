import { Output } from '../anonymizer/output.js'
import { ADMINISTRATIVE_WRITERS } from './administrative.js'
import { CLINICAL_WRITERS } from './clinical.js'
import { FINANCIAL_WRITERS } from './financial.js'
import {
  type Population,
  SYNTHETIC_TYPES,
  type SyntheticType,
  type SyntheticVersion,
  streamOf,
} from './population.js'
import { Random } from './random.js'
import type { Writer } from './writing.js'

export type TypeMix = Readonly<Partial<Record<SyntheticType, number>>>

/** Lines of each type for one patient, roughly those of a hospital's export. */
export const HOSPITAL_MIX: TypeMix = {
  Patient: 1,
  Practitioner: 0.2,
  Organization: 0.1,
  Location: 0.1,
  RelatedPerson: 0.3,
  Coverage: 1,
  Device: 0.2,
  Encounter: 8,
  Condition: 3,
  Observation: 30,
  Procedure: 4,
  MedicationRequest: 5,
  Immunization: 2,
  AllergyIntolerance: 0.5,
  DiagnosticReport: 4,
  DocumentReference: 1,
  Claim: 8,
  ExplanationOfBenefit: 6,
  AuditEvent: 3,
}

export interface SyntheticOptions {
  readonly version: SyntheticVersion
  /** The same seed, mix and size give the same bytes. */
  readonly seed: number
  readonly mix: TypeMix
  /** Size of all lines together; met within a few percent. */
  readonly bytes: number
}

/** How many lines of each type there will be, and the population they refer to. */
export interface SyntheticPlan {
  readonly population: Population
  readonly counts: ReadonlyMap<SyntheticType, number>
}

const WRITERS: Readonly<Record<SyntheticType, Writer>> = {
  ...ADMINISTRATIVE_WRITERS,
  ...CLINICAL_WRITERS,
  ...FINANCIAL_WRITERS,
}
const SAMPLE_LINES = 200

/** One synthetic resource as JSON text; follows from the population, the type and the index alone. */
function syntheticLine(population: Population, type: SyntheticType, index: number): string {
  return WRITERS[type](population, index, random.restart(population.seed, streamOf(type), index))
}

export function planSynthetic(options: SyntheticOptions): SyntheticPlan {
  const types = SYNTHETIC_TYPES.filter((type) => (options.mix[type] ?? 0) > 0)
  const sample = populationOf(options, () => SAMPLE_LINES)
  let setBytes = 0
  for (const type of types) setBytes += meanLineBytes(sample, type) * (options.mix[type] as number)
  const sets = options.bytes / setBytes
  const countOf = (type: SyntheticType): number => Math.max(1, Math.round(sets * (options.mix[type] ?? 0)))
  return {
    population: populationOf(options, countOf),
    counts: new Map(types.map((type) => [type, countOf(type)])),
  }
}

/** Pieces of about `pieceBytes` of one type's NDJSON. */
export function* syntheticPieces(
  plan: SyntheticPlan,
  type: SyntheticType,
  pieceBytes = 1 << 20,
): Generator<Uint8Array> {
  const out = new Output(pieceBytes * 2)
  const count = plan.counts.get(type) ?? 0
  for (let index = 0; index < count; index++) {
    appendLine(out, syntheticLine(plan.population, type, index))
    if (out.length < pieceBytes) continue
    yield new Uint8Array(out.bytes.subarray(0, out.length))
    out.length = 0
  }
  if (out.length > 0) yield new Uint8Array(out.bytes.subarray(0, out.length))
}

/** All types in one stream, spread evenly: the resource types of neighbouring lines differ. */
export function* mixedSyntheticPieces(plan: SyntheticPlan, pieceBytes = 1 << 20): Generator<Uint8Array> {
  const out = new Output(pieceBytes * 2)
  const total = Math.max(...plan.counts.values())
  const written = new Map<SyntheticType, number>()
  for (let step = 1; step <= total; step++) {
    for (const [type, count] of plan.counts) {
      const until = Math.floor((step / total) * count)
      for (let index = written.get(type) ?? 0; index < until; index++)
        appendLine(out, syntheticLine(plan.population, type, index))
      written.set(type, until)
    }
    if (out.length < pieceBytes) continue
    yield new Uint8Array(out.bytes.subarray(0, out.length))
    out.length = 0
  }
  if (out.length > 0) yield new Uint8Array(out.bytes.subarray(0, out.length))
}

const random = new Random()

function populationOf(options: SyntheticOptions, countOf: (type: SyntheticType) => number): Population {
  const known = (type: SyntheticType, otherwise: number): number =>
    (options.mix[type] ?? 0) > 0 ? countOf(type) : otherwise
  const patientCount = known('Patient', 1000)
  return {
    version: options.version,
    seed: options.seed,
    patientCount,
    encounterCount: known('Encounter', patientCount * 8),
    practitionerCount: known('Practitioner', 200),
    organizationCount: known('Organization', 50),
  }
}

function meanLineBytes(population: Population, type: SyntheticType): number {
  let bytes = 0
  for (let index = 0; index < SAMPLE_LINES; index++)
    bytes += Buffer.byteLength(syntheticLine(population, type, index)) + 1
  return bytes / SAMPLE_LINES
}

function appendLine(out: Output, line: string): void {
  out.reserve(line.length * 3 + 1)
  out.length += out.bytes.write(line, out.length, 'utf8')
  out.bytes[out.length++] = 10
}
