import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { sluiceError } from '../../errors.js'
import { parseJson } from '../../json/parse.js'
import { selectedSource } from '../../storage/selected-source.js'
import type { Source } from '../../storage/store.js'
import type { Terminal } from '../display/terminal.js'

/** Narrows a source to the items that `--items-from` names. Throws USAGE, SOURCE_NOT_FOUND. */
export async function readItems(
  source: Source,
  { itemsFrom, allowEmpty }: { readonly itemsFrom: string | undefined; readonly allowEmpty: boolean },
  terminal: Terminal,
): Promise<Source> {
  if (itemsFrom === undefined) return source
  const text = itemsFrom === '-' ? await textOf(terminal.stdin) : await readList(itemsFrom)
  const names = itemNames(text)
  if (names.size > 0 || allowEmpty) return selectedSource(source, names)
  throw sluiceError('SOURCE_NOT_FOUND', {
    at: itemsFrom,
    message: 'names no item',
    help: 'list one name in each line; if nothing is expected, give --allow-empty',
  })
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw sluiceError('USAGE', {
      at: path,
      message: code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? 'unknown'})`,
      help: 'give --items-from a file with one name in each line',
      cause: error,
    })
  }
}

/** One name in each line; a name in double quotes is JSON text. A byte-order mark and blank lines do not count. */
function itemNames(text: string): ReadonlySet<string> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  return new Set(lines.filter((line) => line.trim() !== '').map(nameOf))
}

function nameOf(line: string): string {
  const name = line.startsWith('"') ? parseJson(line) : undefined
  return (typeof name === 'string' ? name : line).replace(/^\.\//, '')
}
