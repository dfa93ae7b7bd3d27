import { join } from 'node:path'
import type { Test } from 'tap'
import { sluice, startSluice } from '../support/sluice.js'
import { compareWithExport } from './comparison.js'
import { filesByType, type Line, syntheaPatients } from './corpus.js'
import { exported, load, type Place, writeFiles } from './place.js'

const MAX_RUNS = 5

/** Kills a load by bundles and one by `$import`, and runs them again: nothing is lost, and nothing is counted twice. */
export async function killedLoads(t: Test, place: Place): Promise<void> {
  const before = await exported(t, place, 'before-killed')
  const batches = syntheaPatients(place.synthea, 16, 18)
  const imported = syntheaPatients(place.synthea, 18, 20)

  await t.test('killed between bundles', async (t) => {
    const words = [input(place, 'killed', batches), '--to', place.base, '--order', 'types']
    await killedAt(t, [...words, '--batch-size', '20'], '"event":"item.loaded","item":"Condition')
    t.same(await load(t, words), { read: batches.length, loaded: batches.length, failed: 0, ambiguous: 0 })
  })

  await t.test('killed while HAPI imports', async (t) => {
    const stage = ['--via', 'import', '--stage', join(place.folder, 'killed-stage')]
    const words = [input(place, 'killed-import', imported), '--to', place.base, ...stage]
    const served = [...words, '--serve-at', '127.0.0.1:0', '--json']
    await killedAt(t, served, '"event":"import.started"')
    // HAPI may have missed the files; then it fails the job, and another run starts a new one.
    let run = await sluice(['load', ...served])
    for (let runs = 1; run.exitCode !== 0 && runs < MAX_RUNS; runs += 1)
      run = await sluice(['load', ...served, ...(run.exitCode === 10 ? ['--retry-errors'] : [])])
    t.equal(run.exitCode, 0, 'load ends with 0', { stderr: run.stderr, stdout: run.stdout })
    const { read, loaded } = JSON.parse(run.stdout) as { readonly read: number; readonly loaded: number }
    t.same({ read, loaded }, { read: imported.length, loaded: imported.length })
  })

  const after = await exported(t, place, 'after-killed')
  const wanted = new Set(
    [...batches, ...imported].map(({ resource }) => `${resource.resourceType}/${resource.id}`),
  )
  const isNew = ([address]: readonly [string, Line]): boolean => wanted.has(address) || !before.has(address)
  compareWithExport(t, [...batches, ...imported], new Map([...after].filter(isNew)))
}

const input = ({ folder }: Place, name: string, lines: readonly Line[]): string =>
  writeFiles(join(folder, name), filesByType(lines))

async function killedAt(t: Test, words: readonly string[], text: string): Promise<void> {
  const run = startSluice(['load', ...words])
  await run.saw(text)
  run.child.kill('SIGKILL')
  t.equal((await run.finished).exitCode, null, 'it was killed')
}
