import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './shared.js'

/** The law, docs/anonymizer.md. */
export const lawPage = (): string => readFileSync(join(projectRoot, 'docs/anonymizer.md'), 'utf8')

/** `3` → `Rules`, `3.2` → `Which rules apply to a resource`, in the order of the page. */
export const lawSections = (page: string): Map<string, string> =>
  new Map(
    [...page.matchAll(/^#{2,3} (\d+(?:\.\d+)?) (.+)$/gm)].map(([, number = '', title = '']) => [
      number,
      title,
    ]),
  )

/** A configuration of the page with what it makes of one input. */
export interface LawExample {
  /** The section it is in, and its row where a table gives the values. */
  readonly name: string
  /** The configuration's text: integer-like conditions keep their order. */
  readonly config: string
  readonly input: string | undefined
  readonly expected: Expected
}

export type Expected =
  /** The bytes of the output, as text. */
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'rejected'; readonly code: string }
  /** The configuration has a problem that says this. */
  | { readonly kind: 'refused'; readonly message: string }

/** The keys that all examples have, as the page says. */
const KEYS = {
  cryptoHashKey: 'hash key of the examples',
  dateShiftKey: 'shift key of the examples',
  encryptKey: '16 byte AES key.',
}

/** All examples of the page. A table after a block with `$1` holds the values, a row for each example. */
export function lawExamples(page: string): LawExample[] {
  const examples: LawExample[] = []
  let section = ''
  const parts = /^#{2,3} (\d+(?:\.\d+)?) .*$|^```jsonc\n([\s\S]*?)^```\n(?:\n((?:\|.*\n)+))?/gm
  for (const [, number, block, table] of page.matchAll(parts)) {
    if (number !== undefined) section = number
    else if (block !== undefined && /^\/\/ (?:rules|configuration)$/m.test(block))
      examples.push(...examplesOf(section, block, table))
  }
  return examples
}

function examplesOf(section: string, block: string, table: string | undefined): LawExample[] {
  if (!block.includes('$1')) return pairsOf(section, block)
  const [, , ...rows] = (table ?? '').trimEnd().split('\n')
  return rows.flatMap((row, k) =>
    pairsOf(
      `${section}, row ${k + 1}`,
      filled(
        block,
        row
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map(cellText),
      ),
    ),
  )
}

/** The text in backticks; undefined for a cell without, such as `removed`. */
function cellText(cell: string): string | undefined {
  const code = /^\s*(`+) ?([\s\S]*?) ?\1/.exec(cell)?.[2]
  return code?.replaceAll('\\|', '|')
}

/**
 * The template with a row's cells: `"… $2 …"` is text inside of a JSON string, `$2` alone is the JSON that the cell has.
 * A member whose cell has no code goes; `RULE_FAILED` stands for the output.
 */
function filled(block: string, cells: readonly (string | undefined)[]): string {
  const template = cells.includes('RULE_FAILED')
    ? `${block.slice(0, block.indexOf('// out'))}// rejected: RULE_FAILED\n`
    : block
  return template
    .replace(/, "\w+": "?\$(\d)"?/g, (member, cell) => (cells[cell - 1] === undefined ? '' : member))
    .replace(/"([^"$:,{}[\]]*)\$(\d)([^"$:,{}[\]]*)"/g, (_, before, cell, after) =>
      JSON.stringify(`${before}${cells[cell - 1]}${after}`),
    )
    .replace(/\$(\d)/g, (_, cell) => cells[cell - 1] ?? '')
}

/** A block's examples: each `// in` with the `// out` or `// rejected: CODE` after it. */
function pairsOf(name: string, block: string): LawExample[] {
  const parts = block
    .split(/^\/\/ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { title: part.slice(0, end), text: part.slice(end + 1).trim() }
    })
  const textOf = (title: string): string | undefined => parts.find((part) => part.title === title)?.text
  const config = textOf('configuration') ?? configText(textOf)
  const hashKey = (JSON.parse(textOf('parameters') ?? '{}').cryptoHashKey as string) ?? KEYS.cryptoHashKey
  let input: string | undefined
  return parts.flatMap(({ title, text }): LawExample[] => {
    const [kind, detail = ''] = title.split(/: (.*)/)
    if (kind === 'in') input = text
    if (kind === 'out')
      return [{ name, config, input, expected: { kind: 'output', text: written(compact(text), hashKey) } }]
    if (kind === 'rejected') return [{ name, config, input, expected: { kind, code: detail } }]
    if (kind === 'refused') return [{ name, config, input, expected: { kind, message: detail } }]
    return []
  })
}

function configText(textOf: (title: string) => string | undefined): string {
  const settings = textOf('settings') ?? '{}'
  const parameters = { ...KEYS, ...JSON.parse(textOf('parameters') ?? '{}') }
  const rules = (textOf('rules') ?? '').split('\n').join(',')
  const others = settings === '{}' ? '"fhirVersion": "R4",' : `${settings.slice(1, -1)},`
  return `{${others} "fhirPathRules": [${rules}], "parameters": ${JSON.stringify(parameters)}}`
}

/** JSON without the white space between its tokens. */
const compact = (json: string): string =>
  json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (token) => (token.startsWith('"') ? token : ''))

const OBSERVATION_VALUE = '"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue",'
const LABELS: Readonly<Record<string, string>> = {
  REDACTED: `{${OBSERVATION_VALUE}"code":"REDACTED","display":"redacted"}`,
  ABSTRED: `{${OBSERVATION_VALUE}"code":"ABSTRED","display":"abstracted"}`,
  CRYTOHASH: `{${OBSERVATION_VALUE}"code":"CRYTOHASH","display":"cryptographic hash function"}`,
  MASKED: `{${OBSERVATION_VALUE}"code":"MASKED","display":"masked"}`,
  PERTURBED: '{"code":"PERTURBED","display":"exact value is replaced with another exact value"}',
  SUBSTITUTED: '{"code":"SUBSTITUTED","display":"exact value is replaced with a predefined value"}',
  GENERALIZED: '{"code":"GENERALIZED","display":"exact value is replaced with a general value"}',
}

/** The bytes that an output of the page stands for: labels by their codes, `HASH(x)` for 64 digits. */
const written = (json: string, hashKey: string): string =>
  json
    .replace(/(?<=[[,])[A-Z]+(?=[\],])/g, (code) => LABELS[code] ?? code)
    .replace(/HASH\(([^)]*)\)/g, (_, text) =>
      createHmac('sha256', hashKey).update(String(text)).digest('hex'),
    )
