import t from 'tap'
import { isComment } from '../../../src/config/text/comments.js'

t.test('keys that people write beside settings are comments', async (t) => {
  for (const key of [
    'comment',
    'Comments',
    'description',
    'note',
    'reason',
    'title',
    '_x',
    '//',
    '#',
    '$schema',
  ])
    t.ok(isComment(key), key)
})

t.test('misspelled settings are not taken for comments', async (t) => {
  for (const key of ['metod', 'paths', 'commented', 'footnote', 'titles', 'x_', ''])
    t.notOk(isComment(key), key)
})
