import t from 'tap'
import { parseJson } from '../../src/json/parse.js'

t.test('a JSON text gives its value; what is torn or foreign gives undefined', async (t) => {
  t.strictSame(parseJson('{"a":[1,null]}'), { a: [1, null] })
  t.equal(parseJson('null'), null)
  for (const text of ['', '{"a":', '\0', 'undefined', '{}{}'])
    t.equal(parseJson(text), undefined, JSON.stringify(text))
})
