import t from 'tap'
import { isAtOrBelow, parseValuePath, type ValuePath, valuesAt } from '../../src/config-tests/value-path.js'

function path(text: string): ValuePath {
  const parsed = parseValuePath(text, 'R4')
  if (typeof parsed === 'string') throw new Error(`${text} ${parsed}`)
  return parsed
}

t.test('a path selects its element and what is below it, at all indices or at one', async (t) => {
  for (const [written, place, is] of [
    ['Patient.name', 'name[1].given[0]', true],
    ['Patient.name[1]', 'name[1].given[0]', true],
    ['Patient.name[0]', 'name[1].given[0]', false],
    ['Patient.name.given[0]', 'name[1].given[0]', true],
    ['Patient.birthDate[0]', 'birthDate', true],
    ['Patient.birthDate[1]', 'birthDate', false],
    ['Patient.name.family', 'name[1].given[0]', false],
    ['Patient.name.given.extension', 'name[1].given[0]', false],
    ['Patient._birthDate.extension', 'birthDate.extension[0].url', true],
    ['Observation.value', 'valueQuantity.unit', true],
    ['Observation.valueQuantity', 'valueString', false],
    ['Bundle.entry.resource.name.family', 'entry[3].resource.name[0].family', true],
    ['Patient', 'gender', true],
  ] as const)
    t.equal(isAtOrBelow(place, path(written)), is, `${written}: ${place}`)
  t.equal(path('Patient[2].id').at, 2)
  t.equal(path('Patient.id').at, undefined)
})

t.test('a wrong path is told from a right one, with what to write', async (t) => {
  for (const [written, message] of [
    ['Patient.nmae', /names the element "nmae", which is not there; did you mean "name"\?/],
    ['Patint.name', /does not begin with a resource type of R4; did you mean "Patient"\?/],
    ['Patient..id', /is not a path/],
    ['Patient.name.where(use = "x")', /is not a path/],
    ['', /is not a path/],
    ['Patient.name.family.given', /names the element "given"/],
  ] as const)
    t.match(parseValuePath(written, 'R4'), message, written)
  t.match(parseValuePath('ActorDefinition.id', 'R4'), /resource type of R4/)
  t.type(parseValuePath('ActorDefinition.id', 'R5'), 'object')
})

t.test('values of an output are found by the same paths', async (t) => {
  const output = {
    resourceType: 'Patient',
    meta: { security: [{ code: 'A' }, { code: 'B' }] },
    name: [{ given: ['x', null] }, { given: ['y'] }],
  }
  t.strictSame(valuesAt(output, path('Patient.meta.security.code')), ['A', 'B'])
  t.strictSame(valuesAt(output, path('Patient.meta.security[1].code')), ['B'])
  t.strictSame(valuesAt(output, path('Patient.name')), ['x', 'y'])
  t.strictSame(valuesAt(output, path('Patient.birthDate')), [])
})
