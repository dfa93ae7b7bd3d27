import t from 'tap'
import { CODES, isSluiceError } from '../../../src/errors.js'
import { RequestFailure } from '../../../src/http/request-failure.js'
import { blobError } from '../../../src/storage/azure/blob-errors.js'

const CASES = [
  [404, 'ContainerNotFound', 'SOURCE_NOT_FOUND', 'SINK_UNUSABLE'],
  [404, 'BlobNotFound', 'SOURCE_CHANGED', 'SINK_UNUSABLE'],
  [412, 'ConditionNotMet', 'SOURCE_CHANGED', 'SINK_UNUSABLE'],
  [412, 'LeaseIdMissing', 'SOURCE_UNREADABLE', 'SINK_LOCKED'],
  [409, 'BlobArchived', 'SOURCE_UNUSABLE', 'SINK_UNUSABLE'],
  [413, 'RequestBodyTooLarge', 'SOURCE_UNUSABLE', 'OUTPUT_TOO_LARGE'],
  [507, 'InsufficientStorage', 'SOURCE_UNUSABLE', 'SINK_FULL'],
  [403, 'AuthorizationFailure', 'SOURCE_DENIED', 'SINK_DENIED'],
  [undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CONNECTION_UNTRUSTED', 'CONNECTION_UNTRUSTED'],
] as const

t.test('a final failure of the service has a code for each role, with what to do', async (t) => {
  const place = 'https://a.blob.core.windows.net/c'
  for (const [status, code, source, sink] of CASES)
    for (const [role, expected] of [
      ['source', source],
      ['sink', sink],
    ] as const) {
      const failure = new RequestFailure({ code, ...(status === undefined ? {} : { status }) })
      const error = blobError(failure, { role, place, identity: 'key' }, { at: 'x', needs: 'read' })
      t.match(error, { code: expected, retry: CODES[expected].retry }, `${status} ${code} as ${role}`)
      t.match(isSluiceError(error) && error.message, /; ./)
    }
})

t.test('what is no failed request stays as it is', async (t) => {
  const error = new TypeError('x')
  t.equal(blobError(error, { role: 'sink', place: '', identity: 'key' }, { at: 'x', needs: 'read' }), error)
})
