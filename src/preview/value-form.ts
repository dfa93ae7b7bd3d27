const MAX_RUN = 3
const MAX_DIGITS = 4
const MAX_FORM_LENGTH = 40

const CAPITAL = /\p{Lu}/u
const LETTER = /[\p{L}\p{M}]/u
const DIGIT = /\p{N}/u
const PUNCTUATION = /[!-/:-@[-`{-~]/

/**
 * The form of a value's text in place of the value: `Aaa 99` for `Ward 12`. A letter is `A` or `a`, a digit `9`,
 * anything that is neither a letter, a digit, a space nor ASCII punctuation is `•`. Runs are cut short: one of more than
 * three of a kind (four digits) looks like one of just as many, so that words such as codes are not told by their length.
 */
export function formOf(text: string): string {
  let form = ''
  let last = ''
  let run = 0
  for (const character of text) {
    const mark = markOf(character)
    // A capital begins a word; the small letters after it are a run of their own.
    run = mark === last ? run + 1 : 1
    last = mark
    if (run > (mark === '9' ? MAX_DIGITS : MAX_RUN)) continue
    form += mark
    if (form.length > MAX_FORM_LENGTH) return `${form.slice(0, MAX_FORM_LENGTH)}…`
  }
  return form
}

function markOf(character: string): string {
  if (CAPITAL.test(character)) return 'A'
  if (LETTER.test(character)) return 'a'
  if (DIGIT.test(character)) return '9'
  if (character === ' ') return ' '
  return PUNCTUATION.test(character) ? character : '•'
}
