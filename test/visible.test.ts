import t from 'tap'
import { visible } from '../src/visible.js'

const CASES: Readonly<Record<string, string>> = {
  'plain text, ünïcode, 日本': 'plain text, ünïcode, 日本',
  'two\nlines\r\t': 'two\\u000alines\\u000d\\u0009',
  '\u001b[2Jgone': '\\u001b[2Jgone',
  'a\u202Eb\u200Bc\uFEFF': 'a\\u202eb\\u200bc\\ufeff',
  'x\u2028y\u2029z': 'x\\u2028y\\u2029z',
  'lone \ud83d end': 'lone \\ud83d end',
  'tag \u{E0041} end': 'tag \\udb40\\udc41 end',
}

t.test('what cannot be seen is written as escapes; everything else stays', async (t) => {
  for (const [text, expected] of Object.entries(CASES)) t.equal(visible(text), expected)
})

t.test('JSON keeps its value', async (t) => {
  for (const value of Object.keys(CASES)) t.equal(JSON.parse(visible(JSON.stringify(value))), value)
})
