import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { labelCode } from '../src/anonymizer/labels.js'
import { custom } from '../src/anonymizer/methods/custom.js'
import { METHODS } from '../src/anonymizer/methods/table.js'
import { EXIT_MEANINGS } from '../src/commands/exit-codes.js'
import { optionRows } from '../src/commands/parser.js'
import { VERBS } from '../src/commands/verbs.js'
import { altExportJsonSchema } from '../src/config/alt-export/definition.js'
import { lintReportJsonSchema } from '../src/config/anonymizer/lint-report.js'
import { configurationJsonSchema } from '../src/config/anonymizer/schema.js'
import { pipelineJsonSchema } from '../src/config/pipeline/schema.js'
import { CODES } from '../src/errors.js'
import { allowedSystems, CODE_SETS, SINGLE_SETS } from '../src/fhir/codes/sets.js'
import { presetFiles } from './presets/presets.js'
import { survivors } from './presets/survivors.js'

// Compiled to dist/scripts, two folders below the project.
const root = fileURLToPath(new URL('../../', import.meta.url))

/** Every generated document: path from the project's root and the text it should have. */
export function documents(): ReadonlyMap<string, string> {
  const options = VERBS.map((verb) => [`options:${verb.name}`, optionTable(optionRows(verb))] as const)
  return new Map([
    [
      'README.md',
      withBlocks(
        'README.md',
        new Map([
          ['exit-codes', exitCodeTable()],
          ['methods', methodTable()],
        ]),
      ),
    ],
    [
      'docs/code-systems.md',
      withBlocks(
        'docs/code-systems.md',
        new Map([
          ['code-sets', codeSetTable()],
          ['code-systems', codeSystemTable()],
        ]),
      ),
    ],
    ['configs/README.md', withBlocks('configs/README.md', new Map([['survivors', survivorTable()]]))],
    ['docs/errors.md', withBlocks('docs/errors.md', new Map([['errors', errorTable()]]))],
    ['docs/reference.md', withBlocks('docs/reference.md', new Map(options))],
    ['configs/alt-export.schema.json', `${JSON.stringify(altExportJsonSchema(), null, 2)}\n`],
    ['configs/anonymizer.schema.json', `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`],
    ['configs/lint-report.schema.json', `${JSON.stringify(lintReportJsonSchema(), null, 2)}\n`],
    ['configs/pipeline.schema.json', `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`],
    ...presetFiles(),
  ])
}

/** The document with what belongs between `<!-- name -->` and `<!-- /name -->`. Throws where a block has no place. */
function withBlocks(path: string, blocks: ReadonlyMap<string, string>): string {
  let result = readFileSync(join(root, path), 'utf8')
  for (const [name, content] of blocks) {
    const place = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`)
    if (!place.test(result)) throw new Error(`${path} has no place for ${name}`)
    result = result.replace(place, (_, start: string, end: string) => `${start}\n${content}\n${end}`)
  }
  return result
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const optionTable = (rows: readonly (readonly [string, string, string])[]): string =>
  table(
    ['option', 'what it does', 'default'],
    rows.map(([flags, what, fallback]) => [`\`${flags}\``, cell(what), cell(fallback)]),
  )

const methodTable = (): string =>
  table(
    ['method', 'what it does', 'settings', 'security label'],
    [
      ...METHODS.map(({ name, summary, settings, records }) => [
        `\`${name}\``,
        cell(summary),
        Object.keys(settings)
          .map((key) => `\`${key}\``)
          .join(', '),
        records.map((record) => `\`${labelCode(record)}\``).join(', '),
      ]),
      ['your own', custom.summary, 'as it has them', 'the one it names'],
    ],
  )

const survivorTable = (): string => {
  const { heads, rows } = survivors()
  return table(heads, rows)
}

const exitCodeTable = (): string =>
  table(
    ['exit code', 'meaning'],
    EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
  )

const errorTable = (): string =>
  table(
    ['code', 'what happened', 'blame', 'retry', 'exit code', 'what to do'],
    Object.entries(CODES).map(([code, { means, blame, retry, exitCode, help }]) => [
      `\`${code}\``,
      cell(means),
      blame,
      retry,
      String(exitCode),
      cell(help),
    ]),
  )

const codeSetTable = (): string =>
  table(
    ['name', 'what it holds', 'note'],
    CODE_SETS.map(({ name, title, note }) => [`\`${name}\``, cell(title), cell(note)]),
  )

const codeSystemTable = (): string =>
  table(
    ['set', 'system', 'urls', 'edition', 'what is checked'],
    allowedSystems(SINGLE_SETS.map(({ name }) => name)).map(
      ({ entry, title, systemCount, urls, edition = '', form }) => [
        `\`${entry}\``,
        cell(systemCount === 1 ? title : `${title}: ${systemCount} systems`),
        urls.map((url) => `\`${url}\``).join('<br>'),
        cell(edition),
        cell(form),
      ],
    ),
  )

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, text] of documents()) writeFileSync(join(root, path), text)
