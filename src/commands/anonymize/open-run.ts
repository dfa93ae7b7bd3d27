import { readRuns } from '../../pipeline/layout.js'
import type { StoreAccess } from '../../storage/access.js'
import { openLake } from '../../storage/open.js'
import type { Sink } from '../../storage/store.js'

/**
 * Opens the folder of a run that tasks share, without its configuration: the one with this name, or the newest one.
 * Outputs that lie in the place itself have none.
 */
export async function openSharedRun(
  output: string,
  { state, runId }: { readonly state: string | undefined; readonly runId: string },
  access: StoreAccess,
): Promise<{ readonly sink: Sink; readonly folder: string }> {
  const lake = await openLake(output, access, { state })
  const shared = (await readRuns(lake.state)).filter(
    ({ isRemoved, runIds }) => isRemoved !== true && runIds !== undefined,
  )
  const named = runId === '' ? undefined : shared.findLast(({ runIds = [] }) => runIds.includes(runId))
  const folder = (named ?? shared.at(-1))?.folder ?? ''
  return { sink: lake.sink(folder), folder }
}
