import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../src/secret.js'

t.test('a secret is given out on request only', async (t) => {
  const secret = new Secret('CANARY')
  t.equal(secret.reveal(), 'CANARY')
  for (const text of [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }),
  ])
    t.notMatch(text, 'CANARY')
})
