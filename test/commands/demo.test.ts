import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { comparison } from '../../src/commands/patient-comparison.js'
import { projectRoot } from '../support/shared.js'

const run = promisify(execFile)
const cli = join(projectRoot, 'dist/src/cli.js')

t.test(
  'the demo leaves data, what became of it and a report, and shows one patient before and after',
  async (t) => {
    const folder = t.testdir()
    const { stdout } = await run(process.execPath, [cli, 'demo', '-o', folder, '--bytes', '300kB'])
    const names = await readdir(join(folder, 'data'))
    t.ok(names.includes('Patient.ndjson') && names.length > 10)
    t.same((await readdir(join(folder, 'anonymized'))).sort(), [...names, 'run.json'].sort())
    const lines = async (kind: string) =>
      (await readFile(join(folder, kind, 'Patient.ndjson'), 'utf8')).trimEnd().split('\n')
    const before = await lines('data')
    const after = await lines('anonymized')
    t.equal(before.length, after.length)
    t.match(stdout, /One patient before[\s\S]*"family"[\s\S]*and after/)
    t.notMatch(stdout.slice(stdout.indexOf('and after')), /"family"|"line"|"telecom"/)
    t.match(stdout, join(folder, 'anonymized'))
  },
)

t.test('the demo can be run again', async (t) => {
  const folder = t.testdir()
  for (const seed of ['1', '1', '2'])
    await run(process.execPath, [cli, 'demo', '-o', folder, '--bytes', '100kB', '--seed', seed])
  t.pass('three times')
})

t.test('a comparison marks what only one version has, with colour only where it is wanted', async (t) => {
  const before = JSON.stringify({ resourceType: 'Patient', id: 'a', gender: 'female', active: true })
  const after = JSON.stringify({ resourceType: 'Patient', id: 'b', gender: 'female' })
  const plain = comparison(before, after, { isColored: false })
  t.same(plain, [
    '',
    'One patient before',
    '  {',
    '    "resourceType": "Patient",',
    '-   "id": "a",',
    '    "gender": "female",',
    '-   "active": true',
    '  }',
    '',
    'and after',
    '  {',
    '    "resourceType": "Patient",',
    '+   "id": "b",',
    '    "gender": "female"',
    '  }',
  ])
  t.match(comparison(before, after, { isColored: true }).join('\n'), '\u001b[31m-   "id": "a",\u001b[0m')
})
