import { KEY_NAMES, type KeyName } from '../../anonymizer/parameters.js'
import { judgeConfig } from '../../config/anonymizer/configuration.js'
import { withKeys } from '../../config/anonymizer/given-keys.js'
import { neededKeys, randomKey } from '../../config/anonymizer/keys.js'
import { isRecord } from '../../json/record.js'
import type { Keys } from './choices.js'

type Json = Readonly<Record<string, unknown>>

/** A configuration that says where its keys are. */
export interface KeyedConfiguration {
  readonly config: Json
  /** Key files to write: names and contents. */
  readonly files: ReadonlyMap<string, string>
  /** Variables that the user has to set. */
  readonly variables: readonly string[]
}

/** Names keys for everything that the rules need, in place of those that a preset has. */
export function withNewKeys(config: Json, keys: Keys): KeyedConfiguration {
  const { rules } = judgeConfig(config, { allowRandomKeys: true })
  const needed = [...neededKeys(rules, {}).keys()]
  const known: readonly string[] = KEY_NAMES
  const parameters = isRecord(config.parameters) ? config.parameters : {}
  const others = Object.entries(parameters).filter(([name]) => !known.includes(name))
  const bare = { ...config, parameters: Object.fromEntries(others) }
  const keyed = withKeys(bare, Object.fromEntries(needed.map((name) => [name, SOURCES[keys](name)])))
  return {
    config: isRecord(keyed) ? keyed : bare,
    files: new Map(keys === 'file' ? needed.map((name) => [fileOf(name), `${randomKey()}\n`]) : []),
    variables: keys === 'env' ? needed.map(variableOf) : [],
  }
}

const SOURCES: Readonly<Record<Keys, (name: KeyName) => object>> = {
  file: (name) => ({ file: fileOf(name) }),
  env: (name) => ({ env: variableOf(name) }),
  random: () => ({ random: true }),
}

/** `crypto-hash.key` of `cryptoHashKey`. */
const fileOf = (name: KeyName): string =>
  `${name.replace(/Key$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.key`

/** `SLUICE_CRYPTO_HASH_KEY` of `cryptoHashKey`. */
const variableOf = (name: KeyName): string =>
  `SLUICE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
