import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configDigest } from '../../../src/config/anonymizer/config-digest.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { projectRoot } from '../../support/shared.js'

const digestOf = (text: string): string => configDigest(parseConfigText(text, 'config'))

const BASE =
  '{"fhirVersion":"R4","fhirPathRules":[{"path":"Patient.id","method":"redact"}],"parameters":{"a":1}}'

t.test(
  'the digest is the same for the same configuration, whatever its keys, order and white space',
  async (t) => {
    const same: Readonly<Record<string, string>> = {
      'white space and a byte order mark': `\uFEFF${JSON.stringify(JSON.parse(BASE), null, 4)}`,
      'order of members':
        '{"parameters":{"a":1},"fhirPathRules":[{"method":"redact","path":"Patient.id"}],"fhirVersion":"R4"}',
      'a key': BASE.replace('"a":1', '"a":1,"cryptoHashKey":"secret"'),
      'a key in another place and case': BASE.replace(
        '"a":1',
        '"ENCRYPTKEY":{"env":"K"},"a":1,"dateshiftkey":7',
      ),
      'comments of the file': `// mine\n${BASE}`,
    }
    for (const [name, text] of Object.entries(same)) t.equal(digestOf(text), digestOf(BASE), name)
    const other: Readonly<Record<string, string>> = {
      'a rule': BASE.replace('redact', 'keep'),
      'a parameter': BASE.replace('"a":1', '"a":2'),
      'a member more': BASE.replace('"a":1', '"a":1,"comment":"x"'),
      'the order of rules': BASE.replace(']', ',{"path":"Patient.name","method":"redact"}]'),
    }
    for (const [name, text] of Object.entries(other)) t.not(digestOf(text), digestOf(BASE), name)
  },
)

t.test('the lines in docs/check.md compute the digest of every preset', async (t) => {
  const page = readFileSync(join(projectRoot, 'docs/check.md'), 'utf8')
  const script = join(t.testdir(), 'digest.mjs')
  writeFileSync(script, /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
  const folder = join(projectRoot, 'configs')
  const plain = readdirSync(folder).filter((name) => {
    if (!/-r4\.json$|-stu3\.json$|-r5\.json$/.test(name)) return false
    try {
      JSON.parse(readFileSync(join(folder, name), 'utf8'))
      return true
    } catch {
      return false
    }
  })
  const generalize = join(t.testdirName, 'generalize.json')
  writeFileSync(
    generalize,
    '{"fhirPathRules":[{"path":"Patient.gender","method":"generalize","cases":{"$this=\'x\'":"\'y\'","a":"b"}}],"é\\u2028":[1.50,1e21]}',
  )
  for (const path of [...plain.map((name) => join(folder, name)), generalize])
    t.equal(
      execFileSync(process.execPath, [script, path], { encoding: 'utf8' }).trim(),
      digestOf(readFileSync(path, 'utf8')),
      path,
    )
})
