import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Secret } from '../../src/secret.js'
import { type Sas, signSas } from '../../src/share/sas.js'
import type { DelegationKey } from '../../src/storage/azure/azure-account.js'
import { firstOf } from '../support/elements.js'
import { projectRoot } from '../support/shared.js'

interface Recorded {
  readonly accountKey: string
  readonly delegationKey: Omit<DelegationKey, 'value'> & { readonly value: string }
  readonly links: readonly {
    readonly signer: 'key' | 'delegation'
    readonly sas: Sas
    readonly query: string
  }[]
}

// With fixed keys and times, by an implementation of the strings to sign that owes nothing to the library.
const recorded: Recorded = JSON.parse(
  readFileSync(join(projectRoot, 'test/fixtures/share/signed-links.json'), 'utf8'),
)
const KEY = { kind: 'key', key: new Secret(recorded.accountKey) } as const
const DELEGATION = {
  kind: 'delegation',
  key: { ...recorded.delegationKey, value: new Secret(recorded.delegationKey.value) },
} as const

/** The service reads the fields in any order; each is compared as it is encoded. */
const fieldsOf = (query: string): readonly string[] => query.split('&').sort()

t.test('recorded links are signed again with the same fields and the same signature', async (t) => {
  t.ok(recorded.links.length > 150, `${recorded.links.length} links`)
  for (const { signer, sas, query } of recorded.links) {
    const signed = signSas(sas, signer === 'key' ? KEY : DELEGATION)
    t.same(fieldsOf(signed.reveal()), fieldsOf(query), `${signer} ${JSON.stringify(sas)}`)
  }
})

t.test('a link is a secret until it is revealed', async (t) => {
  const signed = signSas(firstOf(recorded.links).sas, KEY)
  t.equal(`${signed}`, '(secret)')
})
