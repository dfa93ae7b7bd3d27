// Holds src/load/watch/ready-files.ts, src/load/watch/arrived-source.ts, src/load/watch/file-outcome.ts,
// src/load/watch/put-away.ts.
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sluiceError } from '../../../src/errors.js'
import { type WatchEvent, type WatchOptions, watch } from '../../../src/load/watch/watch.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import { FolderInbox } from '../../../src/storage/folder/folder-inbox.js'
import { virtualClock } from '../../support/virtual-clock.js'

/** A watched folder, and a load that counts the lines of what it is given. */
async function watched(t: Test, overrides: Partial<WatchOptions> = {}, hasShelves = true) {
  const folder = t.testdir()
  const path = join(folder, 'ndjson')
  await mkdir(path)
  const stop = new AbortController()
  const virtual = virtualClock()
  const loads: string[][] = []
  const events: WatchEvent[] = []
  /** What happens between two looks, one after the other; the watch ends after the last. */
  const steps: (() => Promise<void> | void)[] = []
  let failure: Error | undefined
  const clock = {
    ...virtual,
    async sleep(ms: number, signal: AbortSignal | undefined) {
      await virtual.sleep(ms, signal)
      const step = steps.shift()
      if (step === undefined) stop.abort()
      else await step()
    },
  }
  const shelf = (name: string) => new FolderInbox(join(folder, name))
  const run = () =>
    watch({
      places: [
        {
          inbox: new FolderInbox(path),
          source: folderSource(path),
          audit: 'audit.ndjson',
          errors: 'errors.ndjson',
          ...(hasShelves
            ? { shelves: { processed: shelf('ndjsonprocessed'), failed: shelf('ndjsonerr') } }
            : {}),
          async load(source, onItem) {
            if (failure !== undefined) throw failure
            const names: string[] = []
            const unreadable = []
            for await (const { name, version } of source.list(() => {})) {
              names.push(name)
              const lines = (await readFile(join(path, name), 'utf8')).split('\n').filter(Boolean)
              if (lines[0] === 'corrupt')
                unreadable.push({ item: name, code: 'SOURCE_CORRUPT', message: 'is damaged' })
              else {
                const failed = lines.filter((line) => line === 'bad').length
                const { length: read } = lines
                onItem({ name, version, read, loaded: read - failed, failed, ambiguous: 0, rejected: 0 })
              }
            }
            loads.push(names)
            return { unreadable }
          },
        },
      ],
      clock,
      everyMs: 10_000,
      settleMs: 2000,
      signal: stop.signal,
      onEvent: (event) => events.push(event),
      ...overrides,
    })
  return {
    folder,
    path,
    run,
    steps,
    loads,
    events,
    waits: virtual.waits,
    write: (name: string, text: string) => writeFile(join(path, name), text),
    fail: (error: Error | undefined) => {
      failure = error
    },
    files: (name: string) => readdir(join(folder, name)).then((names) => names.sort()),
  }
}

t.test('what arrives is loaded in order and put away', async (t) => {
  const place = await watched(t)
  await place.write('b.ndjson', '1\n2\n')
  await place.write('a.ndjson', '1\nbad\n')
  await place.write('c.ndjson', 'corrupt\n')
  await place.write('notes.txt', 'not for loading')
  await utimes(join(place.path, 'b.ndjson'), 1000, 1000)
  await utimes(join(place.path, 'a.ndjson'), 2000, 2000)
  await utimes(join(place.path, 'c.ndjson'), 3000, 3000)
  place.steps.push(() => {})
  await place.run()
  t.strictSame(place.loads, [['b.ndjson', 'a.ndjson', 'c.ndjson']], 'in the order of arrival, once')
  t.strictSame(await place.files('ndjson'), ['notes.txt'], 'other files stay')
  t.strictSame(await place.files('ndjsonprocessed'), ['b.ndjson.processed', 'b.ndjson.processed.result'])
  t.strictSame(await place.files('ndjsonerr'), [
    'a.ndjson.err',
    'a.ndjson.err.response',
    'c.ndjson.err',
    'c.ndjson.err.response',
  ])
  const result = JSON.parse(await readFile(join(place.folder, 'ndjsonerr/a.ndjson.err.response'), 'utf8'))
  t.match(result, {
    file: 'a.ndjson',
    read: 2,
    loaded: 1,
    failed: 1,
    audit: 'audit.ndjson',
    errors: 'errors.ndjson',
  })
  const corrupt = JSON.parse(await readFile(join(place.folder, 'ndjsonerr/c.ndjson.err.response'), 'utf8'))
  t.match(corrupt, { unreadable: { code: 'SOURCE_CORRUPT' } })
})

t.test('the places exist from the start', async (t) => {
  const place = await watched(t)
  await rm(place.path, { recursive: true })
  await place.run()
  t.strictSame(await place.files('.'), ['ndjson', 'ndjsonerr', 'ndjsonprocessed'])
})

