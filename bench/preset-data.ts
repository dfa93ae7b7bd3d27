import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { FhirVersion } from '../src/fhir/version.js'
import { projectRoot, sharedPath } from '../test/support/shared.js'

/** Real resources and synthetic ones, by FHIR version, on which presets are measured. */
interface DataSet {
  readonly name: string
  readonly version: FhirVersion
  /** A folder of `../shared/data`, or an npm package of HL7 with one example a file. */
  readonly from: { readonly shared: string } | { readonly npm: string }
}

const DATA_SETS: readonly DataSet[] = [
  { name: 'r4-synthea', version: 'R4', from: { shared: 'r4-synthea' } },
  { name: 'r4-us-core', version: 'R4', from: { shared: 'r4-us-core' } },
  { name: 'r4-examples', version: 'R4', from: { npm: 'hl7.fhir.r4.examples@4.0.1' } },
  { name: 'stu3-synthea', version: 'STU3', from: { shared: 'stu3-synthea' } },
  { name: 'r5-examples', version: 'R5', from: { npm: 'hl7.fhir.r5.examples@5.0.0' } },
]

// Definitions, not data of patients.
const NO_PATIENT_DATA =
  /^(StructureDefinition|ValueSet|CodeSystem|SearchParameter|OperationDefinition|ConceptMap|StructureMap|CapabilityStatement|ImplementationGuide|NamingSystem|CompartmentDefinition|Bundle|Binary)$/

export interface Sample {
  readonly name: string
  readonly version: FhirVersion
  readonly folder: string
}

/** Writes at most `perType` resources of each type of each data set into folders, one file a type. */
export function writeSamples(folder: string, perType: number): Sample[] {
  return DATA_SETS.flatMap(({ name, version, from }) => {
    const lines = 'shared' in from ? linesOfShared(from.shared) : linesOfPackage(from.npm)
    if (lines === undefined) {
      console.log(`# skipped: ${name} is not available here`)
      return []
    }
    const into = join(folder, 'raw', name)
    mkdirSync(into, { recursive: true })
    for (const [type, all] of linesByType(lines)) {
      const step = Math.max(1, Math.floor(all.length / perType))
      const chosen = all.filter((_, k) => k % step === 0).slice(0, perType)
      writeFileSync(join(into, `${type}.ndjson`), `${chosen.join('\n')}\n`)
    }
    return [{ name, version, folder: into }]
  })
}

function linesOfShared(name: string): string[] | undefined {
  const folder = sharedPath(`data/${name}`)
  if (!existsSync(folder)) return undefined
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ndjson.gz'))
    .flatMap((file) =>
      gunzipSync(readFileSync(join(folder, file)))
        .toString()
        .split('\n'),
    )
    .filter((line) => line !== '')
}

/** Downloads and unpacks an npm package once. */
function linesOfPackage(spec: string): string[] | undefined {
  const folder = join(tmpdir(), 'sluice-bench-packages', spec)
  if (!existsSync(join(folder, 'package'))) {
    mkdirSync(folder, { recursive: true })
    const packed = spawnSync('npm', ['pack', '--silent', spec], { cwd: folder, encoding: 'utf8' })
    if (packed.status !== 0) return undefined
    execFileSync('tar', ['xzf', packed.stdout.trim()], { cwd: folder })
  }
  return readdirSync(join(folder, 'package'))
    .filter((file) => file.endsWith('.json') && file !== 'package.json' && !file.startsWith('.'))
    .map((file) => JSON.stringify(JSON.parse(readFileSync(join(folder, 'package', file), 'utf8'))))
}

function linesByType(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const byType = new Map<string, string[]>()
  for (const line of lines) {
    const type = String((JSON.parse(line) as { resourceType?: unknown }).resourceType)
    if (NO_PATIENT_DATA.test(type) || !/^[A-Z][A-Za-z]+$/.test(type)) continue
    const ofType = byType.get(type) ?? []
    ofType.push(line)
    byType.set(type, ofType)
  }
  return byType
}

/** The shipped presets, by FHIR version. */
export function presetsOf(version: FhirVersion): string[] {
  return readdirSync(join(projectRoot, 'configs'))
    .filter((file) => file.endsWith(`-${version.toLowerCase()}.json`))
    .map((file) => file.slice(0, -'.json'.length))
}

/** Anonymizes a folder with the command line of `cli`. Returns where the output is. */
export function anonymized(sample: Sample, preset: string, into: string, cli: string): string {
  const out = join(into, preset, sample.name)
  mkdirSync(join(into, preset), { recursive: true })
  const run = spawnSync(
    process.execPath,
    [cli, 'anonymize', '-i', sample.folder, '-o', out, '-c', preset, '--as-of', '2026-11-21'],
    { encoding: 'utf8' },
  )
  // 10: some lines are quarantined, which the counts show.
  if (run.status !== 0 && run.status !== 10) throw new Error(`${preset} on ${sample.name}: ${run.stderr}`)
  return out
}
