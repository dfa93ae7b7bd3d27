// Holds src/server/turns.ts.

import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { filterTest, parseFilter } from '../../../src/server/query/search.js'
import { type Running, startSluice } from '../../support/sluice.js'
import { clientOf, finish, outcomeText, type Provider, parametersOf, provide } from '../provider.js'

// The machine may be busy with other tests: what is looked for are standstills of many seconds.
const AT_ONCE_MS = 3000
const LINES = 25_000
const MEMBERS = 100_000
const GROUPS = 100_000

interface Process extends Pick<Provider, 'ask' | 'kickOff' | 'export'> {
  readonly running: Running
}

/** A server as a process of its own, over many observations and a group of very many members. */
async function serve(t: { teardown(end: () => void): unknown }): Promise<Process> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-heavy-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const observation = (at: number): string =>
    `{"resourceType":"Observation","id":"o${at}","status":"final","code":{"coding":[{"system":"s","code":"c${at}"}]},"subject":{"reference":"Patient/p${at % 100}"}}\n`
  writeFileSync(
    join(data, 'Observation.ndjson'),
    Array.from({ length: LINES }, (_, at) => observation(at)).join(''),
  )
  writeFileSync(join(data, 'Patient.ndjson'), '{"resourceType":"Patient","id":"p1"}\n')
  const member = Array.from({ length: MEMBERS }, (_, at) => ({ entity: { reference: `Patient/p${at}` } }))
  const nested = Array.from({ length: MEMBERS }, (_, at) => ({ entity: { reference: `Group/missing${at}` } }))
  writeFileSync(
    join(data, 'Group.ndjson'),
    `${JSON.stringify({ resourceType: 'Group', id: 'huge', member })}\n` +
      `${JSON.stringify({ resourceType: 'Group', id: 'nested', member: nested })}\n`,
  )
  writeFileSync(
    join(data, 'Groups.ndjson'),
    Array.from({ length: GROUPS }, (_, at) => `{"resourceType":"Group","id":"g${at}"}\n`).join(''),
  )
  const running = startSluice(['serve', '--port', '0', '--polls-per-minute', '60000', '--data', data])
  t.teardown(() => {
    running.child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const text = await running.saw('server.ready')
  return { running, ...clientOf(/"baseUrl":"([^"]+)"/.exec(text)?.[1] ?? '') }
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const begun = performance.now()
  const value = await work()
  return { ms: performance.now() - begun, value }
}

/** The longest time that an answer took while something else went on. */
async function maxWait(ask: Process['ask'], until: Promise<unknown>): Promise<number> {
  let isOver = false
  void until.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  let longest = 0
  while (!isOver) longest = Math.max(longest, (await timed(() => ask('/metadata').then((r) => r.text()))).ms)
  return longest
}

const string = (name: string, valueString: string): object => ({ name, valueString })
const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

/** Each asks for more than anybody needs, in another way. */
const EXCESSIVE: readonly (readonly [string, RequestInit])[] = [
  [
    'filters in one value',
    parametersOf(string('_typeFilter', times(40_000, () => 'Patient?_id=1').join(','))),
  ],
  ['filters in values', parametersOf(...times(9000, () => string('_typeFilter', 'Patient?_id=1')))],
  ['conditions', parametersOf(string('_typeFilter', `Patient?${times(60_000, () => '_id=1').join('&')}`))],
  ['values', parametersOf(string('_typeFilter', `Patient?_id=${times(174_665, (at) => at).join(',')}`))],
  ['types', parametersOf(string('_type', times(100_000, () => 'Patient').join(',')))],
  ['types in values', parametersOf(...times(9000, () => string('_type', 'Patient')))],
  ['elements', parametersOf(string('_elements', times(100_000, (at) => `x${at}`).join(',')))],
  ['parameters', parametersOf(...times(12_000, (at) => string(`p${at}`, 'x')))],
  ['parameters that are left out', parametersOf(...times(9000, (at) => string(`p${at}`, 'x')))],
  [
    'patients',
    parametersOf(
      ...times(10_001, (at) => ({ name: 'patient', valueReference: { reference: `Patient/${at}` } })),
    ),
  ],
  ['codes', parametersOf(string('includeAssociatedData', times(100_000, () => 'x').join(',')))],
  [
    'a body that is deep',
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '['.repeat(1_000_000) },
  ],
  ['commas', parametersOf(string('_typeFilter', `Observation?code=${','.repeat(900_000)}`))],
  ['backslashes', parametersOf(string('_typeFilter', `Observation?code=${'\\'.repeat(400_000)}|`))],
  ['a date without end', parametersOf(string('_since', '2'.repeat(900_000)))],
  ['a container without end', parametersOf(string('_container', 'a/'.repeat(400_000)))],
]