t.test('a file that is still being written is not read', async (t) => {
  const place = await watched(t)
  await place.write('a.ndjson', '1\n')
  place.steps.push(
    () => place.write('a.ndjson', '1\n2\n'),
    () => place.write('a.ndjson', '1\n2\n3\n'),
    () => {},
  )
  await place.run()
  t.strictSame(place.loads, [['a.ndjson']])
  t.strictSame(place.waits.slice(0, 3), [2000, 2000, 2000], 'it looks again after the settling time')
  const text = await readFile(join(place.folder, 'ndjsonprocessed/a.ndjson.processed.result'), 'utf8')
  t.match(JSON.parse(text), { read: 3 })
})

t.test('without shelves a version is loaded once, and the next version again', async (t) => {
  const place = await watched(t, {}, false)
  await place.write('a.ndjson', '1\n')
  place.steps.push(
    () => {},
    () => {},
    () => place.write('a.ndjson', '1\n2\n'),
    () => {},
    () => {},
  )
  await place.run()
  t.strictSame(place.loads, [['a.ndjson'], ['a.ndjson']])
  t.strictSame(await place.files('ndjson'), ['a.ndjson'])
  t.match(
    place.events.map(({ event, read }) => [event, read]),
    [
      ['watch.loaded', 1],
      ['watch.loaded', 2],
    ],
  )
})

t.test('a file that arrives again under its name replaces nothing', async (t) => {
  const place = await watched(t)
  await place.write('a.ndjson', '1\n')
  place.steps.push(
    () => {},
    () => place.write('a.ndjson', '1\n2\n'),
    () => {},
  )
  await place.run()
  t.strictSame(await place.files('ndjsonprocessed'), [
    'a.ndjson-2.processed',
    'a.ndjson-2.processed.result',
    'a.ndjson.processed',
    'a.ndjson.processed.result',
  ])
})

t.test('a failure that may pass is told of and tried again after longer and longer pauses', async (t) => {
  const place = await watched(t)
  await place.write('a.ndjson', '1\n')
  place.fail(sluiceError('SERVICE_UNAVAILABLE', { at: 'https://fhir', message: 'does not answer' }))
  place.steps.push(
    () => {},
    () => {},
    () => {},
    () => place.fail(undefined),
  )
  await place.run()
  t.strictSame(place.waits.slice(0, 4), [2000, 20_000, 40_000, 80_000])
  t.strictSame(
    place.events.map(({ event }) => event),
    ['watch.failed', 'watch.failed', 'watch.failed', 'watch.loaded', 'watch.moved'],
  )
})

t.test('what another attempt cannot change ends the watch', async (t) => {
  const place = await watched(t)
  await place.write('a.ndjson', '1\n')
  place.fail(sluiceError('AUTH_FAILED', { at: 'https://fhir', message: 'refuses access' }))
  place.steps.push(() => {})
  await t.rejects(place.run(), { code: 'AUTH_FAILED' })
  t.strictSame(await place.files('ndjson'), ['a.ndjson'])
})

t.test('a file that cannot be moved holds up no other', async (t) => {
  const place = await watched(t)
  await place.write(`${'a'.repeat(245)}.ndjson`, '1\n')
  await place.write('b.ndjson', '1\n')
  await utimes(join(place.path, 'b.ndjson'), 4e9, 4e9)
  place.steps.push(() => {})
  await place.run()
  t.equal((await place.files('ndjson')).length, 1)
  t.match(await place.files('ndjsonprocessed'), ['b.ndjson.processed', 'b.ndjson.processed.result'])
  t.match(
    place.events.filter(({ event }) => event === 'watch.failed'),
    [{ item: /aaa/, code: /^SINK_/ }],
  )
})

t.test('a place that fails holds up no other', async (t) => {
  const folder = t.testdir({ a: { 'a.ndjson': '1\n' }, b: { 'b.ndjson': '1\n' } })
  const stop = new AbortController()
  const virtual = virtualClock()
  const loads: string[] = []
  const events: WatchEvent[] = []
  const placeAt = (name: string) => {
    const path = join(folder, name)
    return { inbox: new FolderInbox(path), source: folderSource(path), audit: 'audit', errors: 'errors' }
  }
  await watch({
    places: [
      {
        ...placeAt('a'),
        load: async () => {
          throw sluiceError('SYSTEM_ERROR', { at: 'a', message: 'the disk is full' })
        },
      },
      {
        ...placeAt('b'),
        async load(source) {
          for await (const { name } of source.list(() => {})) loads.push(name)
          return { unreadable: [] }
        },
      },
    ],
    clock: {
      ...virtual,
      async sleep(ms, signal) {
        await virtual.sleep(ms, signal)
        if (virtual.nowMs() > 100_000) stop.abort()
      },
    },
    everyMs: 10_000,
    settleMs: 2000,
    signal: stop.signal,
    onEvent: (event) => events.push(event),
  })
  t.strictSame(loads, ['b.ndjson'])
  t.strictSame(
    events.filter(({ event }) => event === 'watch.failed').map(({ waitMs }) => waitMs),
    [20_000, 40_000, 80_000],
  )
})
