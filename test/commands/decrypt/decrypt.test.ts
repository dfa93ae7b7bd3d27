// Holds src/config/anonymizer/decrypt-key.ts.

import { createCipheriv, randomBytes } from 'node:crypto'
import t from 'tap'
import { createAnonymizer } from '../../../src/index.js'
import { firstOf } from '../../support/elements.js'
import { sluice } from '../../support/sluice.js'

const KEY = 'CANARY-KEY-0123456789-0123456789'
const encrypted = (text: string): string => {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', KEY, iv)
  return Buffer.concat([iv, cipher.update(text), cipher.final()]).toString('base64')
}
const VALUES = ['Müller', 'x'.repeat(100), '1.50']

t.test('decrypt gives back what was encrypted, from words and from stdin, in order', async (t) => {
  const env = { KEY }
  const words = await sluice(['decrypt', '--key-env', 'KEY', ...VALUES.map(encrypted)], { env })
  t.same(words, { exitCode: 0, stdout: `${VALUES.join('\n')}\n`, stderr: '' })
  const stdin = VALUES.map(encrypted).join('\r\n')
  const lines = await sluice(['decrypt', '--key-env', 'KEY'], { env, stdin })
  t.same(lines, { exitCode: 0, stdout: `${VALUES.join('\n')}\n`, stderr: '' })
})

t.test('what the method encrypt wrote comes back, whatever the kind of the value', async (t) => {
  const patient = {
    resourceType: 'Patient',
    active: true,
    name: [{ family: 'Müller 🎉', given: ['a\tb', 'x'] }],
    multipleBirthInteger: 3,
  }
  const paths = ['Patient.active', 'Patient.name', 'Patient.multipleBirth']
  const anonymizer = createAnonymizer({
    fhirVersion: 'R4',
    fhirPathRules: paths.map((path) => ({ path, method: 'encrypt' })),
    parameters: { encryptKey: KEY },
  })
  const result = anonymizer.anonymize(JSON.stringify(patient))
  if (!result.ok) return t.fail(result.message)
  const { active, name, multipleBirthInteger } = JSON.parse(Buffer.from(result.bytes).toString()) as {
    active: string
    name: { family: string; given: string[] }[]
    multipleBirthInteger: string
  }
  const values = [active, firstOf(name).family, ...firstOf(name).given, multipleBirthInteger]
  const { exitCode, stdout } = await sluice(['decrypt', '--key-env', 'KEY', '--json', ...values], {
    env: { KEY },
  })
  t.equal(exitCode, 0)
  t.same(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text),
    ['True', 'Müller 🎉', 'a\tb', 'x', '3'],
  )
})

t.test('the key can come from a file or from the configuration', async (t) => {
  const cwd = t.testdir({
    'encrypt.key': `${KEY}\n`,
    'config.json': JSON.stringify({
      fhirVersion: 'R4',
      fhirPathRules: [{ path: 'Patient.name', method: 'encrypt' }],
      parameters: { encryptKey: { file: 'encrypt.key' } },
    }),
  })
  for (const source of [
    ['--key-file', 'encrypt.key'],
    ['-c', 'config.json'],
  ]) {
    const { exitCode, stdout } = await sluice(['decrypt', ...source, encrypted('text')], { cwd })
    t.equal(exitCode, 0)
    t.equal(stdout, 'text\n')
  }
})

t.test(
  'a value that the key does not decrypt leaves an empty line and exit code 10; nothing is quoted',
  async (t) => {
    const { exitCode, stdout, stderr } = await sluice(
      ['decrypt', '--key-env', 'KEY', encrypted('one'), 'CANARY-VALUE', encrypted('three')],
      { env: { KEY } },
    )
    t.equal(exitCode, 10)
    t.equal(stdout, 'one\n\nthree\n')
    t.match(stderr, 'value 2 ')
    t.notMatch(stderr, 'CANARY')
  },
)

t.test('with --json there is a document for each value', async (t) => {
  const { stdout } = await sluice(['decrypt', '--json', '--key-env', 'KEY', encrypted('one'), 'x'], {
    env: { KEY },
  })
  t.same(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { number: 1, ok: true, text: 'one' },
      { number: 2, ok: false },
    ],
  )
})

t.test('without one usable key nothing is done, and no key is shown', async (t) => {
  const cwd = t.testdir({
    'short.key': 'CANARY-SHORT',
    'random.json': JSON.stringify({
      fhirVersion: 'R4',
      fhirPathRules: [],
      parameters: { encryptKey: { random: true } },
    }),
  })
  for (const words of [
    [],
    ['--key-env', 'ABSENT'],
    ['--key-file', 'absent.key'],
    ['--key-file', 'short.key'],
    ['--key-file', 'short.key', '--key-env', 'KEY'],
    ['-c', 'random.json'],
  ]) {
    const { exitCode, stdout, stderr } = await sluice(['decrypt', ...words, encrypted('x')], {
      cwd,
      env: { KEY },
    })
    t.equal(exitCode, 2, words.join(' '))
    t.equal(stdout, '')
    t.notMatch(stderr, 'CANARY')
  }
})

// Values that some reader of lines would take for two.
const BREAKS = [
  '1 Main St\nBoston',
  'a\r\nb',
  'a\rb',
  '\n',
  'a\u2028b',
  'a\u2029b',
  'a\u0085b',
  'a\vb',
  'a\fb',
  'a\x1eb',
]

t.test(
  'one line comes out for each line in, also for texts with line breaks, which --json prints',
  async (t) => {
    const env = { KEY }
    const values = BREAKS.flatMap((text) => [text, 'next'])
    const stdin = values.map((text) => `${encrypted(text)}\n`).join('')
    const plain = await sluice(['decrypt', '--key-env', 'KEY'], { env, stdin })
    t.equal(plain.exitCode, 10)
    t.strictSame(plain.stdout.split('\n'), [...values.map((text) => (text === 'next' ? text : '')), ''])
    t.equal(plain.stderr.match(/use --json to print it/g)?.length, BREAKS.length)
    const json = await sluice(['decrypt', '--key-env', 'KEY', '--json'], { env, stdin })
    t.equal(json.exitCode, 0)
    const printed = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text)
    t.strictSame(printed, values)
  },
)

t.test('what is no line ending in the input does not put values out of step', async (t) => {
  const first = encrypted('first')
  const second = encrypted('second')
  for (const broken of ['\u2028', '\r', '\u0085', 'é']) {
    const stdin = `${first}\n${first.slice(0, 8)}${broken}${first.slice(8)}\r\n\n${second}`
    const { stdout } = await sluice(['decrypt', '--key-env', 'KEY'], { env: { KEY }, stdin })
    t.strictSame(stdout.split('\n'), ['first', '', '', 'second', ''], JSON.stringify(broken))
  }
})
