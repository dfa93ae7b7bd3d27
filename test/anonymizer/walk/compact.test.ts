import t from 'tap'
import { compactJson } from '../../../src/anonymizer/walk/compact.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { seededRandom } from '../../support/random.js'
import { randomResource } from '../../support/random-resource.js'
import { respelled } from '../../support/respell.js'

function compacted(text: string): string | undefined {
  const source = Buffer.from(`>${text}<`)
  const target = Buffer.alloc(source.length)
  const length = compactJson(source, 1, source.length - 1, target)
  return length < 0 ? undefined : target.toString('utf8', 0, length)
}

t.test('white space between tokens goes, every other byte stays', async (t) => {
  const random = seededRandom('compact')
  const tree = elementTree('R4')
  for (let run = 0; run < 500; run++) {
    const text = randomResource(random, tree, { calm: true })
    const spaced = respelled(random, text, { spaces: true })
    if (compacted(spaced) !== text) return t.fail(`${spaced}: SLUICE_SEED=${random.seed} repeats it`)
  }
  t.equal(
    compacted('{ "a b" : " c\\" d " ,\t"e":[ 1 ,\r\n-2.5e+3 , true , null ] }'),
    '{"a b":" c\\" d ","e":[1,-2.5e+3,true,null]}',
  )
})

t.test('two tokens that only white space keeps apart do not become one', async (t) => {
  for (const text of ['[1 2]', '{"a":tr ue}', '[1. 5]', '[- 1]', '[1 e5]', '[true false]'])
    t.equal(compacted(text), undefined, text)
})
