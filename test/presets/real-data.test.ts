import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { HOSPITAL_MIX, mixedSyntheticPieces, planSynthetic } from '../../src/demo/generate.js'
import { elementTree } from '../../src/fhir/elements.js'
import { parseTree } from '../../src/fhir/parse-tree.js'
import type { FhirVersion } from '../../src/fhir/version.js'
import { sharedLines, sharedPath, skipWithoutShared } from '../support/shared.js'
import { loadPreset, PRESETS, type Preset } from './preset.js'

// No data of R5 is at hand; every element of it is tested elsewhere.
for (const { name, version, data } of PRESETS) {
  for (const folder of data)
    t.test(
      `${name}: names, addresses, numbers, texts and exact dates of ${folder} do not survive`,
      { skip: skipWithoutShared(`data/${folder}`) },
      async (t) => {
        const lines = readdirSync(sharedPath(`data/${folder}`)).flatMap((file) => {
          const all = sharedLines(`data/${folder}/${file}`)
          const every = Math.ceil(all.length / 120)
          return all.filter((_, at) => at % every === 0)
        })
        await check(t, { name, version, lines })
      },
    )

  if (version !== 'R5')
    t.test(
      `${name}: names, addresses, numbers, texts and exact dates of generated data do not survive`,
      async (t) => {
        const synthetic = planSynthetic({
          version,
          seed: 5,
          mix: HOSPITAL_MIX,
          bytes: 2_000_000,
        })
        const text = Buffer.concat([...mixedSyntheticPieces(synthetic)]).toString('utf8')
        await check(t, { name, version, lines: text.trimEnd().split('\n') })
      },
    )
}

interface Run {
  readonly name: string
  readonly version: FhirVersion
  readonly lines: readonly string[]
}

async function check(t: Test, { name, version, lines }: Run): Promise<void> {
  const preset = await loadPreset(name)
  const types = [...elementTree(version).resources.keys()].join('|')
  const shapes = shapesOf(types, name)
  const secrets = secretsOf(lines)
  t.ok(secrets.size > 1000, `${secrets.size} different secrets`)
  const { strings, left } = survivors(preset, { lines, shapes, secrets })
  t.same([...left].slice(0, 10), [], `of ${strings} texts in the output`)
  t.same(faultsIn(preset, { version, lines }), [], 'what comes out is structurally FHIR')
  const { withDates, unmoved } = exactDates(preset, lines)
  // A date may be moved by 0 of 101 days: of all patients one in a hundred keeps them.
  const tolerated = name.startsWith('research') ? withDates / 20 : 0
  t.ok(unmoved <= tolerated, `${unmoved} of ${withDates} lines with exact dates keep one`)
}

/** Every text of the output is one of these, or a code or its system. */
function shapesOf(types: string, preset: string): RegExp {
  const date = preset.startsWith('research')
    ? '\\d{4}(-\\d\\d-\\d\\d(T00:00:00(Z|\\+00:00))?)?'
    : '\\d{4}(-01-01T00:00:00\\+00:00)?'
  return new RegExp(
    `^(${date}|masked|\\d{3}|[A-Z]{2}|[0-9a-f]{64}|((${types})/|#|urn:uuid:|urn:oid:)?[0-9a-f]{64}|[A-Z][a-z]+( [A-Z][a-z]+)?)$`,
  )
}

/** What stands in the input where no code does: texts of three characters and more, by value. */
function secretsOf(lines: readonly string[]): ReadonlySet<string> {
  const secrets = new Set<string>()
  for (const line of lines)
    walk(JSON.parse(line), '', (text, key, owner) => {
      if (isSecret(key, owner) && text.length > 2)
        for (const part of [text, ...text.split(/[\s,/]+/)]) if (part.length > 5) secrets.add(part)
    })
  return secrets
}

const SECRET_KEYS =
  /^(family|given|line|city|district|div|display|text|birthDate|deceasedDateTime|value(String|DateTime)?|lotNumber|serialNumber|title|data|description|url|id|reference|uid|carrierHRF|subscriberId)$/

const isSecret = (key: string, owner: object): boolean =>
  SECRET_KEYS.test(key) && !('code' in owner && key === 'system')

function survivors(
  preset: Preset,
  { lines, shapes, secrets }: { lines: readonly string[]; shapes: RegExp; secrets: ReadonlySet<string> },
): { strings: number; left: ReadonlySet<string> } {
  const left = new Set<string>()
  let strings = 0
  for (const line of lines) {
    const out = JSON.parse(preset.anonymize(line)) as { meta?: { security?: unknown } }
    if (out.meta !== undefined) delete out.meta.security
    walk(out, '', (text, key) => {
      strings++
      if (isCoded(key) || (key === 'url' && KEPT_EXTENSIONS.test(text))) return
      if (!shapes.test(text)) left.add(`${key}: not one of the expected shapes`)
      if (secrets.has(text) && !/^\d{4}($|-)/.test(text)) left.add(`${key}: is a secret of the input`)
    })
  }
  return { strings, left }
}

function faultsIn(preset: Preset, { version, lines }: Pick<Run, 'version' | 'lines'>): string[] {
  const tree = elementTree(version)
  return lines.flatMap((line) => {
    const out = Buffer.from(preset.anonymize(line))
    const parsed = parseTree(tree, out, 0, out.length)
    return parsed === undefined ? ['no object'] : parsed.faults.map(({ code }) => code)
  })
}

/** Lines that name a day, and those of them whose output still names it. */
function exactDates(preset: Preset, lines: readonly string[]): { withDates: number; unmoved: number } {
  let withDates = 0
  let unmoved = 0
  for (const line of lines) {
    const days = [...line.matchAll(/"(\d{4}-\d\d-\d\d)[T"]/g)].map((match) => match[1] as string)
    if (days.length === 0) continue
    withDates++
    const out = preset.anonymize(line).replaceAll(/"\d{4}-01-01T00:00:00\+00:00"/g, '')
    if (days.some((day) => out.includes(day))) unmoved++
  }
  return { withDates, unmoved }
}

const isCoded = (key: string): boolean => CODED.test(key)
const KEPT_EXTENSIONS =
  /^(ombCategory|http:\/\/hl7\.org\/fhir\/(StructureDefinition\/data-absent-reason|us\/core\/StructureDefinition\/us-core-(race|ethnicity|birthsex)))$/
const CODED =
  /^(resourceType|system|code|status|use|gender|intent|type|category|criticality|currency|language|class|outcome|action|periodUnit|clinicalStatus|verificationStatus|kind|mode|lifecycle|priority|orderedBy|docStatus|durationUnit|contentType|lifecycleStatus|availability|valueCode)$/

function walk(
  value: unknown,
  key: string,
  visit: (text: string, key: string, owner: object) => void,
  owner: object = {},
): void {
  if (typeof value === 'string') visit(value, key, owner)
  else if (Array.isArray(value)) for (const item of value) walk(item, key, visit, owner)
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) walk(item, name, visit, value)
}
