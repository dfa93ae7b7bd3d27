import { isRecord } from '../../src/json/record.js'
import { Refusal } from './refusal.js'
import type { BundleEntry, EntryRequest } from './resource.js'

/** The request of an entry. Throws 400 where it has none. */
export function requestOf({ request }: BundleEntry): EntryRequest {
  if (!isRecord(request) || typeof request.method !== 'string' || typeof request.url !== 'string')
    throw new Refusal(400, 'required', 'the entry has no request with a method and a url')
  return request as unknown as EntryRequest
}
