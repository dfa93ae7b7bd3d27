import { join } from 'node:path'
import t, { type Test } from 'tap'
import { azureLake } from '../../src/storage/azure/output/azure-sink.js'
import { blobState } from '../../src/storage/azure/state/blob-state.js'
import { folderLake } from '../../src/storage/folder/folder.js'
import type { Lake } from '../../src/storage/store.js'
import { startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'
import { elementAt } from '../support/elements.js'

/** Every call opens the lake anew, as another process would. */
type Open = () => Lake

const FOLDERS = ['2026-11-21T0100Z-aaaaaaaa', '2026-11-22T0100Z-bbbbbbbb']

async function check(t: Test, open: Open): Promise<void> {
  const unlock = await open().state.lock()
  await open().state.write('runs.json', '[]')
  for (const folder of FOLDERS) {
    const sink = open().sink(folder)
    for (const name of ['run.json', 'Patient.ndjson', 'deep/er/Patient.ndjson']) await sink.put(name, 'text')
    for (const name of ['run.json', 'done/Patient.ndjson.json']) await sink.state.write(name, 'text')
    const release = await sink.state.lock()
    await release()
  }
  const [old, fresh] = [elementAt(FOLDERS, 0), elementAt(FOLDERS, 1)]
  await open().remove(old, 'run.json')
  await open().remove(old, 'run.json')
  const [gone, kept] = [open().sink(old), open().sink(fresh)]
  for (const name of ['run.json', 'Patient.ndjson', 'deep/er/Patient.ndjson']) {
    t.equal(await gone.get(name), undefined, `${name} is gone`)
    t.equal(await kept.get(name), 'text', `${name} of another run is there`)
  }
  t.equal(await gone.state.read('done/Patient.ndjson.json'), undefined)
  t.equal(await gone.state.read('run.json'), undefined)
  t.equal(await kept.state.read('done/Patient.ndjson.json'), 'text')
  t.equal(await open().state.read('runs.json'), '[]', "the lake's own state is there")
  for (const name of ['', '..', '../other', 'a/../../b'])
    await t.rejects(open().remove(name, 'run.json'), { code: 'SOURCE_UNUSABLE' }, `not "${name}"`)
  await unlock()
}

t.test('folder: a run is removed with its state, nothing else', async (t) => {
  const path = join(t.testdir(), 'lake')
  await check(t, () => folderLake(path))
})

t.test('blobs: a run is removed with its state, nothing else', async (t) => {
  const azurite = await startAzurite(t)
  const { container } = await newContainer(azurite, { role: 'sink' })
  const { container: states } = await newContainer(azurite, { role: 'sink' })
  const stateOf = (folder?: string) =>
    blobState({
      container: states,
      place: 'azurite://state',
      prefix: folder ? `${folder}/` : '',
      isShared: folder === undefined,
    })
  await check(t, () => azureLake({ container, place: 'azurite://lake', prefix: 'lake/', stateOf }))
})

t.test("blobs: the lake's own state lists those of no run", async (t) => {
  const azurite = await startAzurite(t)
  const { container } = await newContainer(azurite, { role: 'sink' })
  container.list = () => {
    throw new Error('listed')
  }
  const state = blobState({ container, place: 'azurite://state', prefix: '', isShared: true })
  const unlock = await state.lock()
  t.equal(await state.read('x'), undefined)
  t.equal(await state.bytesOf('x'), undefined)
  await state.write('x', 'text')
  t.equal(await state.read('x'), 'text')
  t.equal(await state.bytesOf('x'), 4)
  for (const keepBytes of [0, 4]) {
    const appender = await state.appender('h', keepBytes)
    await appender.append('one\n')
    await appender.flush()
    await appender.close()
  }
  t.equal(await state.read('h'), 'one\none\n')
  for (const forget of [state.remove, state.destroy]) {
    await state.write('x', 'secret')
    await forget('x')
    await forget('x')
    t.equal(await state.read('x'), undefined)
  }
  await unlock()
})
