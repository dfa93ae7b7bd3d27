import t from 'tap'
import { decryptValue } from '../../../src/anonymizer/methods/encrypt.js'
import { isSluiceError } from '../../../src/errors.js'
import { elementAt } from '../../support/elements.js'
import { leafMethod, leafOf, placeOf } from '../../support/leaves.js'
import { seededRandom } from '../../support/random.js'
import { skipVectors, vectors } from '../../support/vectors.js'

interface Encrypt {
  readonly keyUtf8: string
  readonly decrypt: readonly { readonly cipher: string | null; readonly plain: string | null }[]
  readonly roundTrip: readonly (string | null)[]
  readonly decryptErrors: readonly string[]
}

const KEYS = ['1234567890123456', '123456789012345678901234', '704ab12c8e3e46d4bea600ef62a6bec7']

const encrypt = (encryptKey: string, perturbKey = 'iv key') =>
  leafMethod({ method: 'encrypt' }, { encryptKey, perturbKey })

t.test('what the original encrypted is decrypted', { skip: skipVectors }, async (t) => {
  const v = vectors<Encrypt>('encrypt')
  for (const c of v.decrypt)
    if (c.cipher !== null) t.equal(decryptValue(c.cipher, v.keyUtf8), c.plain, c.cipher)
  for (const text of v.decryptErrors)
    t.throws(() => decryptValue(text, v.keyUtf8), { code: 'BAD_LINE' }, text)
})

t.test('any value decrypts to itself under each length of key', async (t) => {
  const random = seededRandom('encrypt')
  for (let k = 0; k < 300; k++) {
    const key = random.pick(KEYS)
    // .NET and Node write a lone surrogate as U+FFFD.
    const text = Buffer.from(random.text(80)).toString()
    const place = placeOf({ record: random.below(1000), offset: random.below(1000) })
    const outcome = encrypt(key)(leafOf('string', text), place)
    t.strictSame(outcome.records, ['ENCRYPT'])
    t.equal(decryptValue(String(outcome.value), key), text)
  }
})

t.test('a value encrypts to the same text only in the same place with the same keys', async (t) => {
  const leaf = leafOf('string', 'Chalmers')
  const here = { item: 'a.ndjson', record: 1, offset: 23 }
  const at = (place: Partial<typeof here>, ivKey = 'iv key') =>
    encrypt(elementAt(KEYS, 2), ivKey)(leaf, placeOf({ ...here, ...place })).value
  const values = [
    at({}),
    at({ item: 'b.ndjson' }),
    at({ record: 2 }),
    at({ offset: 24 }),
    at({ record: 12, offset: 3 }),
    at({}, 'other iv key'),
  ]
  t.equal(at({}), values[0], 'the same again')
  t.equal(new Set(values).size, values.length, 'nothing else is equal')
  const iv = (value: unknown) => Buffer.from(String(value), 'base64').subarray(0, 16).toString('hex')
  const changed = encrypt(elementAt(KEYS, 2))(leafOf('string', 'Chalmerz'), placeOf(here)).value
  t.not(iv(changed), iv(values[0]), 'another value in the same place has another IV')
})

t.test('what cannot be decrypted is refused without a word of it', async (t) => {
  const value = String(encrypt(elementAt(KEYS, 2))(leafOf('string', 'Chalmers')).value)
  for (const [text, key] of [
    [value.slice(0, -4), elementAt(KEYS, 2)],
    [value, elementAt(KEYS, 0)],
    ['Chalmers', elementAt(KEYS, 2)],
    [`${value} `, elementAt(KEYS, 2)],
    [Buffer.alloc(16).toString('base64'), elementAt(KEYS, 2)],
  ] as const) {
    try {
      decryptValue(text, key)
      t.fail('it was decrypted')
    } catch (error) {
      t.ok(isSluiceError(error) && error.code === 'BAD_LINE' && !error.message.includes(text), text)
    }
  }
  t.throws(() => decryptValue(value, 'short'), { code: 'CONFIG_INVALID' })
})
