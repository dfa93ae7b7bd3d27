import t from 'tap'
import { isTlsCode, RequestFailure, requestFailure } from '../../src/http/request-failure.js'

t.test('an error of Node is known by its code and nothing else', async (t) => {
  const error = Object.assign(new Error('GET https://x/?sig=CANARY'), { code: 'ECONNRESET' })
  const failure = requestFailure(error)
  t.match(failure, { code: 'ECONNRESET', message: 'ECONNRESET', isRetryable: true })
  t.notMatch(JSON.stringify({ ...failure, text: String(failure) }), /CANARY/)
  t.equal(requestFailure(failure), failure)
  t.match(requestFailure({ code: 'ABORT_ERR' }), { code: 'ABORTED', isRetryable: false })
  for (const other of [null, undefined, 7, new Error('CANARY')])
    t.match(requestFailure(other), { code: 'WRONG_ANSWER' })
})

t.test('a status decides before the code, and what is said before both', async (t) => {
  t.match(new RequestFailure({ status: 503, code: 'CERT_HAS_EXPIRED' }), {
    isRetryable: true,
    message: '503 CERT_HAS_EXPIRED',
  })
  t.match(new RequestFailure({ status: 400, code: 'ECONNRESET' }), { isRetryable: false })
  t.match(new RequestFailure({ status: 400, code: 'X', isRetryable: true }), { isRetryable: true })
  t.notOk(new RequestFailure({ code: 'CERT_HAS_EXPIRED' }).isRetryable)
  for (const code of ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'])
    t.ok(isTlsCode(code), code)
  for (const code of ['ECONNRESET', 'ENOTFOUND']) t.notOk(isTlsCode(code), code)
})
