import { join } from 'node:path'
import { createLineAnonymizer, type EngineOptions } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../../src/config/anonymizer/configuration-file.js'
import { planOf } from '../../src/config/anonymizer/plan.js'
import type { FhirVersion } from '../../src/fhir/version.js'
import { projectRoot } from '../support/shared.js'

export const PRESETS = [
  { name: 'safe-harbor-r4', version: 'R4', data: ['r4-synthea', 'r4-us-core'] },
  { name: 'safe-harbor-stu3', version: 'STU3', data: ['stu3-synthea'] },
  { name: 'safe-harbor-r5', version: 'R5', data: [] },
  { name: 'research-r4', version: 'R4', data: ['r4-synthea', 'r4-us-core'] },
  { name: 'research-r5', version: 'R5', data: [] },
] as const satisfies readonly {
  readonly name: string
  readonly version: FhirVersion
  readonly data: readonly string[]
}[]

/** Keeps dates, ages and towns, so that only some of the tests concern it. */
export const LIMITED_DATA_SET = { name: 'limited-data-set-r4', version: 'R4' } as const

export interface PresetRule {
  readonly path: string
  readonly method: string
}

export interface Preset {
  readonly rules: readonly PresetRule[]
  /** The anonymized line; throws where it is rejected. */
  anonymize(line: string): string
  /** Number of the lines so far that the interpreter served. */
  interpretedLines(): number
}

// Fixed, so that a failure comes again.
const KEYS = { cryptoHashKey: 'a key for hashes', dateShiftKey: 'a key for dates' }

/** A shipped preset, as `sluice anonymize -c configs/<name>.json --as-of 2026-11-21` would run it. */
export async function loadPreset(
  name: string,
  engine: EngineOptions['engine'] = 'automatic',
): Promise<Preset> {
  const raw = await readConfigFile(join(projectRoot, 'configs', `${name}.json`))
  const plan = planOf(checkConfig(raw), '2026-11-21')
  const anonymizer = await createLineAnonymizer(plan.settle({ asOf: '2026-11-21', keys: KEYS }), { engine })
  const out = new Output()
  return {
    rules: (raw as { fhirPathRules: PresetRule[] }).fhirPathRules,
    interpretedLines: () => anonymizer.counts.interpretedLines,
    anonymize(line) {
      const source = Buffer.from(line)
      out.length = 0
      const rejection = anonymizer.anonymizeLine(source, { start: 0, end: source.length }, CONTEXT, out)
      if (rejection !== undefined)
        throw new Error(`${rejection.code} at ${rejection.offset}: ${rejection.message}`)
      return Buffer.from(out.bytes.subarray(0, out.length)).toString('utf8')
    },
  }
}

const CONTEXT = { item: 'test.ndjson', record: 0, baseOffset: 0, dateShiftPrefix: '' }
