import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkConfig } from '../../../src/config/anonymizer/configuration.js'
import { planOf } from '../../../src/config/anonymizer/plan.js'
import {
  parseByteCount,
  parseCountOrShare,
  printByteCount,
  printCount,
} from '../../../src/config/units/sizes.js'

const ONE = 'hash: walnut, tundra, 9 lamps'
const MINE = 'mine: cobalt, 3 gardens, quiet'
const TWO = 'shift: pelican, ember, 4 rivers'

const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: 'Patient.multipleBirth', method: 'perturb', span: 2 },
]
const config = (parameters: object, rules: readonly object[] = RULES) =>
  checkConfig({ fhirVersion: 'R4', fhirPathRules: rules, parameters })

t.test('the fingerprint follows everything that decides the output, and nothing else', async (t) => {
  const same = planOf(config({ cryptoHashKey: ONE })).fingerprint
  t.equal(planOf(config({ cryptoHashKey: ONE })).fingerprint, same)
  const others = [
    planOf(config({ cryptoHashKey: TWO })),
    planOf(config({ cryptoHashKey: ONE }, RULES.toReversed())),
    planOf(config({ cryptoHashKey: ONE, enablePartialDatesForRedact: true })),
    planOf(config({ cryptoHashKey: ONE }), '2026-11-21'),
    planOf(config({ cryptoHashKey: { random: true } })),
  ].map((plan) => plan.fingerprint)
  t.equal(new Set([same, ...others]).size, 6)
})

t.test('a changed custom method is another configuration', async (t) => {
  const baseFolder = t.testdir({ 'mask.js': 'export default () => ({ json: null })' })
  const raw = { fhirVersion: 'R4', fhirPathRules: [], customMethods: { mask: 'mask.js' } }
  const before = planOf(checkConfig(raw, { baseFolder })).fingerprint
  writeFileSync(join(baseFolder, 'mask.js'), 'export default () => ({ json: 1 })')
  t.not(planOf(checkConfig(raw, { baseFolder })).fingerprint, before)
})

t.test('random keys differ from run to run and come back from the secrets of their run', async (t) => {
  const plan = planOf(config({ cryptoHashKey: { random: true } }))
  const secrets = plan.newRunSecrets()
  t.match(secrets.keys.cryptoHashKey, /^[0-9a-f]{32}$/)
  t.not(plan.newRunSecrets().keys.cryptoHashKey, secrets.keys.cryptoHashKey)
  const copy = JSON.parse(JSON.stringify(secrets)) as typeof secrets
  t.same(plan.settle(copy), plan.settle(secrets))
  t.equal(plan.settle(secrets).parameters.cryptoHashKey, secrets.keys.cryptoHashKey)
})

t.test('perturbKey is derived from the other keys, unless it is given', async (t) => {
  const keyOf = (parameters: object) => {
    const plan = planOf(config(parameters))
    return plan.settle(plan.newRunSecrets()).parameters.perturbKey
  }
  t.match(keyOf({ cryptoHashKey: ONE }), /^[0-9a-f]{64}$/)
  t.equal(keyOf({ cryptoHashKey: ONE }), keyOf({ cryptoHashKey: ONE }))
  t.not(keyOf({ cryptoHashKey: ONE }), keyOf({ cryptoHashKey: TWO }))
  t.equal(keyOf({ cryptoHashKey: ONE, perturbKey: MINE }), MINE)
})

t.test('the reference day is the one asked for, otherwise the day the run begins', async (t) => {
  const checked = config({ cryptoHashKey: ONE })
  t.equal(planOf(checked, '2026-11-21').newRunSecrets().asOf, '2026-11-21')
  t.match(planOf(checked).newRunSecrets().asOf, /^\d{4}-\d\d-\d\d$/)
})

t.test('sizes are read with their units and nothing else is taken for one', async (t) => {
  t.equal(parseByteCount('512MiB'), 512 * 2 ** 20)
  t.equal(parseByteCount('1.5 GB'), 1.5e9)
  t.equal(parseByteCount('64m'), 64 * 2 ** 20)
  t.equal(parseByteCount('4096'), 4096)
  for (const text of ['', '-1', '0', '1e9', 'x', '5 apples', 'NaN', '9'.repeat(20)])
    t.equal(parseByteCount(text), undefined, text)
  t.equal(printByteCount(512 * 2 ** 20), '512.0 MiB')
  t.equal(printByteCount(7), '7 B')
  t.same([0, 999, 1000, 1234567].map(printCount), ['0', '999', '1,000', '1,234,567'])
  t.same(parseCountOrShare('25'), { count: 25 })
  t.same(parseCountOrShare('0.5%'), { percent: 0.5 })
  for (const text of ['-1', '101%', '1.5', 'x']) t.equal(parseCountOrShare(text), undefined, text)
})
