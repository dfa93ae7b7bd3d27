import t from 'tap'
import { checkConfig } from '../../../src/config/anonymizer/configuration.js'
import { withKeys, withTestKeys } from '../../../src/config/anonymizer/given-keys.js'

t.test('keys that are given replace those of the configuration, however it spells them', async (t) => {
  t.strictSame(
    withKeys({ Parameters: { CRYPTOHASHKEY: 'a', dateShiftScope: 'file' } }, { cryptoHashKey: 'b' }),
    {
      Parameters: { dateShiftScope: 'file', cryptoHashKey: 'b' },
    },
  )
  t.strictSame(withKeys({ a: 1 }, {}), { a: 1 })
  t.equal(withKeys('no object', { cryptoHashKey: 'b' }), 'no object')
})

t.test('with the test keys a configuration needs no secret, and none of its own is left', async (t) => {
  const rules = ['cryptoHash', 'dateShift', 'encrypt'].map((method) => ({
    path: 'Patient.birthDate',
    method,
  }))
  const raw = {
    fhirVersion: 'R4',
    fhirPathRules: [...rules, { path: 'Patient.multipleBirth', method: 'perturb', span: 1 }],
    parameters: { cryptoHashKey: 'CANARY', dateShiftKey: { random: true }, encryptKey: { env: 'NOT_SET' } },
  }
  const { spec, randomKeys } = checkConfig(withTestKeys(raw))
  t.strictSame(randomKeys, [])
  t.notMatch(JSON.stringify(spec), 'CANARY')
  const { cryptoHashKey, dateShiftKey, encryptKey, perturbKey } = spec.parameters
  const keys = [cryptoHashKey, dateShiftKey, encryptKey, perturbKey]
  t.equal(new Set(keys).size, 4)
  t.equal(keys.includes(undefined), false)
})
