import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Golden } from '../../config-tests/golden.js'
import { sluiceError } from '../../errors.js'
import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import { writing } from '../../storage/folder/file-errors.js'
import { readText, writeWhole } from '../../storage/folder/folder-files.js'

const TEST_FILE = /\.(?:json|ya?ml)$/i
const GOLDEN_FILE = /\.golden\.json$/i

/** The test files at a path, sorted: itself, or those in the folder and its sub-folders. Throws USAGE. */
export async function testFilesAt(path: string): Promise<readonly string[]> {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined)
    throw sluiceError('USAGE', {
      at: path,
      message: 'there are no tests at this path',
      help: 'name a folder or a file',
    })
  if (!stats.isDirectory()) return [path]
  const names = await readdir(path, { recursive: true })
  const files = names.filter((name) => TEST_FILE.test(name) && !GOLDEN_FILE.test(name)).sort()
  if (files.length === 0)
    throw sluiceError('USAGE', {
      at: path,
      message: 'there is no test in this folder',
      help: 'tests are files whose names end in .json, .yaml or .yml',
    })
  return files.map((name) => join(path, name))
}

/** Where the golden outputs of a test file are: `names.golden.json` beside `names.yaml`. */
export const goldenPath = (testFile: string): string => testFile.replace(TEST_FILE, '.golden.json')

/** The golden outputs of a test file; undefined if there are none. Throws CONFIG_INVALID. */
export async function readGolden(testFile: string): Promise<Golden | undefined> {
  const path = goldenPath(testFile)
  const text = await readText(path)
  if (text === undefined) return undefined
  const golden = parseJson(text)
  if (isRecord(golden) && Object.values(golden).every(Array.isArray)) return golden as Golden
  throw sluiceError('CONFIG_INVALID', {
    at: path,
    message: 'is not a file of golden outputs',
    help: 'remove it, or write it again with --update',
  })
}

/** Writes golden outputs if they are not there already. Returns whether it did. Throws SINK_UNWRITABLE. */
export async function writeGolden(testFile: string, golden: Golden): Promise<boolean> {
  const path = goldenPath(testFile)
  const text = `${JSON.stringify(golden, null, 2)}\n`
  if ((await readText(path)) === text) return false
  await writing(path, () => writeWhole(path, text, 0o666))
  return true
}
