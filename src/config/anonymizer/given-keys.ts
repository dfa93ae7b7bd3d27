import type { KeyName } from '../../anonymizer/parameters.js'
import { isRecord } from '../../json/record.js'

/** The configuration with these keys in place of its own, however it spells their names. */
export function withKeys(raw: unknown, keys: Readonly<Record<string, string | object>>): unknown {
  if (Object.keys(keys).length === 0 || !isRecord(raw)) return raw
  const found = Object.keys(raw).find((name) => name.toLowerCase() === 'parameters') ?? 'parameters'
  const parameters = isRecord(raw[found]) ? raw[found] : {}
  const replaced = new Set(Object.keys(keys).map((name) => name.toLowerCase()))
  const others = Object.entries(parameters).filter(([name]) => !replaced.has(name.toLowerCase()))
  return { ...raw, [found]: { ...Object.fromEntries(others), ...keys } }
}

/**
 * Keys that everybody knows, for trying a configuration out. The same input gives the same hashes and shifts on every
 * machine, no secret is needed, and none can be guessed from what is printed or kept.
 */
const TEST_KEYS: Readonly<Record<KeyName, string>> = {
  cryptoHashKey: 'public-test-key-for-hashes-f53a1',
  dateShiftKey: 'public-test-key-for-shifts-91c7d',
  encryptKey: 'public-test-key-encryption-8be42',
  perturbKey: 'public-test-key-for-noises-c06f9',
}

/** The configuration with the test keys in place of its own, whether they are given, random or missing. */
export const withTestKeys = (raw: unknown): unknown => withKeys(raw, TEST_KEYS)