t.test('a request that asks for too much is refused at once, whatever it asks for', async (t) => {
  const provider = await provide(t)
  for (const [name, init] of EXCESSIVE)
    for (const prefer of ['respond-async', 'respond-async, handling=lenient']) {
      const headers = { ...(init.headers as Record<string, string>), prefer }
      const { ms, value } = await timed(() => provider.kickOff('/Patient/$export', { ...init, headers }))
      // A filter that is not understood may be left out; what is too much is refused all the same.
      const mayBeLeftOut = prefer.includes('lenient') && ['commas', 'backslashes'].includes(name)
      t.ok([400, 413, ...(mayBeLeftOut ? [202] : [])].includes(value.status), `${name}: ${value.status}`)
      t.ok((await outcomeText(value)).length < 4000, `${name}: a short answer`)
      t.ok(ms < AT_ONCE_MS, `${name}: ${Math.round(ms)} ms`)
    }
})

const filters = (count: number): object[] =>
  times(count, (at) => string('_typeFilter', `Observation?code=x${at},y${at}&status=final,amended`))

const HEAVY: readonly (readonly [string, string, RequestInit])[] = [
  ['as many filters as are allowed', '/$export', parametersOf(...filters(490))],
  [
    'as many values as are allowed',
    '/$export',
    parametersOf(string('_typeFilter', `Observation?code=${times(9900, (at) => `c${at * 7}`).join(',')}`)),
  ],
  [
    'as many elements as are allowed',
    '/$export',
    parametersOf(string('_elements', 'id,status'), string('_type', 'Observation')),
  ],
  ['a group of very many members', '/Group/huge/$export', parametersOf()],
  ['a group of very many missing groups', '/Group/nested/$export', parametersOf()],
]

t.test('while the heaviest exports run, others are answered, and each can be deleted', async (t) => {
  const { ask, kickOff, running } = await serve(t)
  for (const [name, path, init] of HEAVY) {
    const done = (async () => {
      const response = await kickOff(path, init)
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
      return finish(ask, response.headers.get('content-location') ?? '')
    })()
    const longest = await maxWait(ask, done)
    t.ok((await done).manifest.output.length >= 0, name)
    t.ok(longest < AT_ONCE_MS, `${name}: the longest answer took ${Math.round(longest)} ms`)
    const again = await kickOff(path, init)
    const url = again.headers.get('content-location') ?? ''
    const { ms, value } = await timed(() => ask(url, { method: 'DELETE' }))
    t.equal(value.status, 202, `${name}: deleted`)
    t.ok(ms < AT_ONCE_MS, `${name}: in ${Math.round(ms)} ms`)
  }
  const searched = ask('/Group?name=none').then((response) => response.json() as Promise<{ total: number }>)
  const longest = await maxWait(ask, searched)
  t.equal((await searched).total, 0)
  t.ok(
    longest < AT_ONCE_MS,
    `a search of very many groups: the longest answer took ${Math.round(longest)} ms`,
  )
  await kickOff('/$export', parametersOf(...filters(490)))
  const { ms } = await timed(async () => {
    running.child.kill('SIGTERM')
    await once(running.child, 'exit')
  })
  t.ok(ms < AT_ONCE_MS, `SIGTERM ended it in ${Math.round(ms)} ms`)
})

t.test('a filter of thousands of values finds what one of few finds', async (t) => {
  const values = times(5000, (at) => `c${at}`).join(',')
  const resource = (code: object, more: object = {}) => ({
    resourceType: 'Observation',
    code: { coding: [code] },
    ...more,
  })
  const test = filterTest([parseFilter(`Observation?code=${values},s|x,t|,|plain`)])
  for (const [code, expected] of [
    [{ code: 'c4999' }, true],
    [{ system: 'any', code: 'c0' }, true],
    [{ code: 'c5000' }, false],
    [{ system: 's', code: 'x' }, true],
    [{ system: 'other', code: 'x' }, false],
    [{ system: 't', code: 'anything' }, true],
    [{ code: 'plain' }, true],
    [{ system: 's', code: 'plain' }, false],
  ] as const)
    t.equal(test(resource(code)), expected, JSON.stringify(code))
  const subjects = filterTest([
    parseFilter(`Observation?subject=${times(5000, (at) => `Patient/p${at}`).join(',')},q1`),
  ])
  for (const [reference, expected] of [
    ['Patient/p4999', true],
    ['https://example.org/Patient/p1/_history/2', true],
    ['urn:uuid:p7', true],
    ['Group/q1', true],
    ['Group/p1', false],
    [`${'/_history/'.repeat(100_000)}\n`, false],
  ] as const) {
    const { ms, value } = await timed(async () => subjects(resource({}, { subject: { reference } })))
    t.equal(value, expected, reference.slice(0, 40))
    t.ok(ms < AT_ONCE_MS)
  }
})
