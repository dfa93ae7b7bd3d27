import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { projectRoot } from './shared.js'

/** The files of cases that the original tool really produced, in `test/fixtures/original`. */
export const GOLDEN_FILES = { R4: 'cases-r4.jsonl.gz', STU3: 'cases-stu3.jsonl.gz' } as const

export type GoldenFile = (typeof GOLDEN_FILES)[keyof typeof GOLDEN_FILES]

/** The cases of one file, a line of JSON each. */
export const goldenLines = (file: GoldenFile): string[] =>
  gunzipSync(readFileSync(join(projectRoot, 'test/fixtures/original', file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
