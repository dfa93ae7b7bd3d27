import t from 'tap'
import { isOfLoadState, lockLoadState, settleTarget, targetName } from '../../src/load/target.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'

const source = memorySource(new MemoryContent('in'))

t.test('a server has one name, however its address is spelled', async (t) => {
  const name = targetName('https://fhir.example.org/r4')
  t.match(name, /^fhir\.example\.org-[0-9a-f]{8}$/)
  t.equal(targetName('https://FHIR.example.org:443/r4/'), name)
  for (const other of [
    'http://fhir.example.org/r4',
    'https://fhir.example.org/R4',
    'https://fhir.example.org:8/r4',
  ])
    t.not(targetName(other), name, other)
  t.match(targetName('http://[::1]:8080/fhir'), /^1-[0-9a-f]{8}$|^::1-|^--1/, 'is a name of a folder')
  t.throws(() => targetName('fhir.example.org'), { code: 'USAGE' })
})

t.test('files of a state are known by their place', async (t) => {
  for (const name of ['a.ndjson.load/h-0123abcd/audit.ndjson', 'x/a.json.load/fhir.org-0123abcd/report.json'])
    t.ok(isOfLoadState(name), name)
  for (const name of [
    'a.load/x.ndjson',
    'audit.ndjson',
    'a.load/h-0123abcd/x/y.ndjson',
    'aload/h-0123abcd/y.json',
  ])
    t.notOk(isOfLoadState(name), name)
})

t.test('a state is for one server and one configuration', async (t) => {
  const { state } = memorySink(new MemoryContent())
  const plan = (fingerprint: string) => ({
    fingerprint,
    newRunSecrets: () => ({ asOf: '2026-11-30', keys: {} }),
    settle: () => t.fail('is not settled') as never,
  })
  await settleTarget('https://a.example/', { source, state })
  await settleTarget('https://a.example/', { source, state })
  await t.rejects(settleTarget('https://b.example/', { source, state }), {
    code: 'USAGE',
    message: /a\.example/,
  })
  await t.rejects(settleTarget('https://a.example/', { source, state, plan: plan('x') }), { code: 'USAGE' })
  const other = memorySink(new MemoryContent()).state
  await settleTarget('https://a.example/', { source, state: other, plan: plan('x') })
  await settleTarget('https://a.example/', { source, state: other, plan: plan('x') })
  for (const wrong of [plan('y'), undefined])
    await t.rejects(settleTarget('https://a.example/', { source, state: other, plan: wrong }), {
      code: 'USAGE',
    })
})

t.test('a state that cannot be written says what to do', async (t) => {
  // A file where a folder belongs: nothing can be written below it, not even by root.
  const place = t.testdir({ in: 'a file' })
  const state = folderState(`${place}/in/state`)
  await t.rejects(lockLoadState({ source, state, base: '' }), { code: /^SINK_/, message: /--state/ })
})
