import t from 'tap'
import { enginesFor, outputOf } from '../../support/rules.js'

t.test('keep leaves a value without a label and protects it from later rules', async (t) => {
  const patient = { resourceType: 'Patient', id: 'p', gender: 'female', name: [{ family: 'x' }] }
  for (const engine of enginesFor([
    { path: 'Patient.gender', method: 'Keep' },
    { path: 'Patient.id', method: 'keep' },
    { path: 'Patient', method: 'redact' },
  ])) {
    const { gender, id, name } = outputOf(engine.run(JSON.stringify(patient))) as Readonly<
      Record<string, unknown>
    >
    t.same({ gender, id, name }, { gender: 'female', id: 'p', name: undefined })
  }
})

t.test('a line of which everything is kept comes out byte for byte', async (t) => {
  const line = '{"resourceType":"Patient","id":"p","birthDate":"1950-01-02","multipleBirthInteger":2}'
  for (const engine of enginesFor([{ path: 'Resource', method: 'keep' }])) {
    const outcome = engine.run(line)
    t.equal(outcome.ok && outcome.latin1, line)
  }
})
