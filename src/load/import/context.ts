import type { FhirServer } from '../../fhir-client/server.js'
import type { State } from '../../storage/store.js'
import type { Audit } from '../audit/audit.js'
import type { Preparer } from '../prepare/preparer.js'
import { azureDriver } from './azure.js'
import type { ImportDriver } from './driver.js'
import type { ImportFaultPoint } from './fault-points.js'
import { hapiDriver } from './hapi.js'
import type { ImportEvent, ImportOptions } from './options.js'

/** What the steps of one run share. */
export interface ImportContext {
  readonly options: ImportOptions
  readonly server: FhirServer
  readonly driver: ImportDriver
  readonly state: State
  readonly audit: Audit
  /** Makes the requests of entries: what is PUT under an id can be imported. */
  readonly preparer: Preparer
  emit(
    event: ImportEvent['event'],
    fields?: Readonly<Record<string, unknown>>,
    level?: ImportEvent['level'],
  ): void
  faultPoint(point: ImportFaultPoint): void
}

export function contextOf(
  options: ImportOptions,
  parts: Pick<ImportContext, 'server' | 'audit' | 'preparer'>,
): ImportContext {
  const { target, stage, onEvent, faultPoint = () => {} } = options
  return {
    ...parts,
    options,
    driver: target.kind === 'azure' ? azureDriver(target) : hapiDriver(target),
    state: stage.state,
    emit: (event, fields = {}, level = 'info') => onEvent?.({ ...fields, event, level } as ImportEvent),
    faultPoint,
  }
}
