// Holds src/load/passes.ts, src/load/type-ranks.ts.

import t from 'tap'
import { Passes } from '../../src/load/passes.js'
import { rankOfType } from '../../src/load/type-ranks.js'
import type { LoadEntry, LoadUnit } from '../../src/load/unit.js'

const entry = (type: string, ordinal = 0): LoadEntry => ({
  ordinal,
  offset: 0,
  resource: Buffer.from('{}'),
  type,
  id: undefined,
  fullUrl: undefined,
  request: undefined,
})
const unit = (type: string): LoadUnit => ({ kind: 'entry', entry: entry(type) })

t.test('what is referred to comes first', async (t) => {
  const chain = [
    'Organization',
    'Practitioner',
    'PractitionerRole',
    'Patient',
    'Encounter',
    'Condition',
    'CareTeam',
  ]
  const further = [...chain, 'Procedure', 'Observation', 'DiagnosticReport', 'Claim', 'ExplanationOfBenefit']
  const ranks = [...further, 'Provenance'].map(rankOfType)
  t.strictSame(
    ranks,
    [...ranks].sort((a, b) => a - b),
  )
  t.equal(new Set(ranks).size, ranks.length)
  t.ok(rankOfType('NoSuchType') > rankOfType('Patient'), 'an unknown type goes after patients')
})

t.test('in the order of the input there is one pass', async (t) => {
  const passes = new Passes('input')
  t.ok(passes.reads('a'))
  t.ok(passes.takes('a', unit('Provenance')))
  t.notOk(passes.holdsRefused('a', 404), 'a refusal is final')
  t.notOk(passes.advance())
})

t.test('by type, each item is read once for each rank that it has', async (t) => {
  const passes = new Passes('types')
  const items = { a: ['Patient', 'Observation'], b: ['Observation'], c: ['Organization'] }
  const seen: string[][] = []
  do {
    const taken: string[] = []
    for (const [name, types] of Object.entries(items)) {
      if (!passes.reads(name)) continue
      taken.push(`read ${name}`)
      for (const type of types)
        if (rankOfType(type) >= (seen.length === 0 ? 0 : -1) && passes.takes(name, unit(type)))
          taken.push(`${name} ${type}`)
    }
    seen.push(taken)
    passes.loaded(1)
  } while (passes.advance())
  t.strictSame(seen[0], ['read a', 'read b', 'read c'], 'nothing has the first rank')
  t.strictSame(
    seen.slice(1).map((pass) => pass.filter((text) => text.startsWith('read'))),
    [['read c'], ['read a'], ['read a', 'read b']],
  )
  t.equal(seen.length, 4)
})

t.test('a transaction goes with its highest type', async (t) => {
  const passes = new Passes('types')
  const both: LoadUnit = { kind: 'transaction', entries: [entry('Observation', 0), entry('CodeSystem', 1)] }
  t.notOk(passes.takes('a', both))
  t.ok(passes.takes('a', unit('CodeSystem')))
  t.ok(passes.advance())
  t.ok(passes.takes('a', both))
})

t.test('what waits is tried again while a round loads something, and settled in a last one', async (t) => {
  const passes = new Passes('input')
  t.ok(passes.holds('a'))
  passes.loaded(5)
  t.ok(passes.advance(), 'something was loaded')
  t.ok(passes.reads('a'))
  t.notOk(passes.reads('b'))
  t.ok(passes.holds('a'))
  t.ok(passes.advance(), 'nothing was loaded: the last round')
  t.ok(passes.reads('a'))
  t.notOk(passes.holds('a'), 'is settled now')
  t.notOk(passes.advance())
})

t.test('a rank waits for its refused entries before the next one begins', async (t) => {
  const passes = new Passes('types')
  t.ok(passes.takes('a', unit('CodeSystem')))
  t.notOk(passes.takes('a', unit('Patient')))
  t.ok(passes.holdsRefused('a', 422))
  for (const status of [401, 403, 413, 500]) t.notOk(passes.holdsRefused('a', status), `${status} is final`)
  passes.loaded(1)
  t.ok(passes.advance())
  t.ok(passes.reads('a'))
  t.ok(passes.takes('a', unit('CodeSystem')))
  t.notOk(passes.takes('a', unit('Patient')), 'not in this rank')
  t.ok(passes.advance())
  t.ok(passes.reads('a'))
  t.ok(passes.takes('a', unit('Patient')))
  t.notOk(passes.advance())
})

t.test('an item that a round did not read is still read for its later ranks', async (t) => {
  const passes = new Passes('types')
  t.notOk(passes.takes('b', unit('Patient')))
  t.ok(passes.holds('a'))
  passes.loaded(1)
  t.ok(passes.advance())
  t.notOk(passes.reads('b'))
  t.ok(passes.advance())
  t.ok(passes.reads('b'))
  t.ok(passes.takes('b', unit('Patient')))
})

t.test(
  'what a rank cannot load is tried again after all ranks: types refer to each other in circles',
  async (t) => {
    const passes = new Passes('types')
    t.notOk(passes.takes('a', unit('Patient')))
    t.notOk(passes.takes('b', unit('Observation')))
    t.ok(passes.advance())
    t.ok(passes.takes('a', unit('Patient')))
    t.ok(passes.holdsRefused('a', 400))
    t.ok(passes.advance(), 'no round of the rank loads it')
    t.notOk(passes.reads('a'))
    t.ok(passes.takes('b', unit('Observation')))
    passes.loaded(1)
    t.ok(passes.advance())
    t.ok(passes.reads('a'))
    t.notOk(passes.reads('b'))
    t.ok(passes.takes('a', unit('Patient')))
    t.ok(passes.holdsRefused('a', 400))
    t.ok(passes.advance())
    t.ok(passes.takes('a', unit('Patient')))
    t.notOk(passes.holdsRefused('a', 400), 'is settled now')
    t.notOk(passes.advance())
  },
)
