import t from 'tap'
import { progressLine } from '../../../src/commands/display/progress-bar.js'

const FIGURES = {
  done: '1.2 GB',
  whole: '38.5 GB',
  lines: '12,345,678',
  speed: '123.4 MB',
  left: '01:02:03',
  bad: '1,234',
}

t.test(
  'at any width the line fits, and rate, time left and quarantined are seen: the bar shrinks',
  async (t) => {
    for (const columns of [40, 50, 60, 72, 80, 100, 120, 132, 200]) {
      const line = progressLine(columns, 0.42, FIGURES)
      t.ok([...line].length < columns, `${columns} columns: ${[...line].length}`)
      for (const figure of [FIGURES.speed, FIGURES.left, FIGURES.bad, '42%'])
        t.ok(line.includes(figure), `${columns} columns: ${figure} in ${line}`)
    }
    t.match(progressLine(80, 0.42, FIGURES), /█.*░/, 'at 80 columns there is a bar')
    t.match(progressLine(132, 0.42, FIGURES), /12,345,678 lines/, 'at 132 columns all figures')
  },
)

t.test('no width is too small to end in an error or a broken line', async (t) => {
  for (let columns = 0; columns < 40; columns += 1)
    for (const share of [0, 0.5, 1, 1.2])
      t.ok([...progressLine(columns, share, FIGURES)].length <= Math.max(columns, 1))
})
