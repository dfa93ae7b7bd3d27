import { join } from 'node:path'
import t from 'tap'
import { readConfigFile } from '../../src/config/anonymizer/configuration-file.js'
import { supportedBy } from '../../src/config/anonymizer/lint-config.js'
import type { Claim } from '../../src/rules/explain/claim-reason.js'
import { mayState } from '../../src/rules/explain/supported-claim.js'
import { projectRoot } from '../support/shared.js'

/** What the presets must support. */
const CLAIMS: Readonly<Record<string, Claim>> = {
  'safe-harbor-r4': 'safe-harbor',
  'safe-harbor-r5': 'safe-harbor',
  'safe-harbor-stu3': 'safe-harbor',
  'research-r4': 'expert-determination',
  'research-r5': 'expert-determination',
  'limited-data-set-r4': 'limited-data-set',
}

for (const [name, claim] of Object.entries(CLAIMS))
  t.test(`${name} supports the claim ${claim}`, async (t) => {
    const supports = supportedBy(await readConfigFile(join(projectRoot, 'configs', `${name}.json`)))
    const against = supports?.reasons.filter((reason) => !mayState(claim, reason.claim))
    t.strictSame(against, [])
  })
