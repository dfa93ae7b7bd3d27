import { sluiceError } from '../errors.js'
import { endingsText } from '../storage/names.js'
import { loadItems } from './entries/load-items.js'
import type { Load } from './load.js'
import { openLoad } from './open-load.js'
import type { LoadOptions, LoadReport } from './options.js'
import type { ItemUnit } from './prepare/preparer.js'
import type { LoadItem } from './unit.js'

/**
 * Loads a source into a FHIR server: items → units → requests → bundles → answers → audit. Every entry ends loaded,
 * failed or ambiguous; what earlier runs settled is not sent again. Throws AUTH_FAILED, LOAD_REFUSED, LOAD_INVALID,
 * SERVICE_UNAVAILABLE, SOURCE_NOT_FOUND, SINK_*, USAGE, INTERRUPTED; run it again to resume.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  await checkSource(options)
  const load = await openLoad(options)
  try {
    do {
      for await (const { item, unit } of load.preparer.prepare(unitsOf(load))) await load.take(item, unit)
      await load.endPass()
    } while (load.passes.advance())
    const report = await load.end()
    await load.close()
    return report
  } catch (error) {
    const reason = load.fail(error)
    // Why the load failed says more than what failed because of that.
    await load.close().catch(() => {})
    throw reason
  }
}

/** Loads what belongs to this pass. An item that cannot be read to its end is reported, and the next one follows. */
async function* unitsOf(load: Load): AsyncIterable<ItemUnit<LoadItem>> {
  for await (const item of loadItems(load.source, load.entryLimits)) {
    if (!(await load.opens(item))) continue
    try {
      for await (const unit of load.unitsOf(item)) yield { item, unit }
    } catch (error) {
      load.leaveOut(item, error)
    }
  }
}

/** Throws SOURCE_NOT_FOUND before anything is written, if there is nothing to load. */
export async function checkSource({ source, allowEmpty = true }: LoadOptions): Promise<void> {
  for await (const _ of loadItems(source)) return
  if (allowEmpty) return
  throw sluiceError('SOURCE_NOT_FOUND', {
    at: source.place,
    message: `holds no file to load: the name of one ${endingsText({ archives: true })}`,
    help: 'check the address; if nothing is expected there, give --allow-empty',
  })
}
