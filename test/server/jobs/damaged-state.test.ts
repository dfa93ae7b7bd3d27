// Holds src/server/jobs/job-store.ts, src/server/catalog/item-ranges.ts.

import { copyFileSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { JobStore } from '../../../src/server/jobs/job-store.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import { firstOf } from '../../support/elements.js'
import { writeFiles } from '../../support/pipeline-run.js'
import { outcomeText, type Provider, provide, STORE } from '../provider.js'

const RECORD_BYTES = 40
const RUN_BYTES = 16

/** Polls until the job is over; its answer. */
async function answerOf({ ask }: Pick<Provider, 'ask'>, url: string): Promise<Response> {
  for (;;) {
    const response = await ask(url)
    if (response.status !== 202) return response
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('an index that lost lines fails the export, and is built anew at the next start', async (t) => {
  const folder = t.testdir()
  const stateFolder = join(folder, 'state')
  const source = folderSource(writeFiles(join(folder, 'data'), STORE))
  const provider = await provide(t, { stateFolder, source })
  await provider.export('/$export')
  const index = join(stateFolder, 'index')
  for (const name of readdirSync(index).filter((each) => each.endsWith('.lines')))
    truncateSync(join(index, name), RECORD_BYTES)
  const started = await provider.kickOff('/$export?_type=Patient&_since=2020-01-01')
  const failed = await answerOf(provider, started.headers.get('content-location') ?? '')
  t.equal(failed.status, 500)
  t.match(await outcomeText(failed), 'STATE_DAMAGED')
  await provider.server.close()
  const next = await provide(t, { stateFolder, source })
  t.equal((await next.export('/$export?_type=Patient&_since=2020-01-01')).lines.length, 4)
})

for (const [kind, query, code] of [
  ['raw', '', 'STATE_DAMAGED'],
  ['anonymized', '&_container=c&_anonymizationConfig=safe.json', 'SOURCE_INCOMPLETE'],
] as const)
  t.test(`a selection that lost lines is no complete export (${kind})`, async (t) => {
    const folder = t.testdir()
    const stateFolder = join(folder, 'state')
    const source = folderSource(writeFiles(join(folder, 'data'), STORE))
    const first = await provide(t, { stateFolder, source })
    await first.export(`/$export?_type=Observation${query}`)
    await first.server.close()
    const store = new JobStore(join(stateFolder, 'jobs'))
    const done = firstOf(await store.load())
    const half = { ...done, id: 'half-done', state: 'running' as const, output: [] }
    await store.save(half)
    for (const name of readdirSync(store.folderOf(done.id)).filter((each) => /runs$|selections/.test(each)))
      copyFileSync(join(store.folderOf(done.id), name), join(store.folderOf(half.id), name))
    const runs = readdirSync(store.folderOf(half.id)).find((name) => name.endsWith('.runs')) ?? ''
    truncateSync(join(store.folderOf(half.id), runs), RUN_BYTES)
    const next = await provide(t, { stateFolder, source })
    const status = `/_operations/export/${half.id}`
    const answer = await (await answerOf(next, status)).text()
    // An item that cannot be anonymized is an entry of the manifest's error.
    const errors = kind === 'raw' ? answer : await (await next.ask(`${status}/errors.ndjson`)).text()
    t.match(errors, code)
    t.notMatch(answer, '/Observation-')
  })
