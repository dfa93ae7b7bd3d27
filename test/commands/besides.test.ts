import t from 'tap'
import { besides } from '../../src/commands/besides.js'

t.test('a place beside another has its credentials', async (t) => {
  t.equal(besides('in/', '-processed'), 'in-processed')
  t.equal(besides('azurite://in', 'err'), 'azurite://inerr')
  t.equal(
    besides('https://a.blob.core.windows.net/in/?sv=1&sig=x%2F', '-processed'),
    'https://a.blob.core.windows.net/in-processed?sv=1&sig=x%2F',
  )
})
