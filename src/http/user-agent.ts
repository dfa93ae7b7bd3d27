import { packageVersion } from '../version.js'

let text: string | undefined

/** What every request of ours calls itself (RFC 9110, 10.1.5): some gateways refuse requests without it. */
export function userAgent(): string {
  text ??= `fhir-sluice/${packageVersion()}`
  return text
}
