import { execFile } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { projectRoot } from '../support/shared.js'

const run = promisify(execFile)
const bench = (name: string, ...args: string[]) =>
  run(process.execPath, [join(projectRoot, `dist/bench/${name}.js`), ...args], { maxBuffer: 1 << 26 })

t.test('generate writes one file per type, of the size asked for', async (t) => {
  const out = t.testdir()
  await bench('generate', '--out', out, '--bytes', '500kB', '--types', 'Patient=1,Observation=20')
  t.same((await readdir(out)).sort(), ['Observation.ndjson', 'Patient.ndjson'])
  const sizes = await Promise.all(
    (await readdir(out)).map(async (name) => (await stat(join(out, name))).size),
  )
  t.ok(Math.abs(sizes.reduce((a, b) => a + b, 0) / 500_000 - 1) < 0.1)
})

t.test('generate --multiply copies real files with other ids', async (t) => {
  const folder = t.testdir({ in: {}, out: {} })
  const line = '{"resourceType":"Patient","id":"3b1a9cb0-e3d3-4bce-8b20-864c3dc7e8c0"}\n'
  await writeFile(join(folder, 'in/Patient.ndjson'), line)
  await bench('generate', '--out', join(folder, 'out'), '--bytes', '10kB', '--multiply', join(folder, 'in'))
  const lines = (await readFile(join(folder, 'out/Patient.ndjson'), 'utf8')).trimEnd().split('\n')
  t.ok(lines.length > 100)
  t.equal(new Set(lines).size, lines.length)
})

t.test('generate says what it does not understand', async (t) => {
  for (const args of [
    ['--bytes', 'much'],
    ['--types', 'Pet=1'],
  ])
    await t.rejects(bench('generate', '--out', t.testdir(), ...args))
})

t.test('engine prints JSON and a table', async (t) => {
  const { stdout } = await bench('engine', '--rounds', '1', '--only', 'safe-harbor-stu3')
  const { results } = JSON.parse(stdout.split('\n')[0] as string)
  t.match(results, [{ name: 'safe-harbor-stu3', rejectedCount: 0 }])
  t.match(stdout, /\| safe-harbor-stu3 +\|/)
})

t.test('end-to-end compares with the readline loop and the copy loop', async (t) => {
  const { stdout } = await bench('end-to-end', '--bytes', '1MB', '--rounds', '1', '--workers', '1')
  const { rows } = JSON.parse(stdout.split('\n')[0] as string)
  t.match(rows, [
    { name: 'readline, parse, stringify, write', againstLoop: { min: 1 } },
    { name: 'read, write, flush', processorAgainstCopy: { min: 1 } },
    { name: '1 worker', againstLoop: { rounds: 1 }, processorAgainstCopy: { rounds: 1 } },
  ])
  t.ok(rows[2].processorAgainstCopy.min > 1)
  t.match(stdout, /\| ÷ copy \|/)
})
