import t from 'tap'
import {
  derivedPerturbKey,
  type KeyOptions,
  type neededKeys,
  randomKey,
  resolveKeys,
} from '../../../src/config/anonymizer/keys.js'

const STRONG = '9f86d081884c7d659a2feaa0c55ad015'
const OTHER = '60303ae22b998861bce3b28f33eec1be'
const options = (baseFolder: string, more: Partial<KeyOptions> = {}): KeyOptions => ({
  baseFolder,
  allowRandomKeys: false,
  allowWeakKeys: false,
  warnsOfWeakKeys: false,
  ...more,
})
const none: ReturnType<typeof neededKeys> = new Map()

t.test('keys are read from texts, variables and files; random ones are left to the run', async (t) => {
  const folder = t.testdir({ 'shift.key': `${OTHER}\r\n` })
  process.env.SLUICE_TEST_KEY = STRONG
  t.teardown(() => delete process.env.SLUICE_TEST_KEY)
  const { fixed, random, problems } = resolveKeys(
    {
      cryptoHashKey: { env: 'SLUICE_TEST_KEY' },
      dateShiftKey: { file: 'shift.key' },
      encryptKey: { random: true },
    },
    none,
    options(folder),
  )
  t.same(problems, [])
  t.same(fixed, { cryptoHashKey: STRONG, dateShiftKey: OTHER })
  t.same(random, ['encryptKey'])
})

t.test('a variable is one that is set, not a member that every object has', async (t) => {
  const { fixed, problems } = resolveKeys({ encryptKey: { env: 'constructor' } }, none, options(t.testdir()))
  t.same(fixed, {})
  t.match(problems, [{ path: 'parameters.encryptKey', message: /is not set$/ }])
})

t.test('a key that cannot be read is a problem that shows nothing of it', async (t) => {
  const folder = t.testdir({ 'empty.key': '\n' })
  const { problems } = resolveKeys(
    {
      cryptoHashKey: { env: 'CANARY key' },
      dateShiftKey: { file: 'none.key' },
      encryptKey: { file: 'empty.key' },
    },
    none,
    options(folder),
  )
  t.same(problems.map(({ path }) => path).sort(), [
    'parameters.cryptoHashKey',
    'parameters.dateShiftKey',
    'parameters.encryptKey',
  ])
  t.notMatch(JSON.stringify(problems), 'CANARY')
})

t.test('weak and equal keys are problems, warnings or accepted, by the options', async (t) => {
  const folder = t.testdir({})
  const codes = (sources: Parameters<typeof resolveKeys>[0], more?: Partial<KeyOptions>) => {
    const { problems, warnings } = resolveKeys(sources, none, options(folder, more))
    return [problems.map(({ code }) => code), warnings.map(({ code }) => code)]
  }
  const weak = { cryptoHashKey: 'secret' }
  t.same(codes(weak), [['weak-key'], []])
  t.same(codes(weak, { warnsOfWeakKeys: true }), [[], ['weak-key']])
  t.same(codes(weak, { allowWeakKeys: true }), [[], []])
  const equal = { cryptoHashKey: STRONG, dateShiftKey: STRONG }
  t.same(codes(equal), [['equal-keys'], []])
  t.same(codes(equal, { warnsOfWeakKeys: true }), [['equal-keys'], []], 'equal keys stay a problem')
})

t.test('encryptKey has the length of an AES key', async (t) => {
  const lengths = [15, 16, 24, 31, 32, 33].filter(
    (length) =>
      resolveKeys({ encryptKey: 'a'.repeat(length) }, none, options('.', { allowWeakKeys: true })).problems
        .length === 0,
  )
  t.same(lengths, [16, 24, 32])
})

t.test('made keys differ, and a derived perturbKey depends on every other key', async (t) => {
  t.match(randomKey(), /^[0-9a-f]{32}$/)
  t.not(randomKey(), randomKey())
  const keys = { dateShiftKey: 'a', cryptoHashKey: 'b', encryptKey: 'c' }
  const derived = [
    keys,
    { ...keys, dateShiftKey: 'x' },
    { ...keys, cryptoHashKey: 'x' },
    { ...keys, encryptKey: 'x' },
  ]
  t.equal(new Set(derived.map(derivedPerturbKey)).size, 4)
  t.equal(derivedPerturbKey({ ...keys }), derivedPerturbKey(keys))
})
