// Holds src/commands/demo/patient-comparison.ts, src/demo/files.ts.

import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { comparison } from '../../../src/commands/demo/patient-comparison.js'
import { firstOf } from '../../support/elements.js'
import { projectRoot } from '../../support/shared.js'
import { startSluice } from '../../support/sluice.js'

const run = promisify(execFile)
const cli = join(projectRoot, 'dist/src/cli.js')

t.test('the demo goes from a FHIR server into a lake, and shows what became of the patients', async (t) => {
  const folder = t.testdir()
  const { stdout } = await run(process.execPath, [cli, 'demo', '-o', folder, '--bytes', '300kB'])
  const names = await readdir(join(folder, 'data'))
  t.ok(names.includes('Patient.1.ndjson') && names.length > 10)
  const runs = await readdir(join(folder, 'lake'))
  t.equal(runs.length, 1)
  const lake = join(folder, 'lake', firstOf(runs))
  t.same((await readdir(lake)).sort(), [...names, 'run.json'].sort())
  const lines = async (place: string) =>
    (await readFile(join(place, 'Patient.1.ndjson'), 'utf8')).trimEnd().split('\n')
  t.equal((await lines(join(folder, 'data'))).length, (await lines(lake)).length)
  t.notMatch((await lines(lake)).join(), /"family"|"line"|"telecom"/)
  t.match(stdout, /a FHIR server that exports them: http:\/\/127\.0\.0\.1:\d+\/fhir/)
  t.match(stdout, /0 quarantined, 0 blank\n(?:.* reached nothing.*\n)?report: .*run\.json\n/)
  t.match(stdout, /One patient before[\s\S]*"family"[\s\S]*and after/)
  t.notMatch(stdout.slice(stdout.indexOf('and after')), /"family"|"line"|"telecom"/)
  t.match(stdout, `after:  ${lake}`)
  t.match(stdout, `page:   ${join(folder, 'report.html')}`)
  t.match(await readFile(join(folder, 'report.html'), 'utf8'), /<html[\s\S]*Patient/)
  const state = await readdir(join(folder, 'data.sluice-serve', 'jobs')).catch(() => [])
  t.same(state, [], 'the export is released')
})

t.test('the demo can be run again, and its pipeline too, as it says', async (t) => {
  const folder = t.testdir()
  let said = ''
  for (const seed of ['1', '1', '2'])
    said = (await run(process.execPath, [cli, 'demo', '-o', folder, '--bytes', '100kB', '--seed', seed]))
      .stdout
  t.equal((await readdir(join(folder, 'lake'))).length, 3)
  const [, serve = '', pipeline = ''] =
    /again: {2}node dist\/src\/cli\.js (serve .*) & node dist\/src\/cli\.js (run .*)/.exec(said) ?? []
  const server = startSluice(serve.split(' '))
  await server.saw('server.listening')
  const { stdout } = await run(process.execPath, [cli, ...pipeline.split(' ')])
  server.child.kill('SIGTERM')
  await server.finished
  t.match(stdout, /removed: /, 'the oldest of four')
  t.equal((await readdir(join(folder, 'lake'))).length, 3)
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
