import t from 'tap'
import { bareName, compressionOf, outputName } from '../../src/compression/compression.js'

t.test('what a caller says becomes a format and a level, or nothing', async (t) => {
  t.equal(compressionOf({}), undefined)
  t.equal(compressionOf({ gzip: false }), undefined)
  t.strictSame(compressionOf({ gzip: true }), { format: 'gzip', level: 3 })
  t.strictSame(compressionOf({ gzip: 9 }), { format: 'gzip', level: 9 })
  for (const gzip of [0, 10, 1.5, Number.NaN])
    t.throws(() => compressionOf({ gzip }), { code: 'USAGE', message: /between 1 and 9/ }, `${gzip}`)
})

t.test('the name of an output says how it is compressed', async (t) => {
  t.equal(outputName('a/P.ndjson', undefined), 'a/P.ndjson')
  t.equal(outputName('a/P.ndjson.gz', undefined), 'a/P.ndjson')
  t.equal(outputName('a/P.ndjson.GZ', { format: 'gzip', level: 1 }), 'a/P.ndjson.gz')
  t.equal(bareName('a.gz/P.ndjson.gz'), 'a.gz/P.ndjson')
})
