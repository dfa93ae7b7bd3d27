import { createHmac, randomBytes } from 'node:crypto'
import { elementTree } from '../fhir/elements.js'
import type { State } from '../storage/store.js'
import type { ListedSource } from './lifecycle/left-out.js'
import type { RunOptions } from './options.js'

/** File of the state with the secret that names follow from. The reports there say which item became which output. */
const NAME = 'output-names.json'
const SECRET_BYTES = 16
const DIGITS = 12

/** What a file's name may hold beside a resource type: numbers, and the folders of an export. */
const NUMBERS = /^[0-9]*$/
const FOLDERS = new Set(['deleted', 'errors', 'output'])
const ENDING = /(?:\.(?:ndjson|jsonl|xndjson|json))(?:\.gz|\.zst)?$/i

/**
 * Gives outputs neutral names where the plan asks for them, because a file is often named after the patient it is about.
 * A name of a resource type and numbers, such as `1.Patient.000.ndjson`, stays. Any other becomes `item-` and twelve
 * digits that follow from the name and a secret of the state: they are the same in every run into this output, whatever
 * other items there are, and tell nothing to anybody without the state. Needs the lock.
 */
export async function neutrallyNamed(
  { plan: { neutralNames }, sink: { state } }: RunOptions,
  source: ListedSource,
): Promise<ListedSource> {
  if (neutralNames === undefined) return source
  const types = new Set(elementTree(neutralNames).resources.keys())
  if (source.listed.every(({ output }) => isNeutral(output, types))) return source
  const secret = await secretOf(state)
  const listed = source.listed.map((each) =>
    isNeutral(each.output, types) ? each : { ...each, output: neutralName(each.output, secret) },
  )
  return { ...source, listed }
}

/** Whether a name holds nothing but resource types, numbers and an ending. */
export function isNeutral(name: string, types: ReadonlySet<string>): boolean {
  const parts = name.replace(ENDING, '').split('/')
  return parts.every(
    (part) => FOLDERS.has(part) || part.split(/[._-]/).every((word) => types.has(word) || NUMBERS.test(word)),
  )
}

function neutralName(name: string, secret: string): string {
  const digest = createHmac('sha256', secret).update(name.replace(ENDING, '')).digest('hex')
  return `item-${digest.slice(0, DIGITS)}${ENDING.exec(name)?.[0] ?? ''}`
}

async function secretOf(state: State): Promise<string> {
  const known = parse(await state.read(NAME))
  if (known !== undefined) return known
  const secret = randomBytes(SECRET_BYTES).toString('hex')
  await state.write(NAME, JSON.stringify({ secret }))
  return secret
}

function parse(text: string | undefined): string | undefined {
  try {
    const { secret } = JSON.parse(text ?? '{}') as { secret?: unknown }
    return typeof secret === 'string' && secret.length === 2 * SECRET_BYTES ? secret : undefined
  } catch {
    // Torn by a full disk, before any output had its name.
    return undefined
  }
}
