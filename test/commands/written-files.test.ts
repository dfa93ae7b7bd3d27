import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { verbRun } from '../support/verb-run.js'

const patient = '{"resourceType":"Patient","id":"a"}\n'
const config = JSON.stringify({ fhirVersion: 'R4', fhirPathRules: [{ path: 'Patient.id', method: 'keep' }] })

function place(t: Test): string {
  const folder = t.testdir({
    in: { 'a.ndjson': patient },
    'c.json': config,
    'hash.key': 'secret',
    old: { 'page.html': '<!doctype html><p>', 'run.prom': '# HELP a b\n', empty: '' },
  })
  mkdirSync(join(folder, 'folder'))
  symlinkSync(join(folder, 'in', 'a.ndjson'), join(folder, 'symbolic'))
  linkSync(join(folder, 'in', 'a.ndjson'), join(folder, 'hard'))
  symlinkSync(join(folder, 'c.json'), join(folder, 'to-config'))
  return folder
}

const VICTIMS = [
  'in/a.ndjson',
  'in/new.prom',
  'c.json',
  'hash.key',
  'folder',
  'symbolic',
  'hard',
  'to-config',
  'out/a.ndjson',
  'out/run.json',
  'out.sluice/lock',
] as const

t.test(
  'a metrics file that names what the run reads, writes or keeps is refused before anything starts',
  async (t) => {
    const folder = place(t)
    const at = (name: string) => join(folder, name)
    const words = ['anonymize', '-i', at('in'), '-o', at('out'), '-c', at('c.json')]
    for (const victim of VICTIMS) {
      const { exitCode, stderr } = await verbRun([...words, '--metrics-file', at(victim)])
      t.equal(exitCode, 2, `${victim}: ${stderr}`)
      t.match(stderr, /--metrics-file/, victim)
      t.equal(readFileSync(at('in/a.ndjson'), 'utf8'), patient)
      t.equal(readFileSync(at('c.json'), 'utf8'), config)
      t.equal(readFileSync(at('hash.key'), 'utf8'), 'secret')
      t.throws(() => readFileSync(at('out/a.ndjson')), victim)
    }
  },
)

const INSIDE = ['out/new.prom', 'out.sluice/new.prom', 'state/new.prom', 'c.json'] as const

t.test('export and run refuse a metrics file in their output or state before anything starts', async (t) => {
  const folder = place(t)
  const at = (name: string) => join(folder, name)
  for (const inside of INSIDE) {
    const words = ['export', '--from', 'http://127.0.0.1:1/fhir', '--to', at('out'), '-c', at('c.json')]
    const exported = await verbRun([...words, '--state', at('state'), '--metrics-file', at(inside)])
    t.equal(exported.exitCode, 2, `${inside}: ${exported.stderr}`)
    t.match(exported.stderr, /--metrics-file/, inside)

    const pipeline = {
      source: { store: 'in' },
      anonymizer: { config: 'c.json' },
      sink: { store: 'out', state: 'state' },
      metrics: { file: inside },
    }
    writeFileSync(at('pipeline.json'), JSON.stringify(pipeline))
    const ran = await verbRun(['run', at('pipeline.json')])
    t.equal(ran.exitCode, 2, `${inside}: ${ran.stderr}`)
    t.match(ran.stderr, /metrics\.file/, inside)
    for (const name of ['out', 'out.sluice', 'state']) t.notOk(existsSync(at(name)), `${inside}: ${name}`)
    t.equal(readFileSync(at('c.json'), 'utf8'), config)
  }
  const outside = { source: { store: 'in' }, anonymizer: { config: 'c.json' }, sink: { store: 'out' } }
  writeFileSync(at('pipeline.json'), JSON.stringify({ ...outside, metrics: { file: 'new.prom' } }))
  t.equal((await verbRun(['run', at('pipeline.json')])).exitCode, 0)
  t.match(readFileSync(at('new.prom'), 'utf8'), /^# (HELP|TYPE) /)
})

t.test('an earlier metrics file, an empty one and a new one are written', async (t) => {
  const folder = place(t)
  const at = (name: string) => join(folder, name)
  for (const name of ['old/run.prom', 'old/empty', 'new.prom']) {
    const words = [
      'anonymize',
      '-i',
      at('in'),
      '-o',
      at('out'),
      '-c',
      at('c.json'),
      '--metrics-file',
      at(name),
    ]
    t.equal((await verbRun(words)).exitCode, 0, name)
    t.match(readFileSync(at(name), 'utf8'), /^# (HELP|TYPE) /, name)
  }
})

t.test('the page of a comparison replaces an earlier page only', async (t) => {
  const folder = place(t)
  const at = (name: string) => join(folder, name)
  await verbRun(['anonymize', '-i', at('in'), '-o', at('out'), '-c', at('c.json')])
  for (const victim of [
    'in/a.ndjson',
    'in/new.html',
    'out.sluice/new.html',
    'out/a.ndjson',
    'c.json',
    'hash.key',
    'symbolic',
    'hard',
    'folder',
  ]) {
    const { exitCode, stderr } = await verbRun(['diff', at('in'), at('out'), '--html', at(victim)])
    t.equal(exitCode, 2, `${victim}: ${stderr}`)
    t.equal(readFileSync(at('in/a.ndjson'), 'utf8'), patient)
  }
  for (const name of ['old/page.html', 'new.html']) {
    t.equal((await verbRun(['diff', at('in'), at('out'), '--html', at(name)])).exitCode, 0, name)
    t.match(readFileSync(at(name), 'utf8'), /^<!doctype html>/, name)
  }
})

t.test('--quarantine-exit 0 ends a run with quarantined lines with 0, and no other failure', async (t) => {
  const folder = place(t)
  const at = (name: string) => join(folder, name)
  writeFileSync(at('in/b.ndjson'), `${patient}no resource\n`)
  const words = (output: string, ...more: string[]) =>
    ['anonymize', '-i', at('in'), '-o', at(output), '-c', at('c.json'), ...more] as const
  t.equal((await verbRun(words('plain'))).exitCode, 10)
  t.equal((await verbRun(words('ten', '--quarantine-exit', '10'))).exitCode, 10)
  t.equal((await verbRun(words('zero', '--quarantine-exit', '0'))).exitCode, 0)
  const report = JSON.parse(readFileSync(at('zero/run.json'), 'utf8')) as { lines: { quarantined: number } }
  t.equal(report.lines.quarantined, 1, 'the report still counts it')
  t.equal((await verbRun(words('five', '--quarantine-exit', '5'))).exitCode, 2)
  t.equal((await verbRun(words('max', '--quarantine-exit', '0', '--max-quarantined', '0'))).exitCode, 3)

  const pipeline = (name: string, quarantineExit: unknown) => {
    const file = at(`${name}.json`)
    const text = {
      source: { store: at('in') },
      anonymizer: { config: at('c.json') },
      sink: { store: at(`lake-${name}`) },
      limits: { quarantineExit },
    }
    writeFileSync(file, JSON.stringify(text))
    return ['run', file] as const
  }
  t.equal((await verbRun(pipeline('p-default', undefined))).exitCode, 10)
  t.equal((await verbRun(pipeline('p-zero', 0))).exitCode, 0)
  t.equal((await verbRun(pipeline('p-bad', 3))).exitCode, 2)
})
