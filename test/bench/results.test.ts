import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { comparisonSection } from '../../bench/comparison.js'
import { checkPublishable, medianText, spreadLegend, spreadOf, spreadText } from '../../bench/results.js'
import { projectRoot } from '../support/shared.js'

t.test('five rounds have a median, fewer have none', async (t) => {
  for (const [values, text, median] of [
    [[3, 1, 2, 5, 4], '3.0 (1.0–5.0)', '3.0'],
    [[6, 3, 1, 2, 5, 4], '3.5 (1.0–6.0)', '3.5'],
    [[3, 1, 2, 4], '1.0–4.0', '1.0–4.0'],
    [[2, 1], '1.0–2.0', '1.0–2.0'],
    [[7], '7.0', '7.0'],
  ] as const) {
    const spread = spreadOf(values)
    t.equal(spreadText(spread, 1), text)
    t.equal(medianText(spread, 1), median)
    t.equal('median' in spread, values.length >= 5)
  }
})

t.test('what no round measured is an error, not NaN', async (t) => {
  for (const values of [[], [Number.NaN], [1, 1 / 0], [1, 2, 3, 4, Number.NaN]])
    t.throws(() => spreadOf(values), RangeError)
})

t.test('the legend says how many rounds there were', async (t) => {
  t.equal(spreadLegend(1), 'One round')
  t.equal(spreadLegend(4), 'Lowest–highest of 4 interleaved rounds')
  t.equal(spreadLegend(5), 'Median (lowest–highest) of 5 interleaved rounds')
})

t.test('nothing is published of fewer than five rounds, or with what is no number', async (t) => {
  t.doesNotThrow(() => checkPublishable('2.37 (2.33–2.39)', 5))
  for (const rounds of [0, 1, 4, Number.NaN]) t.throws(() => checkPublishable('2.37', rounds), RangeError)
  for (const text of ['| NaN |', 'undefined MB/s', '-Infinity'])
    t.throws(() => checkPublishable(text, 7), RangeError)
})

t.test('the pages have no figure of fewer than five rounds, and no NaN', async (t) => {
  const sections = ['bench/README.md', 'README.md'].flatMap((name) => {
    const page = readFileSync(join(projectRoot, name), 'utf8')
    return [...page.matchAll(/<!-- ([\w-]+) -->\n([\s\S]*?)<!-- \/\1 -->/g)]
  })
  const measured = sections.filter(([, , text = '']) => /\bNode \d+\.\d+\.\d+, \d+ × /.test(text))
  t.ok(measured.length > 2)
  for (const [, name = '', text = ''] of measured) {
    const rounds = /of (\d+) interleaved rounds\b/.exec(text)
    if (rounds === null) t.fail(`${name} does not say how many rounds it had`)
    t.doesNotThrow(() => checkPublishable(text, Number(rounds?.[1])), name)
  }
})

t.test('the comparison with other programs says what was measured, when and on what', async (t) => {
  const spread = spreadOf([1000, 2000, 3000, 4000, 5000])
  const engine = {
    megabytesPerSecond: spread,
    linesPerSecond: spread,
    baselineMegabytesPerSecond: spread,
    ratio: spread,
  }
  const section = comparisonSection(engine, 'Node 20.0.0, 2 × X, load average 0.1, 2026-12-01')
  t.match(
    section,
    'Node 20.0.0, 2 × X, load average 0.1, 2026-12-01; median (lowest–highest) of 5 interleaved rounds',
  )
  t.match(section, /Microsoft FHIR anonymizer.*\| +0\.83 \|/)
  t.match(section, /\| Sluice, engine .*\| 3000 \(1000–5000\) \| +3,000 \|/)
  t.doesNotThrow(() => checkPublishable(section, spread.rounds))
})
