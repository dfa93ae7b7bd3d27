import t from 'tap'
import { hashReferenceRelative } from '../../../src/anonymizer/methods/crypto-hash.js'
import { leafMethod, leafOf, RESOURCE_TYPES } from '../../support/leaves.js'

const markId = (text: string): string => `<${text}>`

t.test('a relative hashed reference keeps neither the server nor the version', async (t) => {
  const rows = [
    ['Patient/1', 'Patient/<1>'],
    ['Patient/1/_history/secret', 'Patient/<1>'],
    ['https://host.example/fhir/Patient/1', 'Patient/<1>'],
    ['http://host.example/John.Smith/Observation/5/_history/7', 'Observation/<5>'],
    ['http://a/Patient/Observation/5', 'Observation/<5>'],
    ['http://x/MyPatient/1', 'Patient/<1>'],
    ['http://x/MyRequestGroup/1', 'RequestGroup/<1>'],
    ['#c1', '#<c1>'],
    ['urn:uuid:0F0F0F0F-0f0f-0f0f-0f0f-0f0f0f0f0f0f', 'urn:uuid:<0F0F0F0F-0f0f-0f0f-0f0f-0f0f0f0f0f0f>'],
    ['Patient?identifier=mrn|5', '<Patient?identifier=mrn|5>'],
    ['https://my-host.example/Patient/1', '<https://my-host.example/Patient/1>'],
  ]
  for (const [reference, expected] of rows)
    t.equal(hashReferenceRelative(reference as string, markId, RESOURCE_TYPES), expected)
})

t.test(
  'absoluteReferences decides; by default references stay absolute, as the original leaves them',
  async (t) => {
    const leaf = { ...leafOf('string', 'https://host.example/Patient/1/_history/2'), isReferenceValue: true }
    const valueWith = (absoluteReferences?: 'keep' | 'relative') =>
      leafMethod({ method: 'cryptoHash' }, { cryptoHashKey: 'k', absoluteReferences })(leaf).value
    t.match(valueWith(), /^https:\/\/host\.example\/Patient\/[0-9a-f]{64}\/_history\/2$/)
    t.equal(valueWith('keep'), valueWith())
    t.match(valueWith('relative'), /^Patient\/[0-9a-f]{64}$/)
  },
)
