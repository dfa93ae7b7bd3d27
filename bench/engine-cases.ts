import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLineAnonymizerSync, type EngineOptions } from '../src/anonymizer/line-anonymizer.js'
import { Output } from '../src/anonymizer/output.js'
import type { AnonymizerSpec } from '../src/anonymizer/spec.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { HOSPITAL_MIX } from '../src/demo/generate.js'
import {
  chosen,
  type Lines,
  realLines,
  sharedFolder,
  spaced,
  syntheticLines,
  thinned,
  withDistinctIds,
  withEscapedKeys,
  withNulls,
} from './engine-data.js'

/** One row of the table. */
export interface EngineCase {
  readonly name: string
  /** The same text every time, or with other ids for each round. */
  lines(round: number): Lines
  /** Path of the configuration. */
  readonly config: string
  /** Instead of the version that the configuration names. */
  readonly fhirVersion?: string
  /** Put before the configuration's rules; then the speed is compared with that of the configuration alone. */
  readonly extraRules?: readonly object[]
  /** Instead of what the configuration says about codes; then the speed is compared with that without any. */
  readonly codeSystems?: object
  readonly engine?: EngineOptions['engine']
  /** `cold`: a new engine each round, its tables made by lines with other ids, no hash cached; default warm. */
  readonly cache?: 'cold'
}

const SAMPLE = join(sharedFolder, 'golden/r4-sample-config.json')
const STU3_SAMPLE = join(sharedFolder, 'golden/stu3-sample-config.json')
const preset = (name: string): string => fileURLToPath(new URL(`../../configs/${name}.json`, import.meta.url))

const r4 = once(() => realLines('r4-synthea', 'R4', HOSPITAL_MIX))
const usCore = once(() => realLines('r4-us-core', 'R4', HOSPITAL_MIX))
const stu3 = once(() => realLines('stu3-synthea', 'STU3', HOSPITAL_MIX))
const r5 = once(() => validAsR5(r4()))
const every8th = once(() => thinned(r4(), 8))
const percentOfLines = once(() => syntheticLines('R4', { Patient: 1, Observation: 99 }, 24e6))
// A patient's line is 3.6 times as long as an observation's.
const percentOfBytes = once(() => syntheticLines('R4', { Patient: 1, Observation: 356 }, 24e6))

/** The evaluator looks at each name. */
const SLOW_RULE = { path: 'Patient.name.where(family.length() > 99)', method: 'redact' }
/** The interpreter takes the lines with a name. */
const SLOW_RULE_THAT_SELECTS = { path: 'Patient.name[0]', method: 'redact' }
/** The evaluator looks at elements of nearly every line. */
const SLOW_RULE_ON_EVERY_TYPE = {
  path: "nodesByType('Coding').where(display.length() > 999)",
  method: 'redact',
}

/** All systems of the data but a few local ones. */
const SYSTEMS_OF_THE_DATA = { allow: ['international', 'us', 'blue-button'] }

const V2_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203'

/** What public configurations have, each on every type. */
const SHAPES: Readonly<Record<string, object>> = {
  "where(a.b = 'x')": {
    path: "nodesByType('Reference').where(identifier.system = 'http://test/mrn').display",
    method: 'redact',
  },
  "extension('url')": {
    path: "Resource.extension('http://hl7.org/fhir/StructureDefinition/patient-birthPlace')",
    method: 'redact',
  },
  'where(url.startsWith(…))': {
    path: "nodesByType('Extension').where(url.startsWith('http://hl7.org/fhir/us/core/')).url",
    method: 'keep',
  },
  'where(…).ofType(…)': {
    path: "nodesByType('Extension').where(url = 'http://test/site').value.ofType(Reference).reference",
    method: 'cryptoHash',
  },
  'where(a.where(… and …).exists())': {
    path: `nodesByType('Identifier').where(type.coding.where(system = '${V2_TYPES}' and code = 'MR').exists()).value`,
    method: 'cryptoHash',
  },
  'where(… or … or not(…))': {
    path: "nodesByType('ContactPoint').where(system = 'phone' or system = 'fax' or use.exists().not()).value",
    method: 'redact',
  },
}

