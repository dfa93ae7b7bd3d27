// Every coded value of the data sets beside the clone, judged with all sets listed: what is refused is listed here.

import { readdirSync } from 'node:fs'
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'
import { SET_NAMES } from '../../../src/fhir/codes/set-names.js'
import type { FhirVersion } from '../../../src/fhir/version.js'
import { codedValues } from '../../support/coded-values.js'
import { sharedLines, sharedPath, skipWithoutShared } from '../../support/shared.js'

const DATA: readonly (readonly [folder: string, version: FhirVersion, refused: readonly string[]])[] = [
  ['data/r4-synthea', 'R4', []],
  ['data/r4-us-core', 'R4', []],
  [
    'data/stu3-synthea',
    'STU3',
    // Neither is a code of its system: FHIR has `vital-signs`, and a National Drug Code has three parts.
    [
      'http://hl7.org/fhir/observation-category vital-sign',
      'https://www.accessdata.fda.gov/scripts/cder/ndc 0624',
    ],
  ],
]

for (const [folder, version, expected] of DATA)
  t.test(`${folder}: every code stays`, { skip: skipWithoutShared(folder) }, async (t) => {
    const verdicts = codeVerdicts({ allow: SET_NAMES, grammar: true }, version)
    const refused = new Set<string>()
    let judged = 0
    for (const name of readdirSync(sharedPath(folder)))
      for (const line of sharedLines(`${folder}/${name}`))
        for (const value of codedValues(JSON.parse(line) as Readonly<Record<string, unknown>>, version)) {
          judged++
          if ('element' in value) {
            if (!verdicts.code(value.element, value.value)) refused.add(`${value.element} ${value.value}`)
          } else if (!verdicts.pair(value.system, value.code)) refused.add(`${value.system} ${value.code}`)
        }
    t.ok(judged > 10_000, `${judged} values are judged`)
    t.strictSame([...refused].sort(), expected)
  })
