import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineOptions } from '../src/anonymizer/line-anonymizer.js'
import type { AnonymizerSpec } from '../src/anonymizer/spec.js'
import { checkConfig } from '../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../src/config/anonymizer/configuration-file.js'
import { planOf } from '../src/config/anonymizer/plan.js'
import { HOSPITAL_MIX } from '../src/demo/generate.js'
import {
  type Lines,
  realLines,
  sharedFolder,
  syntheticLines,
  thinned,
  withDistinctIds,
} from './engine-data.js'

/** One row of the table. */
export interface EngineCase {
  readonly name: string
  /** The same text every time, or with other ids for each round. */
  lines(round: number): Lines
  /** Path of the configuration. */
  readonly config: string
  /** Put before the configuration's rules; then the speed is compared with that of the configuration alone. */
  readonly extraRules?: readonly object[]
  readonly engine?: EngineOptions['engine']
  /** `cold`: a new engine each round, its tables made by lines with other ids, no hash cached; default warm. */
  readonly cache?: 'cold'
}

const SAMPLE = join(sharedFolder, 'golden/r4-sample-config.json')
const STU3_SAMPLE = join(sharedFolder, 'golden/stu3-sample-config.json')
const preset = (name: string): string => fileURLToPath(new URL(`../../configs/${name}.json`, import.meta.url))

const r4 = once(() => realLines('r4-synthea', 'R4', HOSPITAL_MIX))
const stu3 = once(() => realLines('stu3-synthea', 'STU3', HOSPITAL_MIX))
const every8th = once(() => thinned(r4(), 8))
const percentOfLines = once(() => syntheticLines('R4', { Patient: 1, Observation: 99 }, 24e6))
// A patient's line is 3.6 times as long as an observation's.
const percentOfBytes = once(() => syntheticLines('R4', { Patient: 1, Observation: 356 }, 24e6))

/** Selects nothing: its elements are looked at, then the transducer takes the line. */
const SLOW_RULE = { path: "Patient.name.where(use = 'none' and family.length() > 99)", method: 'redact' }
/** Selects something: the interpreter takes the line. */
const SLOW_RULE_THAT_SELECTS = { path: 'Patient.name.where(family.length() > 0)', method: 'redact' }

export const ENGINE_CASES: readonly EngineCase[] = [
  { name: 'r4-sample, warm', lines: r4, config: SAMPLE },
  { name: 'r4-sample, cold', lines: r4, config: SAMPLE, cache: 'cold' },
  { name: 'r4-sample, ids all different', lines: (round) => withDistinctIds(r4(), round), config: SAMPLE },
  { name: 'stu3-sample', lines: stu3, config: STU3_SAMPLE },
  { name: 'safe-harbor-r4', lines: r4, config: preset('safe-harbor-r4') },
  { name: 'safe-harbor-stu3', lines: stu3, config: preset('safe-harbor-stu3') },
  { name: 'research-r4', lines: r4, config: preset('research-r4') },
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
  { name: 'r4-sample, interpreter alone', lines: every8th, config: SAMPLE, engine: 'interpreter' },
]

/** A configuration with keys made for it, as of the golden files' day. Throws what reading and checking throw. */
export async function specOf(path: string, extraRules: readonly object[] = []): Promise<AnonymizerSpec> {
  const raw = (await readConfigFile(path)) as { fhirPathRules: object[] }
  const config = checkConfig(
    { ...raw, fhirPathRules: [...extraRules, ...raw.fhirPathRules] },
    { allowWeakKeys: true },
  )
  const plan = planOf(config, '2026-11-21')
  return plan.settle(plan.newRunSecrets())
}

function once(make: () => Lines): () => Lines {
  let lines: Lines | undefined
  return () => {
    lines ??= make()
    return lines
  }
}
