import t from 'tap'
import { checkSas } from '../../../src/storage/azure/sas-facts.js'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const PLACE = 'https://acct.blob.core.windows.net/data'
const check = (query: string) => checkSas(query, PLACE, NOW)

t.test('a SAS says what it permits, until when, and whether it is for the account', async (t) => {
  t.same(check('sv=2023-11-03&sr=c&sp=rl&se=2026-11-22&sig=x'), {
    permissions: 'rl',
    expiresAt: '2026-11-22T00:00:00.000Z',
    isAccountSas: false,
  })
  t.same(check('sv=2023-11-03&ss=b&srt=co&sp=r&se=2026-11-22T01%3A00%3A00Z&sig=x'), {
    permissions: 'r',
    expiresAt: '2026-11-22T01:00:00.000Z',
    isAccountSas: true,
  })
  t.match(check('sv=2023-11-03&si=policy&sig=x'), { permissions: undefined, expiresAt: undefined })
})

const REFUSED: readonly (readonly [name: string, query: string, message: RegExp])[] = [
  ['no signature', 'sv=2023-11-03&sp=r', /SAS/],
  ['no version', 'sig=c2VjcmV0', /SAS/],
  ['a search', 'a=b', /SAS/],
  ['an expired one', 'sv=1&sig=c2VjcmV0&se=2026-11-21T12%3A00%3A00Z', /expired at 2026-11-21T12:00:00.000Z/],
  ['one that begins later', 'sv=1&sig=c2VjcmV0&st=2026-11-21T12%3A16%3A00Z', /2026-11-21T12:16:00.000Z/],
]

t.test('what cannot be used is refused with the place, and never repeated', async (t) => {
  for (const [name, query, message] of REFUSED)
    try {
      check(query)
      t.fail(name)
    } catch (error) {
      t.match(error, { code: 'USAGE', at: PLACE, message }, name)
      t.notMatch(`${error}${JSON.stringify(error)}`, /c2VjcmV0/, name)
    }
  t.ok(check('sv=1&sig=x&st=2026-11-21T12%3A14%3A00Z'), 'clocks may differ by a quarter of an hour')
  t.match(check('sv=1&sig=x&se=never'), { expiresAt: '(no date)' })
})
