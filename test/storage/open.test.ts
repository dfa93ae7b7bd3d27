import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createRetry } from '../../src/http/retry.js'
import type { StoreAccess } from '../../src/storage/access.js'
import { blobState } from '../../src/storage/azure/state/blob-state.js'
import { folderLake } from '../../src/storage/folder/folder.js'
import { openLake, openLoadState } from '../../src/storage/open.js'
import { startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'

const ACCESS: StoreAccess = { credentials: () => ({ accounts: [] }), retry: createRetry({}) }

t.test('the state of a folder must not lie in it, whatever the paths', async (t) => {
  const place = t.testdir()
  const out = join(place, 'out')
  mkdirSync(out)
  symlinkSync(out, join(place, 'link'))
  for (const state of [
    out,
    `${out}/`,
    join(out, 'state'),
    join(out, 'a', 'b'),
    join(place, 'link', 'state'),
  ]) {
    await t.rejects(openLake(out, ACCESS, { state }), { code: 'USAGE' }, state)
    await t.rejects(openLake(join(place, 'link'), ACCESS, { state }), { code: 'USAGE' }, `a link, ${state}`)
  }
  for (const state of [`${out}-state`, join(place, 'state'), join(place, 'link.state')])
    t.equal((await openLake(out, ACCESS, { state })).state.place, state)
})

t.test('the state of a load lies beside its source, never in it, and apart for each server', async (t) => {
  const place = t.testdir()
  const source = join(place, 'in')
  mkdirSync(source)
  symlinkSync(source, join(place, 'link'))
  const stateAt = async (address: string, target: string, state?: string) =>
    (await openLoadState(address, ACCESS, { target, state })).place
  t.equal(await stateAt(source, 'a'), join(place, 'in.load', 'a'))
  t.equal(await stateAt(`${source}/`, 'b'), join(place, 'in.load', 'b'))
  t.equal(await stateAt(join(source, 'x.ndjson'), 'a'), join(source, 'x.ndjson.load', 'a'))
  for (const state of [source, join(source, 'state'), join(place, 'link', 'state')])
    await t.rejects(stateAt(source, 'a', state), { code: 'USAGE' }, state)
  const given = join(place, 'state')
  const first = await stateAt(source, 'a', given)
  t.equal(await stateAt(join(place, 'link'), 'a', given), first, 'the same source by a link')
  t.not(await stateAt(join(place, 'other'), 'a', given), first, 'sources do not share a state')
})

const BOOT_ID = '/proc/sys/kernel/random/boot_id'
t.test('outputs in a folder are trusted as far as this machine was not booted since', async (t) => {
  const azurite = await startAzurite(t)
  const { container } = await newContainer(azurite, { role: 'sink' })
  const stateOf = () => blobState({ container, place: 'azurite://state', prefix: '' })
  const { state } = folderLake(join(t.testdir(), 'out'), stateOf).sink('')
  t.equal(await state.bootId(), readFileSync(BOOT_ID, 'utf8').trim())
})
