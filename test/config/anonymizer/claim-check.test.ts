// Holds src/config/anonymizer/claim-check.ts, src/rules/explain/supported-claim.ts, src/rules/explain/claim-reason.ts,
// src/rules/explain/bound-path.ts, src/rules/explain/kinds.ts, src/rules/explain/quiet-fates.ts.
import t from 'tap'
import { claimText } from '../../../src/config/anonymizer/claim-check.js'
import { checkConfig } from '../../../src/config/anonymizer/configuration.js'
import { lintConfig, supportedBy } from '../../../src/config/anonymizer/lint-config.js'

type Rule = Readonly<Record<string, unknown>>

/** Removes what stands beside values, then does what the rules say, and removes the rest. */
const config = (rules: readonly Rule[], parameters: object = {}) => ({
  fhirVersion: 'R4',
  fhirPathRules: [
    ...['date', 'string', 'code', 'uri', 'decimal', 'integer'].flatMap((type) => [
      { path: `nodesByType('${type}').extension`, method: 'remove' },
      { path: `nodesByType('${type}').id`, method: 'remove' },
    ]),
    ...rules,
    { path: 'Resource', method: 'redact' },
  ],
  parameters,
})
const keep = (path: string): Rule => ({ path, method: 'keep' })
const RANDOM = { cryptoHashKey: { random: true } }
const KEY = { cryptoHashKey: 'a key that nobody guesses, of 40 characters' }
const SHIFT = { dateShiftKey: 'another key that nobody guesses, of 40 ch' }
const ENCRYPT = { encryptKey: 'k3Jq8ZpW1vXs5TnR' }

const CASES: readonly (readonly [claim: string, why: RegExp, rules: readonly Rule[], parameters?: object])[] =
  [
    ['safe-harbor', /^$/, []],
    [
      'safe-harbor',
      /^$/,
      [{ path: "nodesByType('date')", method: 'redact' }],
      { enablePartialDatesForRedact: true },
    ],
    ['safe-harbor', /^$/, [{ path: 'Resource.id', method: 'cryptoHash' }], RANDOM],
    ['expert-determination', /hashes with a key/, [{ path: 'Resource.id', method: 'cryptoHash' }], KEY],
    ['expert-determination', /shifts dates/, [{ path: "nodesByType('date')", method: 'dateShift' }], SHIFT],
    ['expert-determination', /encrypts/, [{ path: 'Patient.gender', method: 'encrypt' }], ENCRYPT],
    ['expert-determination', /codes of any system/, [keep('Condition.code.coding.code')]],
    ['expert-determination', /measured values/, [keep('Observation.value.ofType(Quantity).value')]],
    ['safe-harbor', /^$/, [keep("Observation.value.ofType(Quantity).where(code != 'a').value")]],
    ['expert-determination', /ages/, [keep('Condition.onset.ofType(Age).value')]],
    ['expert-determination', /states/, [keep('Patient.address.state')]],
    [
      'expert-determination',
      /three digits/,
      [{ path: "nodesByType('Address').postalCode", method: 'redact' }],
      { enablePartialZipCodesForRedact: true, restrictedZipCodeTabulationAreas: ['036'] },
    ],
    ['limited-data-set', /full dates/, [keep('Patient.birthDate')]],
    ['limited-data-set', /ZIP codes/, [keep('Patient.address.postalCode')]],
    [
      'limited-data-set',
      /more of a date than its year/,
      [
        {
          path: 'Patient.birthDate',
          method: 'generalize',
          cases: { true: '$this.toString().substring(0, 7)' },
        },
      ],
    ],
    ['none', /names/, [keep('Patient.name.family')]],
    ['none', /street/, [keep('Patient.address.line')]],
    ['none', /identifiers/, [keep('Patient.identifier.value')]],
    ['none', /free texts/, [keep('Condition.note.text')]],
    ['none', /free texts/, [{ path: 'Condition.note.text', method: 'generalize', cases: { true: '$this' } }]],
    ['safe-harbor', /^$/, [keep("Parameters.parameter.where(name = 'header').name")]],
    [
      'safe-harbor',
      /^$/,
      [
        { path: "Patient.extension.where(url = 'race').value.ofType(boolean).extension", method: 'remove' },
        { path: "Patient.extension.where(url = 'race').value.ofType(boolean).id", method: 'remove' },
        keep("Patient.extension.where(url = 'race').value.ofType(boolean)"),
      ],
    ],
    [
      'none',
      /free texts/,
      [
        { path: "Patient.extension.where(url = 'sex').value.ofType(boolean).extension", method: 'remove' },
        keep("Patient.extension.where(url = 'race').value.ofType(boolean)"),
      ],
    ],
    // What stands beside a value that is kept stays with it, and may hold anything.
    ['none', /free texts/, [keep('Patient.multipleBirth.ofType(boolean)')]],
  ]

for (const [claim, why, rules, parameters] of CASES)
  t.test(`supports at most ${claim}: ${rules.map(({ path, method }) => `${method} ${path}`)}`, async (t) => {
    const supports = supportedBy(config(rules, parameters), { allowWeakKeys: true })
    t.equal(supports?.atMost, claim)
    const first = supports?.reasons.filter((reason) => reason.claim === claim).map((reason) => reason.why)
    t.match(first?.join(', ') ?? 'none', why)
  })

t.test('listed code systems allow codes, as far as Sluice can check them', async (t) => {
  const rules = [
    keep('Condition.code.coding.code'),
    keep('Condition.code.coding.system'),
    keep('Patient.gender'),
  ]
  const supports = (codeSystems: object) =>
    supportedBy({ ...config(rules), codeSystems }, { allowWeakKeys: true })?.atMost
  t.equal(supports({ allow: ['loinc', 'snomed-ct'], grammar: true }), 'safe-harbor')
  t.equal(supports({ allow: ['loinc', 'http://example.org/own'], grammar: true }), 'expert-determination')
  t.equal(supports({ allow: ['loinc'], grammar: false }), 'expert-determination')
})

t.test('a stated claim that the rules do not support is a problem with its reasons', async (t) => {
  const stated = { ...config([keep('Patient.birthDate')]), claim: 'safe-harbor' }
  const [problem] = lintConfig(stated).filter(({ severity }) => severity === 'problem')
  t.match(problem, { code: 'claim-unsupported', path: 'claim' })
  t.match(problem?.message, /at most limited-data-set: rule 13: keeps full dates \(Patient\.birthDate\)/)
  t.throws(() => checkConfig(stated), { code: 'CONFIG_INVALID' })
  t.ok(checkConfig({ ...stated, claim: 'limited-data-set' }))
  t.ok(checkConfig({ ...stated, claim: 'none' }))
})

t.test('a configuration that says nothing of any element supports nothing', async (t) => {
  const supports = supportedBy({ fhirVersion: 'R4', fhirPathRules: [] })
  t.equal(supports?.atMost, 'none')
  t.ok((supports?.reasons.length ?? 0) >= 8)
  const text = supports === undefined ? [] : claimText(supports)
  t.match(text[0], /^supports at most the claim none, because:$/)
  t.match(text[1], /what no rule reaches keeps/)
})

t.test('what is wrong with the rules hides what they support', async (t) => {
  t.equal(supportedBy(config([{ path: 'Patient..name', method: 'keep' }])), undefined)
})
