import { textLines } from '../../ndjson/text-lines.js'
import type { Appender, State } from '../../storage/store.js'
import { KEY_BYTES } from './key-table.js'

/**
 * Which resources an item wrote and which it left to others, kept in the state before the item's output can be
 * committed. Keys only: digests with a salt of the state.
 */
export class KeyRecord {
  #lines: string[] = []
  #count = 0

  readonly #file: Appender

  private constructor(file: Appender) {
    this.#file = file
  }

  static async create(state: State, item: string, version: string): Promise<KeyRecord> {
    const file = await state.appender(nameOf(item), 0)
    await file.append(`${JSON.stringify({ version })}\n`)
    return new KeyRecord(file)
  }

  wrote(key: Buffer): void {
    this.#add('+', key)
  }

  left(key: Buffer): void {
    this.#add('-', key)
  }

  async append(): Promise<void> {
    if (this.#lines.length === 0) return
    const text = this.#lines.join('')
    this.#lines = []
    await this.#file.append(text)
  }

  /** Marks the record as whole, for good. */
  async complete(): Promise<void> {
    await this.append()
    await this.#file.append(`${JSON.stringify({ count: this.#count })}\n`)
    await this.#file.flush()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #add(sign: '+' | '-', key: Buffer): void {
    this.#count += 1
    this.#lines.push(`${sign}${key.toString('base64url')}\n`)
  }
}

/** What a whole record says. */
export interface KeptKeys {
  readonly version: string
  /** Each key, and whether the item wrote the resource itself. */
  readonly each: (visit: (key: Buffer, isWritten: boolean) => void) => void
}

/** Reads the record of an item; undefined unless it is whole. */
export async function readKeys(state: State, item: string): Promise<KeptKeys | undefined> {
  const text = await state.read(nameOf(item))
  if (text === undefined) return undefined
  const { version } = parse(text.slice(0, text.indexOf('\n')))
  const { count } = parse(text.slice(text.lastIndexOf('\n', text.length - 2) + 1))
  if (typeof version !== 'string' || typeof count !== 'number') return undefined
  return {
    version,
    each(visit) {
      for (const { text: line } of textLines(text)) {
        if (line.startsWith('{')) continue
        const key = Buffer.from(line.slice(1), 'base64url')
        if (key.length === KEY_BYTES) visit(key, line.startsWith('+'))
      }
    },
  }
}

export const forgetKeys = (state: State, item: string): Promise<void> => state.remove(nameOf(item))

const nameOf = (item: string): string => `alt-export/keys/${item}`

function parse(line: string): { readonly version?: unknown; readonly count?: unknown } {
  try {
    return (JSON.parse(line) ?? {}) as { version?: unknown }
  } catch {
    return {}
  }
}
