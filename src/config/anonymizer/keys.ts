import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { methodOf } from '../../anonymizer/methods/table.js'
import { KEY_NAMES, type KeyName } from '../../anonymizer/parameters.js'
import type { Rule } from '../../anonymizer/spec.js'
import { variableName, variableOf } from '../environment/secret-place.js'
import type { ConfigProblem } from '../text/problem.js'
import { isSameKey, weaknessOf } from './key-strength.js'
import type { KeySource } from './schema.js'

/** What the configuration gives for each key. */
export type KeySources = Readonly<Partial<Record<KeyName, KeySource>>>

/** Keys known now, and those to be made for each run. */
export interface ResolvedKeys {
  readonly fixed: Readonly<Partial<Record<KeyName, string>>>
  readonly random: readonly KeyName[]
  /** A key that is given but cannot be had or used. */
  readonly problems: readonly ConfigProblem[]
  /** A key that a rule needs and that is not given. */
  readonly missing: readonly ConfigProblem[]
  /** Weak keys, where they are not refused. */
  readonly warnings: readonly ConfigProblem[]
}

export interface KeyOptions {
  /** Where relative `{"file": …}` paths start. */
  readonly baseFolder: string
  /** Make a missing key for the run, as the original does silently. */
  readonly allowRandomKeys: boolean
  /** Take keys that can be guessed, and one key for two uses: for data that was hashed with them earlier. */
  readonly allowWeakKeys: boolean
  /** A weak key is a warning: an existing configuration runs as it did. One key for two uses stays a problem. */
  readonly warnsOfWeakKeys: boolean
}

/** Reads keys from where the configuration says they are. Messages name the place, never the content. */
export function resolveKeys(
  sources: KeySources,
  needs: ReadonlyMap<KeyName, Rule>,
  options: KeyOptions,
): ResolvedKeys {
  const fixed: Partial<Record<KeyName, string>> = {}
  const random: KeyName[] = []
  const problems: ConfigProblem[] = []
  for (const name of KEY_NAMES) {
    const source = sources[name]
    const report = (message: string) => problems.push({ path: `parameters.${name}`, message })
    if (typeof source === 'object' && source !== null && 'random' in source) random.push(name)
    else {
      const text = readKey(source, options.baseFolder, report)
      if (text !== undefined) fixed[name] = text
    }
  }
  if (fixed.encryptKey !== undefined && ![16, 24, 32].includes(Buffer.byteLength(fixed.encryptKey)))
    problems.push({
      path: 'parameters.encryptKey',
      message: 'must be 16, 24 or 32 bytes long (AES-128, -192 or -256)',
    })
  const isNew = ({ path }: ConfigProblem) => !problems.some((problem) => problem.path === path)
  const warnings: ConfigProblem[] = []
  if (!options.allowWeakKeys) {
    const weak = weakKeys(fixed).filter(isNew)
    ;(options.warnsOfWeakKeys ? warnings : problems).push(...weak)
    problems.push(...equalKeys(fixed))
  }
  const broken = new Set(problems.map((problem) => problem.path))
  const missing: ConfigProblem[] = []
  for (const [name, rule] of needs) {
    if (fixed[name] !== undefined || random.includes(name) || broken.has(`parameters.${name}`)) continue
    if (name === 'perturbKey' && (Object.keys(fixed).length > 0 || random.length > 0)) continue
    if (options.allowRandomKeys) random.push(name)
    else
      missing.push({ code: 'key-missing', path: `parameters.${name}`, message: missingMessage(name, rule) })
  }
  return { fixed, random, problems, missing, warnings }
}

const OPT_OUT = 'or use --allow-weak-keys to match data that was hashed with it earlier'

function weakKeys(keys: ResolvedKeys['fixed']): ConfigProblem[] {
  return KEY_NAMES.flatMap((name): ConfigProblem[] => {
    const key = keys[name]
    const weakness = key === undefined ? undefined : weaknessOf(key)
    if (weakness === undefined) return []
    const message = `${weakness}: make one with "openssl rand -hex 16", ${OPT_OUT}`
    return [{ code: 'weak-key', path: `parameters.${name}`, message }]
  })
}

function equalKeys(keys: ResolvedKeys['fixed']): ConfigProblem[] {
  const given = KEY_NAMES.flatMap((name) => {
    const key = keys[name]
    return key === undefined ? [] : [{ name, key }]
  })
  return given.flatMap(({ name, key }, k): ConfigProblem[] => {
    const first = given.slice(0, k).find((earlier) => isSameKey(earlier.key, key))
    if (first === undefined) return []
    const message =
      `is the same key as ${first.name}, or one is part of the other: anyone who learns the key from one use could undo ` +
      `the other. Make another one with "openssl rand -hex 16", ${OPT_OUT}`
    return [{ code: 'equal-keys', path: `parameters.${name}`, message }]
  })
}

const missingMessage = (name: KeyName, rule: Rule): string =>
  `is missing, and rule ${rule.number} (${rule.method}) needs it${
    name === 'perturbKey' ? ' (there is no other key to derive it from)' : ''
  }: set it to a text, {"env": "NAME"}, {"file": "path"} or {"random": true}, or run with --allow-random-keys`

function readKey(
  source: KeySource,
  baseFolder: string,
  report: (message: string) => void,
): string | undefined {
  if (source === undefined || source === null || source === '') return undefined
  if (typeof source === 'string') return source
  if ('env' in source) {
    const text = variableOf(source.env)
    if (text) return text
    report(`${variableName(source.env)} is ${text === undefined ? 'not set' : 'empty'}`)
  } else if ('file' in source) {
    const text = readKeyFile(resolve(baseFolder, source.file))
    if (text) return text
    report(`the file ${source.file} ${text === undefined ? 'cannot be read' : 'is empty'}`)
  }
  return undefined
}

/** A file's text without the line end that editors add; undefined where it cannot be read. */
function readKeyFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

/** The first rule that needs each key. */
export function neededKeys(
  rules: readonly Rule[],
  parameters: { readonly dateShiftFixedOffsetInDays?: number | undefined },
): Map<KeyName, Rule> {
  const needs = new Map<KeyName, Rule>()
  for (const rule of rules)
    for (const name of methodOf(rule).keysOf?.(rule, parameters) ?? [])
      if (!needs.has(name)) needs.set(name, rule)
  return needs
}

/** 32 hexadecimal characters, as the original makes them: also a valid AES-256 key. */
export const randomKey = (): string => randomBytes(16).toString('hex')

/** `perturbKey`, where the configuration gives none: keyed by all the others. */
export const derivedPerturbKey = (keys: Readonly<Partial<Record<KeyName, string>>>): string =>
  createHmac('sha256', JSON.stringify([keys.dateShiftKey, keys.cryptoHashKey, keys.encryptKey]))
    .update('fhir-sluice perturbKey')
    .digest('hex')
