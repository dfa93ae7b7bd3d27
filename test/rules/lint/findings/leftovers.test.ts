import t from 'tap'
import { lintConfig } from '../../../../src/config/anonymizer/lint-config.js'
import { firstOf } from '../../../support/elements.js'

const codesOf = (rules: readonly object[], parameters: object = {}): string[] =>
  lintConfig({ fhirVersion: 'R4', fhirPathRules: rules, parameters }).map(
    ({ code, severity }) => `${severity} ${code}`,
  )
const redact = (path: string) => ({ path, method: 'redact' })

t.test('a redact that leaves resources is a problem', async (t) => {
  const paths = [
    'Bundle.entry',
    'Bundle.entry.response',
    'Bundle.entry.resource',
    'Parameters.parameter',
    'Parameters.parameter.part',
    'Patient.contained',
    'DomainResource.contained',
    "nodesByName('contained')",
    "nodesByName('entry')",
    "nodesByType('Observation')",
    'Patient.contained | Patient.name',
  ]
  for (const path of paths) {
    t.ok(codesOf([redact(path)]).includes('problem leaves-resources'), path)
    t.notOk(codesOf([{ path, method: 'remove' }]).includes('problem leaves-resources'), `remove ${path}`)
  }
})

t.test('a redact that leaves no resource is no problem', async (t) => {
  const rows = [
    [redact('Bundle.entry.fullUrl')],
    [redact('Bundle.entry.request')],
    [redact('Patient')],
    [redact('Resource')],
    [redact("nodesByType('BackboneElement')")],
    [redact('Bundle.entry'), redact('Resource')],
  ]
  for (const rules of rows) t.notOk(codesOf(rules).includes('problem leaves-resources'), firstOf(rules).path)
})

t.test('a remove of the resource itself is a problem', async (t) => {
  for (const path of ['Patient', 'Resource', 'Patient.where(active = false)'])
    t.ok(codesOf([{ path, method: 'remove' }]).includes('problem fails'), path)
  for (const path of ['Patient.name', 'Bundle.entry', "nodesByType('Patient')", 'Patient.contained'])
    t.notOk(codesOf([{ path, method: 'remove' }]).includes('problem fails'), path)
})

const PARTS = [
  'enablePartialDatesForRedact',
  'enablePartialAgesForRedact',
  'enablePartialZipCodesForRedact',
] as const

t.test('an extension that can be left without url is a warning', async (t) => {
  const finding = 'warning extension-without-url'
  for (const path of ["nodesByType('Extension')", 'Patient.extension', 'Patient.birthDate.extension'])
    for (const part of PARTS) t.ok(codesOf([redact(path)], { [part]: true }).includes(finding), path)
  for (const path of ["nodesByType('uri')", "nodesByType('Extension').url", 'Patient.extension.url'])
    t.ok(codesOf([redact(path)]).includes(finding), path)
  t.notOk(codesOf([redact("nodesByType('Extension')")]).includes(finding), 'nothing of it is left')
  t.notOk(codesOf([redact('Patient.name.family')], { [PARTS[0]]: true }).includes(finding))
  const noDates = ['date', 'dateTime', 'instant'].map((type) => ({
    path: `nodesByType('Extension').value.ofType(${type})`,
    method: 'remove',
  }))
  const rules = [...noDates, redact("nodesByType('Extension')")]
  t.notOk(codesOf(rules, { [PARTS[0]]: true }).includes(finding), 'earlier rules take all dates')
  t.ok(codesOf(rules.slice(1), { [PARTS[0]]: true }).includes(finding), 'earlier rules take some dates')
  const earlier = [{ path: "nodesByType('Extension')", method: 'remove' }, redact("nodesByType('uri')")]
  t.notOk(codesOf(earlier, { [PARTS[0]]: true }).includes(finding), 'an earlier rule takes them')
})
