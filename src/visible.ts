// Control characters move a terminal's cursor or begin a command to it; format characters turn the direction of what
// follows, or hide in it; line and paragraph separators end a line for some readers.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Text on one line in which whatever cannot be seen is written as `\u001b`, each UTF-16 unit for itself: so JSON stays
 * JSON of the same value.
 */
export const visible = (text: string): string => text.replace(INVISIBLE, escaped)

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join('')

const unit = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`
