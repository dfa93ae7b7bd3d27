import { type ConnectOptions, connect } from '../fhir-client/connect.js'
import { retryFields } from '../fhir-client/retry-fields.js'
import type { FhirServer } from '../fhir-client/server.js'
import { requestedTypes } from './contents.js'
import type { ExportOptions } from './options.js'

/** Creates the client of an export without sending anything; `http.close()` ends it. Throws USAGE. */
export function connectForExport(
  options: ExportOptions,
  others: Pick<ConnectOptions, 'answers' | 'signal'>,
): FhirServer {
  const { request, onEvent } = options
  return connect({
    ...options,
    ...others,
    use: {
      access: 'read',
      types: requestedTypes(request),
      refused: 'EXPORT_REFUSED',
      invalid: 'EXPORT_INVALID',
    },
    onRetry: (retry) => onEvent?.({ event: 'export.retry', level: 'info', ...retryFields(retry) }),
  })
}
