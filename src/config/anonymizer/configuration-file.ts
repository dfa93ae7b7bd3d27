import { dirname, resolve } from 'node:path'
import { exhaustionError } from '../../environment-error.js'
import { isSluiceError, sluiceError } from '../../errors.js'
import { isRecord } from '../../json/record.js'
import { readBoundedText } from '../text/bounded-text.js'
import { isTextFault, readConfigText } from '../text/config-text.js'
import { presetNames } from './presets.js'

/** Reads a configuration file: raw, in file order. Throws SluiceError CONFIG_INVALID. */
export async function readConfigFile(path: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readBoundedText(path, signal).catch((cause: unknown) => {
    const passed = isSluiceError(cause) ? cause : exhaustionError(cause, path)
    if (passed !== undefined) throw passed
    throw sluiceError('CONFIG_INVALID', {
      at: path,
      message: isMissing(cause)
        ? 'the configuration cannot be read: there is no such file, and no preset of that name'
        : 'the configuration cannot be read',
      help: isMissing(cause)
        ? `check its path, or name a preset: ${presetNames().join(', ')}`
        : 'check its permissions',
      cause,
    })
  })
  return parseConfigText(text, path)
}

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'

/** A configuration's text, with the cases of generalize as pairs in file order. Throws CONFIG_INVALID. */
export function parseConfigText(text: string, name: string): unknown {
  const read = readConfigText(text, name)
  if (isTextFault(read))
    throw sluiceError('CONFIG_INVALID', {
      at: name,
      message: `${name} ${read.message} (${read.place})`,
      problems: [{ path: read.place, message: read.message }],
    })
  const { value, keysOf } = read
  const rules = isRecord(value)
    ? Object.entries(value).find(([key]) => key.toLowerCase() === 'fhirpathrules')?.[1]
    : undefined
  for (const rule of Array.isArray(rules) ? rules : [])
    if (isRecord(rule) && isRecord(rule.cases)) {
      const { cases } = rule
      rule.cases = keysOf(cases).map((key) => [key, cases[key]])
    }
  return value
}

/** Where relative paths of a configuration file start. */
export const baseFolderOf = (configPath: string): string => dirname(resolve(configPath))
