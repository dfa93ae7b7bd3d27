// Holds src/pipeline/checkpoint/run-secrets.ts, src/pipeline/checkpoint/ownership.ts, src/pipeline/plan.ts.

import t from 'tap'
import { markOf, ownerOf } from '../../../src/pipeline/checkpoint/ownership.js'
import { destroySecrets, digestOf, openSecrets } from '../../../src/pipeline/checkpoint/run-secrets.js'
import { type AnonymizerPlan, forDeletions } from '../../../src/pipeline/plan.js'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'

let made = 0
const planOf = (fingerprint: string): AnonymizerPlan => ({
  fingerprint,
  newRunSecrets: () => ({ asOf: '2026-11-21', keys: { cryptoHashKey: `key ${++made}` } }),
  settle: () => {
    throw new Error('not needed')
  },
})

const newState = () => memorySink(new MemoryContent()).state

t.test(
  'an incomplete run of the same configuration keeps its secrets, another one gets new ones',
  async (t) => {
    const state = newState()
    const first = await openSecrets(state, planOf('a'))
    t.equal(first.resumed, false)
    t.same(await openSecrets(state, planOf('a')), { ...first, resumed: true })
    const other = await openSecrets(state, planOf('b'))
    t.equal(other.resumed, false)
    t.not(digestOf(other.secrets), digestOf(first.secrets))
    t.equal((await openSecrets(state, planOf('a'))).resumed, false, 'the earlier ones are gone')
  },
)

t.test('the secrets of a complete run are destroyed, and torn ones are made anew', async (t) => {
  const state = newState()
  await openSecrets(state, planOf('a'))
  await destroySecrets(state)
  t.equal((await openSecrets(state, planOf('a'))).resumed, false)
  for (const torn of ['', '{"fingerprint":"a","sec', '[]', '{"fingerprint":"a"}']) {
    await state.write('run-secrets.json', torn)
    t.equal((await openSecrets(state, planOf('a'))).resumed, false, torn)
  }
})

t.test('a digest depends on the day and on every key, not on their order', async (t) => {
  const secrets = { asOf: '2026-11-21', keys: { a: '1', b: '2' } }
  t.equal(digestOf(secrets), digestOf({ ...secrets, keys: { b: '2', a: '1' } }))
  const others = [
    { ...secrets, asOf: '2026-11-22' },
    { ...secrets, keys: { a: '1', b: '3' } },
    { ...secrets, keys: {} },
  ]
  t.equal(new Set([secrets, ...others].map(digestOf)).size, 4)
})

t.test('a state has one owner; marks differ by owner, place and output', async (t) => {
  const state = newState()
  const owner = await ownerOf(state)
  t.equal(await ownerOf(state), owner)
  t.not(await ownerOf(newState()), owner)
  const marks = [
    markOf(owner, 'p', 'a'),
    markOf(owner, 'p', 'b'),
    markOf(owner, 'q', 'a'),
    markOf('other', 'p', 'a'),
  ]
  t.equal(new Set(marks).size, 4)
  t.equal(markOf(owner, 'p', 'a'), marks[0])
})

t.test('deletions have a plan of their own fingerprint', async (t) => {
  t.not(forDeletions(planOf('a')).fingerprint, 'a')
})
