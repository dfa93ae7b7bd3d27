import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { elementAt, firstOf } from '../../support/elements.js'

const HASH = 'hash: walnut, tundra, 9 lamps'
const AES = '3d5f60b18ce2a94777aa81e5c0d9b2f4'
const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: 'Patient.birthDate', method: 'dateShift' },
]
const SHIFT = 'shift: pelican, ember, 4 rivers'

const judge = (parameters: object, options: { allowWeakKeys?: boolean; baseFolder?: string } = {}) =>
  judgeConfig(
    {
      fhirVersion: 'R4',
      fhirPathRules: RULES,
      parameters: { dateShiftKey: SHIFT, cryptoHashKey: HASH, ...parameters },
    },
    options,
  )

const WEAK: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'one space': ' ',
  digits: '123',
  'many spaces': ' '.repeat(64),
  'tabs and line ends': '\t\r\n'.repeat(20),
  'fifteen bytes': 'kX9!vQ2#mZ7@pL4',
  'fifteen bytes and spaces': 'kX9!vQ2#mZ7@pL4          ',
  'a byte-order mark and fifteen bytes': '\uFEFFkX9!vQ2#mZ7@pL4',
  'fifteen bytes and NULs': `kX9!vQ2#mZ7@pL4${'\0'.repeat(20)}`,
  'NULs only': '\0'.repeat(32),
  'one letter many times': 'a'.repeat(64),
  'two letters many times': 'ab'.repeat(32),
  'a word many times': 'password'.repeat(8),
  'a short word and a part of it': 'changemechangemechan',
  'digits that count up': '1234567890123456',
  'hexadecimal digits that count up': '0123456789abcdef0123456789abcdef',
  'the alphabet': 'abcdefghijklmnopqrstuvwxyz',
  'the alphabet backwards': 'zyxwvutsrqponmlkjihgfedcba',
  'runs of letters': 'aaaabbbbccccddddeeeeffffgggg',
  'few different letters': 'abaabbabbbabaabaabbbabab',
  'letters of two bytes': 'ключ',
  'random bytes read as text': randomBytes(64).toString('utf8'),
  'a variable that nobody expanded': ['$', '{CRYPTO_HASH_KEY_OF_THE_STUDY}'].join(''),
  'a variable of a shell': '$CRYPTO_HASH_KEY_OF_STUDY_7',
  'a variable of Windows': '%CryptoHashKeyOfStudy7%',
  'a value of a chart': '{{ .Values.anonymizer.cryptoHashKey }}',
  'a token of a pipeline': '#{CryptoHashKeyOfStudy7}#',
  'a token between underscores': '__CRYPTO_HASH_KEY_7__',
  'a text in angle brackets': '<secret from the vault, 32>',
  'a text of a sample': 'Your-Crypto-Hash-Key-123456',
  'a text to be replaced': 'replace_me_with_32_bytes!',
  'a text to be changed': 'CHANGE-ME: quick brown fox',
  'half a surrogate pair': `${HASH}\ud800`,
}

t.test('keys below 128 bits of text are refused, wherever they come from', async (t) => {
  const weak = Object.entries(WEAK)
  const folder = t.testdir(Object.fromEntries(weak.map(([, key], k) => [`${k}.key`, Buffer.from(key)])))
  for (const [k, [name, key]] of weak.entries()) {
    const sources: unknown[] = [key, { file: `${k}.key` }]
    if (!key.includes('\0')) {
      process.env.SLUICE_WEAK_KEY = key
      sources.push({ env: 'SLUICE_WEAK_KEY' })
    }
    for (const parameter of ['cryptoHashKey', 'dateShiftKey', 'perturbKey'])
      for (const source of sources) {
        const { problems, checked } = judge({ [parameter]: source }, { baseFolder: folder })
        const place = `${name}, ${parameter}, ${typeof source === 'string' ? 'text' : Object.keys(source as object)}`
        t.match(problems, [{ code: 'weak-key', path: `parameters.${parameter}` }], place)
        t.equal(checked, undefined, place)
        if (key.trim().length > 2)
          t.notOk(JSON.stringify(problems).includes(key.trim()), 'no key in a message')
      }
    t.same(judge({ cryptoHashKey: key }, { allowWeakKeys: true }).problems, [], `${name}: allowed`)
  }
})

t.test('a weak AES key is refused, and one of a wrong length once only', async (t) => {
  for (const encryptKey of ['a'.repeat(16), '1234567890123456', 'passwordpasswordpassword'])
    t.match(judge({ encryptKey }).problems, [{ code: 'weak-key', path: 'parameters.encryptKey' }])
  const { problems } = judge({ encryptKey: 'short' })
  t.match(problems, [{ path: 'parameters.encryptKey', message: '16, 24 or 32' }])
  t.equal(problems.length, 1)
})

t.test('random keys as people make them are never refused', async (t) => {
  const made: readonly (() => string)[] = [
    () => randomBytes(16).toString('hex'),
    () => randomBytes(32).toString('hex'),
    () => randomBytes(16).toString('base64'),
    () => randomBytes(32).toString('base64url'),
    () => randomBytes(18).toString('base64'),
    () => crypto.randomUUID(),
    () =>
      BigInt(`0x${randomBytes(16).toString('hex')}`)
        .toString()
        .padStart(39, '7'),
  ]
  for (let round = 0; round < 2000; round++) {
    const key = elementAt(made, round % made.length)()
    const { problems } = judge({ cryptoHashKey: key })
    if (problems.length > 0) t.fail(`${key}: ${firstOf(problems).message}`)
  }
  for (const key of ['correct horse battery staple', 'Ключ к архиву 2026 года', AES, 'quiet pelican 47'])
    t.same(judge({ cryptoHashKey: key }).problems, [], key)
})

