import { isRecord } from '../json/record.js'

/** A Bulk Data manifest: the list of the files of an export. */
export type ManifestBody = Readonly<Record<string, unknown>>

/** Whether a parsed text is one. Of its other properties, servers of earlier versions leave some out. */
export const isManifest = (value: unknown): value is ManifestBody =>
  isRecord(value) &&
  value.resourceType === undefined &&
  Array.isArray(value.output) &&
  value.output.every((file) => isRecord(file) && typeof file.url === 'string') &&
  ['transactionTime', 'request', 'requiresAccessToken'].some((name) => name in value)
