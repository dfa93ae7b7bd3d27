import t from 'tap'
import { dataWithoutCredentials, withoutCredentials } from '../../src/commands/credentials.js'

const CASES: Readonly<Record<string, string>> = {
  'https://a.blob.core.windows.net/c?sv=1&sig=CANARY%3D&se=2':
    'https://a.blob.core.windows.net/c?sv=1&sig=…&se=2',
  '?sig=CANARY': '?sig=…',
  'a%3fsig%3dCANARY': 'a%3fsig%3d…',
  'DefaultEndpointsProtocol=https;AccountKey=CANARY==;X=1': 'DefaultEndpointsProtocol=https;AccountKey=…;X=1',
  'https://me:CANARY@host/path': 'https://…@host/path',
  'http://:CANARY@host': 'http://…@host',
}

t.test('signatures, account keys and passwords are cut out of texts', async (t) => {
  for (const [text, expected] of Object.entries(CASES)) t.equal(withoutCredentials(text), expected)
})

t.test('texts without credentials stay as they are', async (t) => {
  for (const text of ['design=1', '/data/sig/x', 'https://host:8080/a', 'a@b.example', 'signature'])
    t.equal(withoutCredentials(text), text)
})

t.test('plain data is searched at every depth; other objects are passed on', async (t) => {
  const date = new Date(0)
  const data = { list: ['?sig=CANARY', { deep: 'https://me:CANARY@host/' }], count: 3, date, none: null }
  t.same(dataWithoutCredentials(data), {
    list: ['?sig=…', { deep: 'https://…@host/' }],
    count: 3,
    date,
    none: null,
  })
  t.equal(dataWithoutCredentials(data).date, date)
})
