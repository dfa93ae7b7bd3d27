import t from 'tap'
import { cachedSearch, type SearchAnswer } from '../../../src/load/prepare/search.js'

/** Finds the query itself; `none` and `refused` as they say. Counts what is asked. */
function counted(maxKept?: number) {
  const asked: string[] = []
  const answer = async (query: string): Promise<SearchAnswer> => {
    if (query === 'failed') throw new Error('failed')
    if (query === 'refused') return { kind: 'refused' }
    return { kind: 'found', ids: query === 'none' ? [] : [query] }
  }
  const cached = cachedSearch((type, query) => {
    asked.push(`${type}?${query}`)
    return answer(query)
  }, maxKept)
  return { ...cached, asked }
}

t.test('equal searches are asked once, at the same time or later', async (t) => {
  const { search, asked } = counted()
  const answers = await Promise.all([search('A', 'x'), search('A', 'x'), search('B', 'x')])
  t.strictSame(
    answers,
    [1, 2, 3].map(() => ({ kind: 'found', ids: ['x'] })),
  )
  await search('A', 'x')
  t.strictSame(asked, ['A?x', 'B?x'])
})

t.test('what was not found is asked again only once that is forgotten', async (t) => {
  const { search, forgetMisses, asked } = counted()
  const all = () => Promise.all(['x', 'none', 'refused'].map((query) => search('A', query)))
  await all()
  await all()
  t.equal(asked.length, 3)
  forgetMisses()
  await all()
  t.strictSame(asked.slice(3), ['A?none', 'A?refused'])
})

t.test('a search that failed is asked again', async (t) => {
  const { search, asked } = counted()
  await t.rejects(Promise.all([search('A', 'failed'), search('A', 'failed')]), /failed/)
  await t.rejects(search('A', 'failed'), /failed/)
  t.equal(asked.length, 2)
})

t.test('the answers that were used last are kept', async (t) => {
  const { search, asked } = counted(2)
  for (const query of ['x', 'y', 'x', 'z', 'x', 'y']) await search('A', query)
  t.strictSame(asked, ['A?x', 'A?y', 'A?z', 'A?y'])
})