export const ENGINE_CASES: readonly EngineCase[] = [
  { name: 'r4-sample, warm', lines: r4, config: SAMPLE },
  { name: 'r4-sample, cold', lines: r4, config: SAMPLE, cache: 'cold' },
  { name: 'r4-sample, ids all different', lines: (round) => withDistinctIds(r4(), round), config: SAMPLE },
  { name: 'r4-sample, US Core data', lines: usCore, config: SAMPLE },
  { name: 'r4-sample, spaced data', lines: once(() => spaced(r4())), config: SAMPLE },
  {
    name: 'r4-sample, an escaped key in 10 % of the lines',
    lines: once(() => withEscapedKeys(r4())),
    config: SAMPLE,
  },
  { name: 'r4-sample, nulls in 10 % of the lines', lines: once(() => withNulls(r4())), config: SAMPLE },
  { name: 'stu3-sample', lines: stu3, config: STU3_SAMPLE },
  { name: 'r4-sample as R5', lines: r5, config: SAMPLE, fhirVersion: 'R5' },
  { name: 'safe-harbor-r4', lines: r4, config: preset('safe-harbor-r4') },
  { name: 'safe-harbor-stu3', lines: stu3, config: preset('safe-harbor-stu3') },
  { name: 'research-r4', lines: r4, config: preset('research-r4') },
  { name: 'research-r4, US Core data', lines: usCore, config: preset('research-r4') },
  ...Object.entries(SHAPES).map(([shape, rule]) => ({
    name: `${shape} on every type ÷ without`,
    lines: r4,
    config: SAMPLE,
    extraRules: [rule],
  })),
  { name: 'all six on every type ÷ without', lines: r4, config: SAMPLE, extraRules: Object.values(SHAPES) },
  {
    name: 'a slow rule on every type ÷ without',
    lines: every8th,
    config: SAMPLE,
    extraRules: [SLOW_RULE_ON_EVERY_TYPE],
  },
  {
    name: 'a slow rule on 1 % of the lines ÷ without',
    lines: percentOfLines,
    config: SAMPLE,
    extraRules: [SLOW_RULE],
  },
  {
    name: 'a slow rule on 1 % of the bytes ÷ without',
    lines: percentOfBytes,
    config: SAMPLE,
    extraRules: [SLOW_RULE],
  },
  {
    name: 'a slow rule that selects on 1 % of the lines ÷ without',
    lines: percentOfLines,
    config: SAMPLE,
    extraRules: [SLOW_RULE_THAT_SELECTS],
  },
  {
    name: 'a slow rule that selects on 1 % of the bytes ÷ without',
    lines: percentOfBytes,
    config: SAMPLE,
    extraRules: [SLOW_RULE_THAT_SELECTS],
  },
  ...['r4-sample', 'research-r4', 'safe-harbor-r4'].map((name) => ({
    name: `codeSystems in ${name} ÷ without`,
    lines: r4,
    config: name === 'r4-sample' ? SAMPLE : preset(name),
    codeSystems: SYSTEMS_OF_THE_DATA,
  })),
  { name: 'r4-sample, interpreter alone', lines: every8th, config: SAMPLE, engine: 'interpreter' },
]

/** The specification of a case, on request without its extra rules and its code systems. Throws what reading and checking throw. */
export async function specOfCase(
  one: EngineCase,
  more: 'with extra rules' | 'without',
): Promise<AnonymizerSpec> {
  const { config, extraRules, fhirVersion, codeSystems } = one
  const isWhole = more === 'with extra rules'
  const change = codeSystems === undefined ? {} : { codeSystems: isWhole ? codeSystems : undefined }
  return specOf(config, isWhole ? extraRules : [], fhirVersion, change)
}

/** A configuration with keys made for it, as of the golden files' day. Throws what reading and checking throw. */
export async function specOf(
  path: string,
  extraRules: readonly object[] = [],
  fhirVersion?: string,
  change: object = {},
): Promise<AnonymizerSpec> {
  const raw = (await readConfigFile(path)) as { fhirPathRules: object[]; fhirVersion?: string }
  const config = checkConfig(
    {
      ...raw,
      fhirVersion: fhirVersion ?? raw.fhirVersion,
      fhirPathRules: [...extraRules, ...raw.fhirPathRules],
      ...change,
    },
    { allowWeakKeys: true },
  )
  const plan = planOf(config, '2026-11-21')
  return plan.settle(plan.newRunSecrets())
}

/** The lines of R4 data that are R5 as well: two thirds, of seven types. */
function validAsR5(lines: Lines): Lines {
  const { spec } = checkConfig({ fhirVersion: 'R5', fhirPathRules: [] })
  const judge = createLineAnonymizerSync({ ...spec, asOf: '2026-11-21' })
  const out = new Output(1 << 20)
  const context = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }
  const { bytes, starts } = lines
  return chosen(lines, (n) => {
    out.length = 0
    const range = { start: starts[n] as number, end: (starts[n + 1] as number) - 1 }
    return judge.anonymizeLine(bytes, range, context, out) === undefined
  })
}

function once(make: () => Lines): () => Lines {
  let lines: Lines | undefined
  return () => {
    lines ??= make()
    return lines
  }
}
