/** What became of one value, as far as the value itself and the security labels around it show. */
export const OUTCOMES = [
  'kept',
  'hashed',
  'encrypted',
  'shifted',
  'shortened',
  'perturbed',
  'substituted',
  'generalized',
  'replaced',
  'removed',
  'added',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** The same in four kinds; `changed` is every outcome that leaves another value. */
export const CHANGES = ['kept', 'changed', 'removed', 'added'] as const
export type Change = (typeof CHANGES)[number]

export const changeOf = (outcome: Outcome): Change =>
  outcome === 'kept' || outcome === 'removed' || outcome === 'added' ? outcome : 'changed'

/** A JSON value that is neither object nor array. */
export type Leaf = string | number | boolean

const HASH = /(?:^|[^0-9a-f])[0-9a-f]{64}(?:$|[^0-9a-f])/
const DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.,]*(?:Z|[+-]\d\d:\d\d)?)?)?)?$/
const DAY_LENGTH = 'YYYY-MM-DD'.length
/** The first instant of a year, which a shortened `instant` is written as (`anonymizer/labels.ts`). */
const FIRST_INSTANT = /^(\d{4})-01-01T00:00:00\+00:00$/
const BASE64 = /^[A-Za-z0-9+/]{42,}={0,2}$/
/** AES-CBC writes an IV and at least one block. */
const MIN_ENCRYPTED_BYTES = 32
const BLOCK_BYTES = 16

/** Methods that leave no trace in the value: a label names them only where the resource has no other of them. */
const BY_LABEL = [
  ['PERTURBED', 'perturbed'],
  ['SUBSTITUTED', 'substituted'],
  ['GENERALIZED', 'generalized'],
] as const

/** `labels` are the security labels that the resource got. */
export function outcomeOf(before: Leaf, after: Leaf, labels: ReadonlySet<string>): Outcome {
  if (before === after) return 'kept'
  if (typeof after === 'string') {
    const isHash = HASH.test(after)
    // If both are hashes, only the label shows that the second was made from the first.
    if (isHash && !(HASH.test(String(before)) && !labels.has('CRYTOHASH'))) return 'hashed'
    if (!isHash && isEncrypted(after)) return 'encrypted'
    if (typeof before === 'string') {
      if (DATE.test(before) && DATE.test(after)) return ofDates(before, after)
      if (isShortened(before, after)) return 'shortened'
    }
  }
  const [named, ...others] = BY_LABEL.filter(([label]) => labels.has(label))
  return named !== undefined && others.length === 0 ? named[1] : 'replaced'
}

const isEncrypted = (text: string): boolean => {
  if (text.length % 4 !== 0 || !BASE64.test(text)) return false
  const { length } = Buffer.from(text, 'base64')
  return length >= MIN_ENCRYPTED_BYTES && length % BLOCK_BYTES === 0
}

function ofDates(before: string, after: string): Outcome {
  if (after.length < before.length && before.startsWith(after) && after.length < DAY_LENGTH)
    return 'shortened'
  if (FIRST_INSTANT.exec(after)?.[1] === before.slice(0, 4)) return 'shortened'
  return after.length >= DAY_LENGTH ? 'shifted' : 'replaced'
}

/** The start of the value, or the start followed by zeros, as in ZIP codes. */
function isShortened(before: string, after: string): boolean {
  if (after.length === 0 || after.length > before.length) return false
  if (before.startsWith(after)) return true
  const kept = after.replace(/0+$/, '')
  return after.length === before.length && kept.length > 0 && before.startsWith(kept)
}
