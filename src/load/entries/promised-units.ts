import { sluiceError } from '../../errors.js'
import type { PromisedContent } from '../../storage/store.js'
import type { LoadUnit } from '../unit.js'
import type { UnitRun } from './unit-run.js'

/**
 * The units of an item of which its source announced what it holds. They are sent as they come: what is missing is
 * known only at the end. Throws SOURCE_INCOMPLETE.
 */
export async function* promisedUnits(
  units: AsyncIterable<LoadUnit>,
  run: UnitRun,
  { name, promised }: { readonly name: string; readonly promised: PromisedContent },
): AsyncGenerator<LoadUnit, void> {
  const { lineCount, resourceType } = promised
  const refuse = (message: string) => sluiceError('SOURCE_INCOMPLETE', { at: name, message })
  for await (const unit of units) {
    if (unit.kind === 'entry' && resourceType !== undefined && unit.entry.type !== resourceType)
      throw refuse(`has a resource of type ${unit.entry.type}, not only ${resourceType} as announced`)
    yield unit
  }
  if (lineCount !== undefined && lineCount !== run.textCount)
    throw refuse(`has ${run.textCount} resources, not ${lineCount} as announced; what it has was loaded`)
}
