import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { SluiceError } from '../../../src/errors.js'
import { startBadServer } from '../../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../../support/export-run.js'

const jwk = (curve: string, kid: string): object => ({
  ...generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'jwk' }),
  kid,
})

const REFUSED: readonly (readonly [
  name: string,
  client: { readonly keys: object; readonly kid?: string },
  algorithms: unknown,
  message: RegExp,
])[] = [
  ['no key that can sign', { keys: jwk('P-256', 'a') }, ['ES384'], /holds no private key for RS384/],
  [
    'a kid that no key has',
    { keys: jwk('P-384', 'a'), kid: 'b' },
    [],
    /no key that can sign has the configured kid/,
  ],
  [
    'an algorithm that no key has',
    { keys: jwk('P-384', 'a') },
    ['RS384', 'PS512', '<b>'],
    /the server accepts only RS384, PS512; no configured key can sign with it/,
  ],
]

t.test(
  'keys that cannot sign for the server are refused with the reason, and nothing is exported',
  async (t) => {
    for (const [name, client, algorithms, message] of REFUSED) {
      const server = await startBadServer(t, {
        files: { Patient: [lines(1, patientLine)] },
        other: ({ url }) =>
          url === '/fhir/.well-known/smart-configuration'
            ? {
                body: JSON.stringify({
                  token_endpoint: '/token',
                  token_endpoint_auth_signing_alg_values_supported: algorithms,
                }),
              }
            : undefined,
      })
      const auth = { type: 'smart', clientId: 'me', ...client } as const
      const error = await exportTo(server, join(t.testdir(), 'out'), { auth, plan: undefined }).then(
        () => undefined,
        (error: SluiceError) => error,
      )
      t.equal(error?.code, 'CONFIG_INVALID', name)
      t.match(error?.message, message, name)
      t.equal(server.count('GET', /export/), 0, name)
    }
  },
)
