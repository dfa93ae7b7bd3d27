import { blockKey } from '../../anonymizer/keyed-hash/hmac.js'

/** 128 bits of text. */
const MIN_BYTES = 16
/** Characters that do not follow from those before them. */
const MIN_FREE = 12
const MIN_DIFFERENT = 6
/** Fewer characters of the beginning may come again at the end by chance. */
const MIN_REPEATED = 4

// `${NAME}`, `$NAME`, `$(…)`, `{{…}}`, `<…>`, `%NAME%`, `#{…}#`, `__NAME__`
const UNFILLED =
  /^(?:\$\{[^}]*\}|\$[A-Z_][A-Z0-9_]*|\$\([^)]*\)|\{\{.*\}\}|<.*>|%[A-Za-z0-9_]+%|#\{.*\}#|__[A-Z0-9_]+__)$/s
const TEMPLATE_WORDS =
  /change[ _-]?me|placeholder|replace[ _-](?:me|this|with)|(?:your|insert|enter)[ _-][\w -]*key|(?:key|goes)[ _-]here/i

/** Why a key can be guessed, as the end of "the key …"; undefined where it cannot, as far as its text shows. */
export function weaknessOf(key: string): string | undefined {
  if (Buffer.from(key).toString() !== key || key.includes('\uFFFD'))
    return 'is not valid Unicode text, so parts of it are lost: write it in hexadecimal or base64'
  const text = withoutPadding(key)
  if (text === '') return 'is white space only'
  if (UNFILLED.test(text) || TEMPLATE_WORDS.test(text))
    return 'is the placeholder of a template that nobody filled in'
  if (Buffer.byteLength(text) < MIN_BYTES) return `is shorter than ${MIN_BYTES} bytes (128 bits) of text`
  const unit = repeatedUnit([...text])
  if (
    Buffer.byteLength(unit.join('')) < MIN_BYTES ||
    new Set(unit).size < MIN_DIFFERENT ||
    freeCharacters(unit) < MIN_FREE
  )
    return 'repeats characters or counts up, so it has fewer than 128 bits of text'
  return undefined
}

/**
 * Whether two keys are the same one for HMAC, or but for white space, case and the form of their characters, or one is
 * cut from the other, as AES needs a certain length.
 */
export function isSameKey(one: string, other: string): boolean {
  if (blockKey(withoutPadding(one)).equals(blockKey(withoutPadding(other)))) return true
  const [a, b] = [folded(one), folded(other)]
  return a.length <= b.length ? isCutFrom(a, b) : isCutFrom(b, a)
}

const isCutFrom = (shorter: string, longer: string): boolean =>
  shorter === longer || (shorter.length >= MIN_FREE && longer.includes(shorter))

const folded = (key: string): string =>
  withoutPadding(key).normalize('NFKC').toLowerCase().replaceAll(/\s/g, '')

/** White space, and the NULs with which HMAC fills up a key anyway. */
function withoutPadding(key: string): string {
  let end = key.length
  while (end > 0 && key.charCodeAt(end - 1) === 0) end--
  return key.slice(0, end).trim()
}

/** What a text repeats, the last time perhaps in part; the text itself where it repeats nothing. */
function repeatedUnit(characters: readonly string[]): readonly string[] {
  // The prefix function of Knuth, Morris and Pratt: how much of the beginning comes again at each end.
  const borders = [0]
  for (let k = 1, border = 0; k < characters.length; k++) {
    while (border > 0 && characters[k] !== characters[border]) border = borders[border - 1] ?? 0
    if (characters[k] === characters[border]) border++
    borders.push(border)
  }
  const border = borders.at(-1) ?? 0
  return border < MIN_REPEATED ? characters : characters.slice(0, characters.length - border)
}

/** How many characters do not continue a run such as `aaa`, `123` or `cba`. */
function freeCharacters(characters: readonly string[]): number {
  let free = 0
  let last: number | undefined
  let lastStep: number | undefined
  for (const character of characters) {
    const point = character.codePointAt(0) ?? 0
    const step = last === undefined ? undefined : point - last
    const continues = step === 0 || (Math.abs(step ?? 2) === 1 && step === lastStep)
    if (!continues) free++
    last = point
    lastStep = step
  }
  return free
}
