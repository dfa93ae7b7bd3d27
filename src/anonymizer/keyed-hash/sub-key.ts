import { hkdfSync } from 'node:crypto'

const SUB_KEY_BYTES = 32

/**
 * A key for one use of a configured key (HKDF, RFC 5869): what one use publishes says nothing about another, even
 * where the configured keys are equal. `use` names the method and every setting that shapes its result.
 */
export const subKey = (key: string, ...use: readonly (string | number | boolean)[]): string =>
  Buffer.from(hkdfSync('sha256', key, 'fhir-sluice', JSON.stringify(use), SUB_KEY_BYTES)).toString('hex')
