import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { decryptValue } from '../anonymizer/methods/encrypt.js'
import { encryptKeyOf } from '../config/decrypt-key.js'
import { isSluiceError } from '../errors.js'
import type { DecryptValues } from './decrypt-options.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { usage } from './options.js'
import type { Terminal } from './terminal.js'

/** `sluice decrypt`. Throws SluiceError USAGE or CONFIG_INVALID where no usable key is given. */
export async function decrypt(
  { config, keyEnv, keyFile, json }: DecryptValues,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  const sources = [config, keyEnv, keyFile].filter((source) => source !== undefined)
  if (sources.length !== 1) throw usage('Give the key by exactly one of --config, --key-env and --key-file.')
  const key = await encryptKeyOf({ config, env: keyEnv, file: keyFile })
  let number = 0
  let failedCount = 0
  for await (const value of words.length > 0 ? words : linesOf(terminal.stdin)) {
    number++
    const text = decrypted(value, key)
    if (text === undefined) {
      failedCount++
      terminal.warn(`value ${number} is not encrypted with this key`)
    }
    terminal.print(json ? JSON.stringify({ number, ok: text !== undefined, text }) : (text ?? ''))
  }
  return failedCount === 0 ? EXIT.delivered : EXIT.someQuarantined
}

const linesOf = (input: Readable): AsyncIterable<string> =>
  createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })

function decrypted(value: string, key: string): string | undefined {
  try {
    return decryptValue(value.trim(), key)
  } catch (error) {
    if (isSluiceError(error) && error.code === 'BAD_LINE') return undefined
    throw error
  }
}
