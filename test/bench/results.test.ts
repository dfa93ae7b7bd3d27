import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { medianText, spreadLegend, spreadOf, spreadText } from '../../bench/results.js'
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

t.test('the page of the benches writes no median of fewer than five rounds, and no NaN', async (t) => {
  const page = readFileSync(join(projectRoot, 'bench/README.md'), 'utf8')
  t.notMatch(page, 'NaN')
  const sections = [...page.matchAll(/<!-- ([\w-]+) -->\n([\s\S]*?)<!-- \/\1 -->/g)]
  t.ok(sections.length > 5)
  for (const [, name = '', text = ''] of sections) {
    const rounds = /(?:of (\d+) interleaved rounds|\bOne round)\b/.exec(text)
    if (rounds === null) t.fail(`${name} does not say how many rounds it had`)
    else if (Number(rounds[1] ?? 1) < 5) t.notMatch(text, /\d \([\d.]+–[\d.]+\)/, name)
  }
})
