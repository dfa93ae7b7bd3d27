import t from 'tap'
import { loadPreset, PRESETS } from './preset.js'

const header = (reference: string, name = 'header'): string =>
  JSON.stringify({ resourceType: 'Parameters', parameter: [{ name, valueReference: { reference } }] })

for (const { name } of PRESETS)
  for (const engine of ['automatic', 'interpreter'] as const)
    t.test(`${name}, ${engine}: the header of a block stays one, and names its resource`, async (t) => {
      const preset = await loadPreset(name, engine)
      const patient = JSON.parse(preset.anonymize('{"resourceType":"Patient","id":"p1","gender":"male"}'))
      for (const reference of ['Patient/p1', 'https://fhir.example.org/r4/Patient/p1'])
        t.same(JSON.parse(preset.anonymize(header(reference))).parameter, [
          { name: 'header', valueReference: { reference: `Patient/${patient.id}` } },
        ])
      const other = [
        { name: 'CANARY SMITH', valueString: 'CANARY' },
        { name: 'header', valueString: 'CANARY', part: [{ name: 'CANARY', valueString: 'CANARY' }] },
        { name: 'Header', valueString: 'CANARY' },
      ]
      const text = preset.anonymize(JSON.stringify({ resourceType: 'Parameters', parameter: other }))
      t.notMatch(text, /CANARY/)
      t.same(JSON.parse(text).parameter, [{ name: 'header' }])
    })
