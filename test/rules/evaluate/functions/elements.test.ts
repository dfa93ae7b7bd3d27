// Holds src/rules/evaluate/functions/elements.ts, src/rules/evaluate/functions/clock.ts,
// src/rules/evaluate/elements.ts, src/rules/evaluate/item.ts, src/rules/evaluate/scope.ts.
import t from 'tap'
import { checkEvaluated } from '../../../support/evaluated.js'

t.test('steps: children by name, types by a capital, a start of a name with *', async (t) => {
  checkEvaluated(t, {
    'name.given': 'text Ann, text Bea, text Cleo',
    'Patient.gender': 'text female',
    'Observation.gender': '',
    'name.Resource.count()': 'number 2',
    'contained.Organization.name': 'text Clinic',
    'contained.Patient.name': '',
    multipleBirth: 'number 2',
    multipleBirthInteger: '',
    'name.`fam*`': 'text Nagy, text Nagy',
    'gender.value': '',
    resourceType: '',
  })
})

t.test('children and descendants enter child resources, nodesBy… does not', async (t) => {
  checkEvaluated(t, {
    'name[0].children()': 'text official, text Nagy, text Ann, text Bea',
    "descendants().where($this = 'Clinic').count()": 'number 1',
    "nodesByName('id')": 'text p1',
    "nodesByName('name').count()": 'number 2',
    "nodesByType('Patient').count()": 'number 1',
    "nodesByType('Organization')": '',
    "contained.nodesByName('name')": 'text Clinic',
    'nodesByType(HumanName)': '',
    "gender.nodesByType('code')": 'text female',
    "extension('http://x')": '',
    "name.extension('http://x').value": 'text e',
    "name.extension('http://y')": '',
  })
})

t.test('types are compared by name, without inheritance', async (t) => {
  checkEvaluated(t, {
    'gender is code': 'boolean true',
    'gender is string': 'boolean false',
    'gender is FHIR.code': 'boolean true',
    'gender is System.code': 'boolean false',
    "'a' is String": 'boolean true',
    "'a' is System.String": 'boolean true',
    "'a' is FHIR.String": 'boolean false',
    'link is string': '',
    'name is HumanName': 'boolean false',
    'name[0].is(HumanName)': 'boolean true',
    '(gender | birthDate).ofType(date)': 'date 1990-05-01',
    '(gender | birthDate).as(code)': 'text female',
    'gender | birthDate as code': 'text female',
  })
})

t.test('variables and the clock', async (t) => {
  checkEvaluated(t, {
    '%resource.gender': 'text female',
    '%context.gender': 'text female',
    '%rootResource.gender': 'text female',
    '%loinc': 'text http://loinc.org',
    '%`vs-x`': 'text http://hl7.org/fhir/ValueSet/x',
    '%unknown': 'failed',
    'today()': 'date 2026-11-21',
    'now()': 'date 2026-11-21T00:00:00Z',
    'timeOfDay()': 'date 00:00:00',
    'name.timeOfDay()': 'date 00:00:00',
    'birthDate < today()': 'boolean true',
  })
})
