import type { Readable } from 'node:stream'
import { decryptValue } from '../../anonymizer/methods/encrypt.js'
import { encryptKeyOf } from '../../config/anonymizer/decrypt-key.js'
import { isSluiceError } from '../../errors.js'
import { linesOfPieces } from '../../ndjson/line-stream.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { usage } from '../shared-options.js'
import type { DecryptValues } from './options.js'

/** `sluice decrypt`. Throws SluiceError USAGE or CONFIG_INVALID where no usable key is given. */
export async function decrypt(
  { config, keyEnv, keyFile, json }: DecryptValues,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  const sources = [config, keyEnv, keyFile].filter((source) => source !== undefined)
  if (sources.length !== 1) throw usage('give the key with exactly one of --config, --key-env and --key-file')
  const key = await encryptKeyOf({ config, env: keyEnv, file: keyFile })
  // For a program every character counts; a person's terminal must not obey them.
  const { stdout } = terminal
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true
  const write = isTerminal ? terminal.print : (line: string) => void stdout.write(`${line}\n`)
  let number = 0
  let failedCount = 0
  for await (const value of words.length > 0 ? words : linesOf(terminal.stdin)) {
    number++
    const text = decrypted(value, key)
    const refusal = refusalOf(text, json)
    if (refusal !== undefined) {
      failedCount++
      terminal.warn(`value ${number} ${refusal}`)
    }
    if (json) terminal.print(JSON.stringify({ number, ok: text !== undefined, text }))
    else write(refusal === undefined ? (text ?? '') : '')
  }
  return failedCount === 0 ? EXIT.delivered : EXIT.someQuarantined
}

// Characters that some programs treat as the end of a line.
const LINE_BREAKS = [...'\n\v\f\r\u001c\u001d\u001e\u0085\u2028\u2029']

/** Why a value gives no line of output, if it does not. */
function refusalOf(text: string | undefined, json: boolean): string | undefined {
  if (text === undefined) return 'is not encrypted with this key'
  if (!json && LINE_BREAKS.some((end) => text.includes(end)))
    return 'decrypts to a text with line breaks; use --json to print it'
  return undefined
}

async function* linesOf(input: Readable): AsyncGenerator<string> {
  for await (const { bytes } of linesOfPieces(input)) yield bytes?.toString('utf8') ?? ''
}

function decrypted(value: string, key: string): string | undefined {
  try {
    return decryptValue(value.trim(), key)
  } catch (error) {
    if (isSluiceError(error) && error.code === 'BAD_LINE') return undefined
    throw error
  }
}
