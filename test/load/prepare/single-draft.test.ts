import t from 'tap'
import { singleDraft } from '../../../src/load/prepare/single-draft.js'
import { entryOf } from './entries.js'

const observation = (reference: string) => ({
  resourceType: 'Observation',
  id: 'o',
  identifier: [{ system: 'urn:ietf:rfc:3986', value: 'urn:uuid:1' }],
  subject: { reference },
})

t.test('with the method post, a URN in a Bundle may name what has no id yet', async (t) => {
  const kindOf = (method: 'put' | 'post', reference: string, fullUrl?: string): string => {
    const draft = singleDraft(entryOf({ resource: observation(reference), fullUrl }), {
      method,
      keepVersions: false,
    })
    return draft.kind === 'fault' ? draft.code : draft.method
  }
  const fullUrl = 'urn:uuid:2'
  t.equal(kindOf('post', 'urn:uuid:1', fullUrl), 'REFERENCE_WITHOUT_ID')
  t.equal(kindOf('post', 'urn:oid:1.2', fullUrl), 'REFERENCE_WITHOUT_ID')
  t.equal(kindOf('post', 'Patient/1', fullUrl), 'POST')
  t.equal(kindOf('post', 'urn:uuid:1'), 'POST', 'a line of NDJSON is in no Bundle')
  t.equal(kindOf('put', 'urn:uuid:1', fullUrl), 'PUT')
})
