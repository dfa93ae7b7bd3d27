import t from 'tap'
import { lintConfig } from '../../../../src/config/anonymizer/lint-config.js'

const hash = (path: string) => ({ path, method: 'cryptoHash' })
const REFERENCES = hash("nodesByType('Reference').reference")

/** The numbers of the rules that break links. */
const breaking = (rules: readonly object[], parameters: object = {}): number[] =>
  lintConfig({ fhirVersion: 'R4', fhirPathRules: rules, parameters: { cryptoHashKey: 'k', ...parameters } })
    .filter(({ code }) => code === 'bundle-links-break')
    .map(({ rule }) => rule ?? 0)

t.test('lint names the rule that parts addresses in a Bundle from hashed references', async (t) => {
  const rows = [
    hash('Bundle.entry.fullUrl'),
    hash('Bundle.entry.request.url'),
    hash('Bundle.entry.request.ifNoneExist'),
    hash('Bundle.entry.response.location'),
    hash("nodesByType('uri')"),
    hash("nodesByName('fullUrl')"),
  ]
  for (const rule of rows) {
    t.same(breaking([REFERENCES, rule]), [2], rule.path)
    t.same(breaking([REFERENCES, rule], { urls: 'references' }), [], `${rule.path}, with urls`)
    t.same(breaking([rule]), [], `${rule.path}, without hashed references`)
  }
})

t.test('lint names the rule that takes fullUrl away', async (t) => {
  const paths = ['Bundle.entry.fullUrl', "nodesByName('fullUrl')", 'Bundle.entry', 'Resource']
  for (const path of paths)
    for (const urls of ['whole', 'references']) {
      t.same(breaking([REFERENCES, { path, method: 'redact' }], { urls }), [2], path)
      const first = [hash('Bundle.entry.fullUrl'), REFERENCES, { path, method: 'redact' }]
      t.same(breaking(first, { urls: 'references' }), [], `${path}, after a rule for fullUrl`)
    }
  t.same(breaking([REFERENCES, { path: 'Bundle.entry.fullUrl', method: 'keep' }]), [])
})
