import { hkdfSync } from 'node:crypto'

const SUB_KEY_BYTES = 32

/**
 * Derives a key for one use of a configured key (HKDF, RFC 5869). Data published from one use reveals nothing about
 * another, even if the configured keys are equal. `use` names the method and every setting that affects its result.
 */
export const subKey = (key: string, ...use: readonly (string | number | boolean)[]): string =>
  Buffer.from(hkdfSync('sha256', key, 'fhir-sluice', JSON.stringify(use), SUB_KEY_BYTES)).toString('hex')
