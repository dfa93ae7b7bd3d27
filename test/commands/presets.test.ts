import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { presetConfigs } from '../../src/commands/serve/configurations.js'
import { firstOf } from '../support/elements.js'
import { sluice } from '../support/sluice.js'

const PATIENT = '{"resourceType":"Patient","id":"p1","active":true,"name":[{"family":"Doe"}]}\n'

/** A folder far from the project, with one file to anonymize. */
const elsewhere = (t: Test, files: Readonly<Record<string, string>> = {}): string =>
  t.testdir({ in: { 'Patient.ndjson': PATIENT }, ...files })

const outputIn = (cwd: string): string => readFileSync(join(cwd, 'out', 'Patient.ndjson'), 'utf8')

t.test('anonymize takes a preset by name from any folder', async (t) => {
  const cwd = elsewhere(t)
  const { exitCode, stderr } = await sluice(['anonymize', '-i', 'in', '-o', 'out', '-c', 'safe-harbor-r4'], {
    cwd,
  })
  t.equal(exitCode, 0, stderr)
  t.notMatch(outputIn(cwd), 'Doe')
})

t.test('a file of the preset’s name wins', async (t) => {
  const cwd = elsewhere(t, {
    'safe-harbor-r4': '{"fhirVersion":"R4","fhirPathRules":[{"path":"Patient.active","method":"redact"}]}',
  })
  const words = ['anonymize', '-i', 'in', '-o', 'out', '-c', 'safe-harbor-r4']
  t.equal((await sluice(words, { cwd })).exitCode, 0)
  t.match(outputIn(cwd), 'Doe')
  t.notMatch(outputIn(cwd), 'active')
})

t.test('lint takes a preset by name, as a word or as an option', async (t) => {
  const cwd = elsewhere(t)
  const asWord = await sluice(['lint', 'safe-harbor-r4'], { cwd })
  t.equal(asWord.exitCode, 0)
  t.match(asWord.stdout, /^safe-harbor-r4: 0 problems/m)
  t.same(await sluice(['lint', '-c', 'safe-harbor-r4'], { cwd }), asWord)
  t.match(await sluice(['lint', 'safe-harbor-r4', '-c', 'research-r4'], { cwd }), {
    exitCode: 2,
    stderr: /one configuration/,
  })
})

t.test('a pipeline file names a preset, and resolves other names beside itself', async (t) => {
  const pipeline = (config: string) =>
    JSON.stringify({ source: { store: 'in' }, sink: { store: 'lake' }, anonymizer: { config } })
  const cwd = elsewhere(t, {
    'preset.json': pipeline('safe-harbor-stu3'),
    'unknown.json': pipeline('safe-harbour-r4'),
  })
  const lint = (name: string) => sluice(['lint', join(cwd, name)], { cwd: '/' })
  const found = await lint('preset.json')
  t.notMatch(found.stdout + found.stderr, 'cannot be read')
  t.match(found.stdout, /0 problems|random-key-in-series/)
  t.match(await lint('unknown.json'), {
    exitCode: 2,
    stderr: /safe-harbour-r4: the configuration cannot be read: .*name a preset: /,
  })
})

t.test('an unknown name is an error that lists the presets', async (t) => {
  const cwd = elsewhere(t)
  for (const words of [
    ['anonymize', '-i', 'in', '-o', 'out', '-c', 'safe-harbour-r4'],
    ['lint', 'safe-harbour-r4'],
    ['export', '--from', 'http://127.0.0.1:9/fhir', '--to', 'out', '-c', 'safe-harbour-r4'],
    ['decrypt', '-c', 'safe-harbour-r4', 'x'],
  ])
    t.match(
      await sluice(words, { cwd }),
      {
        exitCode: 2,
        stderr:
          /safe-harbour-r4.*name a preset: limited-data-set-r4, research-r4, research-r5, safe-harbor-r4, /,
      },
      firstOf(words),
    )
})

t.test('a server with a preset for --configs offers that preset and nothing else', async (t) => {
  const configs = presetConfigs('safe-harbor-r4', { fhirVersion: 'R4' })
  if (configs === undefined) return t.fail('safe-harbor-r4 is a preset')
  const load = (config: string) => configs.load({ config, container: 'c' })
  t.match(await load('safe-harbor-r4'), { digest: /^[0-9a-f]{64}$/ })
  t.match(await load('safe-harbor-r4.json'), { digest: /^[0-9a-f]{64}$/ })
  for (const other of ['research-r4', 'research-r4.json', '../package.json', 'auth/smart.json'])
    await t.rejects(load(other), /not found/, other)
  t.equal(await configs.hasCollection('registry/name:tag'), false)
  t.equal(presetConfigs('safe-harbour-r4', { fhirVersion: 'R4' }), undefined)
})

t.test('a folder that cannot be read as a file says nothing about presets', async (t) => {
  const cwd = elsewhere(t)
  writeFileSync(join(cwd, 'c.json'), '{')
  t.notMatch((await sluice(['lint', 'in'], { cwd })).stderr, 'name a preset')
  t.notMatch((await sluice(['lint', 'c.json'], { cwd })).stderr, 'name a preset')
})
