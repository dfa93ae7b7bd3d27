import t from 'tap'
import { Sample } from '../../src/preview/sample.js'

const lines = Array.from({ length: 1000 }, (_, at) => ({
  item: `Patient.${at % 3}.ndjson`,
  line: at + 1,
  offset: at * 10,
  bytes: Buffer.from(String(at)),
}))

function chosen(input: typeof lines, seed: number, linesOfAType = 5): readonly string[] {
  const sample = new Sample({ linesOfAType, seed })
  for (const line of input) sample.add(line.line % 10 === 0 ? 'Observation' : 'Patient', line)
  return sample.types().flatMap(({ type, chosen }) => chosen.map(({ bytes }) => `${type} ${bytes}`))
}

t.test('the same lines are chosen whatever the order, and others by another seed', async (t) => {
  const first = chosen(lines, 1)
  t.equal(first.length, 10)
  t.strictSame(chosen([...lines].reverse(), 1), first)
  t.notSame(chosen(lines, 2), first)
})

t.test('lines come from the whole input, not from its start', async (t) => {
  const quarters = new Set<number>()
  for (let seed = 0; seed < 20; seed += 1)
    for (const line of chosen(lines, seed)) quarters.add(Math.floor(Number(line.split(' ')[1]) / 250))
  t.equal(quarters.size, 4)
  const counts = [0, 0, 0, 0]
  for (let seed = 0; seed < 200; seed += 1)
    for (const line of chosen(lines, seed)) {
      const quarter = Math.floor(Number(line.split(' ')[1]) / 250)
      counts[quarter] = (counts[quarter] ?? 0) + 1
    }
  for (const count of counts) t.ok(count > 400 && count < 600, `a quarter has ${count} of 2,000`)
})

t.test('patients come first, every line is counted, and few lines are all shown', async (t) => {
  const sample = new Sample({ linesOfAType: 5, seed: 1 })
  for (const line of lines.slice(0, 8)) sample.add('Account', line)
  for (const line of lines.slice(8, 11)) sample.add('Patient', line)
  t.match(sample.types(), [
    { type: 'Patient', seen: 3, chosen: { length: 3 } },
    { type: 'Account', seen: 8, chosen: { length: 5 } },
  ])
})

t.test('a chosen line is a copy: its bytes may be overwritten afterwards', async (t) => {
  const sample = new Sample({ linesOfAType: 1, seed: 1 })
  const bytes = Buffer.from('first')
  sample.add('Patient', { item: 'a', line: 1, offset: 0, bytes })
  bytes.write('other')
  t.equal(String(sample.types()[0]?.chosen[0]?.bytes), 'first')
})
