import type { Pace } from '../../fhir-client/pace.js'
import type { FhirServer } from '../../fhir-client/server.js'
import type { Sender } from '../bundle.js'
import { createBatchSize } from './batch-size.js'
import { createBodyBuffers } from './body-buffers.js'
import { deliverBundle } from './delivery.js'
import type { RequestOptions } from './request.js'
import { createResourceTurns } from './resource-turns.js'

export interface SenderOptions extends RequestOptions {
  readonly server: FhirServer
  readonly pace: Pace
  /** How often an entry is sent that does not succeed for a passing reason; default 10. */
  readonly maxAttempts?: number | undefined
  /** Statuses, besides 408, 424, 429 and 5xx, with which an entry is sent again, such as 409; default none. */
  readonly retryStatuses?: readonly number[] | undefined
}

const DEFAULT_MAX_ATTEMPTS = 10

export function createSender(options: SenderOptions): Sender {
  const { maxAttempts = DEFAULT_MAX_ATTEMPTS, retryStatuses = [] } = options
  const turns = createResourceTurns()
  let loadedCount = 0
  const shared = {
    ...options,
    buffers: createBodyBuffers(),
    maxAttempts,
    retryStatuses: new Set(retryStatuses),
    size: createBatchSize(),
    loadedCount: () => loadedCount,
    addLoaded: (count: number) => {
      loadedCount += count
    },
  }
  return {
    async deliver(bundle, delivery) {
      const { ready, leave } = turns.enter(bundle)
      try {
        await ready
        await deliverBundle(bundle, delivery, shared)
      } finally {
        leave()
      }
    },
  }
}
