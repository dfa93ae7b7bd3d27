import t from 'tap'
import { checkPipelineConfig } from '../../../src/config/pipeline/configuration.js'
import { seriesOf } from '../../../src/config/pipeline/series.js'

const seriesFor = (more: object) =>
  seriesOf(
    checkPipelineConfig(
      { source: { store: 'in' }, sink: { store: 'lake' }, anonymizer: { config: 'c.json' }, ...more },
      'pipeline.json',
      () => [],
    ),
  )

t.test('runs that replace each other are not a series', async (t) => {
  t.equal(seriesFor({}), undefined)
  t.equal(seriesFor({ retention: { keepLast: 1 } }), undefined)
})

t.test('runs that are kept, repeated or added to are one', async (t) => {
  t.match(seriesFor({ retention: { keepLast: 3 } }), { why: /last 3 runs/, isAddedTo: false })
  t.match(seriesFor({ retention: { olderThanDays: 30 } }), { why: /several days/ })
  t.match(seriesFor({ schedule: { cron: '0 1 * * *' } }), { why: /schedule/ })
  t.match(seriesFor({ onlyNew: true }), { why: /onlyNew/, isAddedTo: true })
  const separate = { anonymizer: { config: 'c.json', separateRuns: true }, schedule: { cron: '0 1 * * *' } }
  t.match(seriesFor(separate), { isSeparate: true })
})
