import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { scopeFor } from '../../../src/fhir-client/auth/scopes.js'
import { startBadServer } from '../../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../../support/export-run.js'

/** Tells numbers apart in letters. */
const letters = (n: number): string => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('')

interface Case {
  readonly supported?: readonly unknown[]
  readonly isV2?: boolean
  readonly types?: readonly string[]
  readonly scope: string
}

const CASES: Readonly<Record<string, Case>> = {
  'nothing listed': { scope: 'system/*.read' },
  'nothing listed, SMART 2': { isV2: true, scope: 'system/*.rs' },
  'SMART 1 only': { supported: ['system/*.read'], isV2: true, scope: 'system/*.read' },
  'SMART 2 only': { supported: ['openid', 'system/*.rs'], scope: 'system/*.rs' },
  'both, SMART 1 by its capabilities': {
    supported: ['system/*.rs', 'system/*.read'],
    scope: 'system/*.read',
  },
  both: { supported: ['system/*.read', 'system/*.rs'], isV2: true, scope: 'system/*.rs' },
  'all rights of SMART 1': { supported: ['system/*.*'], scope: 'system/*.read' },
  'all rights of SMART 2': { supported: ['system/*.cruds'], scope: 'system/*.rs' },
  'read without search': { supported: ['system/*.r'], scope: 'system/*.read' },
  'types, of which some are asked for': {
    supported: ['system/Patient.rs', 'system/Observation.rs', 'system/Claim.rs'],
    types: ['Observation', 'Patient', 'Device'],
    scope: 'system/Observation.rs system/Patient.rs',
  },
  'types, of which all are asked for': {
    supported: ['system/Patient.read', 'system/Observation.read', 'patient/Claim.read', 'system/Claim.write'],
    scope: 'system/Patient.read system/Observation.read',
  },
  'types twice, in both versions': {
    supported: ['system/Patient.read', 'system/Patient.rs', 'system/Patient.rs'],
    isV2: true,
    scope: 'system/Patient.rs',
  },
  'types and all': {
    supported: ['system/Patient.rs', 'system/*.rs'],
    types: ['Patient'],
    scope: 'system/*.rs',
  },
  'only types that are not asked for': {
    supported: ['system/Patient.rs'],
    types: ['Device'],
    scope: 'system/*.read',
  },
  'scopes with queries and others': {
    supported: ['system/Observation.rs?category=laboratory', 'user/*.rs', 'launch', ''],
    isV2: true,
    scope: 'system/*.rs',
  },
  'ten thousand types': {
    supported: Array.from({ length: 10_000 }, (_, n) => `system/T${letters(n)}.rs`),
    scope: 'system/*.rs',
  },
  'what is no list of texts': { supported: [7, null, {}, ['system/*.rs']], scope: 'system/*.read' },
}

for (const [name, { supported, isV2 = false, types = [], scope }] of Object.entries(CASES)) {
  const WRITING: Readonly<Record<string, Case>> = {
    'nothing listed': { scope: 'system/*.read system/*.write' },
    'nothing listed, SMART 2': { isV2: true, scope: 'system/*.cruds' },
    'all rights of SMART 1': { supported: ['system/*.*', 'system/*.read'], isV2: true, scope: 'system/*.*' },
    'reading and writing apart': {
      supported: ['system/*.write', 'system/*.read'],
      isV2: true,
      scope: 'system/*.read system/*.write',
    },
    'SMART 2 only': { supported: ['system/*.cruds'], scope: 'system/*.cruds' },
    'SMART 2 and 1': {
      supported: ['system/*.read', 'system/*.write', 'system/*.cruds'],
      isV2: true,
      scope: 'system/*.cruds',
    },
  }

  t.test('a client that writes asks for the rights to write and to search', async (t) => {
    for (const [name, { supported = [], isV2 = false, scope }] of Object.entries(WRITING)) {
      const texts = supported.filter((text) => typeof text === 'string')
      t.equal(scopeFor({ supported: texts, isV2 }, { access: 'write', types: [] }), scope, name)
    }
  })

  t.test(`${name}: ${scope}`, async (t) => {
    const texts = (supported ?? []).filter((one) => typeof one === 'string')
    t.equal(scopeFor({ supported: texts, isV2 }, { access: 'read', types }), scope)
  })

  t.test(`${name}: ${scope}, at the token endpoint`, async (t) => {
    const server = await startBadServer(t, {
      files: { Patient: [lines(1, patientLine)] },
      token: () => ({ body: JSON.stringify({ access_token: 'token', expires_in: 300 }) }),
      other: ({ url }) =>
        url.endsWith('smart-configuration')
          ? {
              body: JSON.stringify({
                token_endpoint: `${server.origin}/token`,
                scopes_supported: supported,
                capabilities: isV2 ? ['permission-v2'] : [],
              }),
            }
          : undefined,
    })
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' })
    const asked = async (given?: string): Promise<string | null> => {
      const parameters = types.map((type) => ['_type', type] as const)
      await exportTo(server, join(t.testdir(), given === undefined ? 'default' : 'given'), {
        auth: { type: 'smart', clientId: 'me', keys, scope: given },
        request: { level: 'system', parameters },
        plan: undefined,
      })
      const form = server.asked.findLast(({ url }) => url === '/token')?.body
      return new URLSearchParams(form).get('scope')
    }
    t.equal(await asked(), scope)
    t.equal(await asked('system/Group.rs'), 'system/Group.rs', 'the one of the file goes first')
  })
}