t.test('a JSON number is no key: its digits would be lost', async (t) => {
  for (const number of [
    '123',
    '12345678901234567890',
    '1e30',
    '0.1',
    '-1',
    '123456789012345678901234567890123456789',
  ])
    for (const parameter of ['cryptoHashKey', 'dateShiftKey', 'encryptKey', 'perturbKey'])
      for (const allowWeakKeys of [false, true]) {
        const text = `{"fhirPathRules":[],"parameters":{"${parameter}":${number}}}`
        const { problems } = judgeConfig(parseConfigText(text, 'test.json'), { allowWeakKeys })
        t.match(problems, [{ path: `parameters.${parameter}`, message: 'quotes' }], `${parameter}: ${number}`)
      }
  for (const value of [true, [HASH], { text: HASH }])
    t.equal(judge({ cryptoHashKey: value }).problems.length, 1)
})

t.test('equal keys are refused, in whatever form and from whatever place', async (t) => {
  const pairs = [
    ['cryptoHashKey', 'dateShiftKey'],
    ['cryptoHashKey', 'encryptKey'],
    ['cryptoHashKey', 'perturbKey'],
    ['dateShiftKey', 'encryptKey'],
    ['dateShiftKey', 'perturbKey'],
    ['encryptKey', 'perturbKey'],
  ] as const
  const folder = t.testdir({
    'a.key': AES,
    'line.key': `${AES}\n`,
    'lines.key': `${AES}\r\n\r\n`,
    'bom.key': `\uFEFF${AES}`,
  })
  process.env.SLUICE_SAME_KEY = AES
  const forms: readonly (readonly [string, unknown])[] = [
    ['text', AES],
    ['environment', { env: 'SLUICE_SAME_KEY' }],
    ['file', { file: 'a.key' }],
    ['file by its whole path', { file: join(folder, 'a.key') }],
    ['file with a line end', { file: 'line.key' }],
    ['file with two', { file: 'lines.key' }],
    ['file with a byte-order mark', { file: 'bom.key' }],
    ['text with spaces', `  ${AES} `],
    ['text with NULs, which HMAC cannot see', `${AES}\0\0`],
    ['text in upper case', AES.toUpperCase()],
    ['text in groups', AES.replaceAll(/(.{8})/g, '$1 ')],
    ['text that goes on', `${AES}-and-more`],
    ['text cut to half', AES.slice(0, 16)],
    ['the other half', AES.slice(16)],
  ]
  for (const [first, second] of pairs)
    for (const [name, form] of forms) {
      // An AES key has its length, so that one stays as it is.
      const parameters =
        second === 'encryptKey' ? { [first]: form, [second]: AES } : { [first]: AES, [second]: form }
      const { problems, checked } = judge(parameters, { baseFolder: folder })
      t.match(problems, [{ code: 'equal-keys' }], `${first} and ${second}: ${name}`)
      t.equal(checked, undefined)
      t.notOk(JSON.stringify(problems).includes(AES))
      t.same(judge(parameters, { baseFolder: folder, allowWeakKeys: true }).problems, [], 'allowed')
    }
})

t.test('keys that only begin alike are different keys', async (t) => {
  const parameters = {
    cryptoHashKey: `study 7: ${AES.slice(0, 20)}`,
    perturbKey: `study 7: ${AES.slice(12)}`,
  }
  t.same(judge(parameters).problems, [])
})

t.test('a fixed offset takes neither a range nor the exclusion of 0 days', async (t) => {
  const range = [1, 50]
  for (const [parameters, path] of [
    [{ dateShiftFixedOffsetInDays: 0, dateShiftExcludeZero: true }, 'dateShiftExcludeZero'],
    [{ dateShiftFixedOffsetInDays: 0, dateShiftRangeInDays: range }, 'dateShiftRangeInDays'],
    [{ dateShiftFixedOffsetInDays: 9, dateShiftRangeInDays: range }, 'dateShiftRangeInDays'],
    [{ dateShiftRangeInDays: [0, 0], dateShiftExcludeZero: true }, 'dateShiftRangeInDays'],
    [{ dateShiftRangeInDays: [0, 1], dateShiftExcludeZero: true }, 'dateShiftRangeInDays'],
    [{ dateShiftRangeInDays: [5, 3] }, 'dateShiftRangeInDays'],
    [{ dateShiftRangeInDays: [1, 13], dateShiftKeepWeekday: true }, 'dateShiftRangeInDays'],
    [{ dateShiftFixedOffsetInDays: 9, dateShiftKeepWeekday: true }, 'dateShiftKeepWeekday'],
  ] as const) {
    const { problems } = judge(parameters)
    t.equal(problems.length, 1, JSON.stringify(parameters))
    t.match(problems, [{ path: `parameters.${path}` }], JSON.stringify(parameters))
  }
  for (const parameters of [
    { dateShiftFixedOffsetInDays: 9, dateShiftExcludeZero: true },
    { dateShiftFixedOffsetInDays: -14, dateShiftKeepWeekday: true },
    { dateShiftRangeInDays: [1, 14], dateShiftKeepWeekday: true },
    { dateShiftFixedOffsetInDays: 0 },
    { dateShiftRangeInDays: [-1, 1], dateShiftExcludeZero: true },
  ])
    t.same(judge(parameters).problems, [], JSON.stringify(parameters))
})

t.test('three equal keys are two problems; empty, missing and random keys are none', async (t) => {
  t.equal(judge({ cryptoHashKey: AES, dateShiftKey: AES, encryptKey: AES }).problems.length, 2)
  t.same(judge({ encryptKey: '', perturbKey: null }).problems, [])
  t.same(judge({ cryptoHashKey: { random: true }, dateShiftKey: { random: true } }).problems, [])
})
