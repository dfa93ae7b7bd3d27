import type { Test } from 'tap'
import type { Finished } from './sluice.js'

/** What no command line may print: a planted secret, a bug, or what a terminal obeys. */
export function checkTexts(t: Test, { stdout, stderr }: Finished, canary = /CANARY/): void {
  for (const [name, text] of Object.entries({ stdout, stderr })) {
    t.notMatch(text, canary, `${name} quotes neither a key nor a value`)
    // The help has the exit code of a bug, too.
    t.notMatch(text, /A bug in Sluice|"bug"|\n\s+at .*:\d+:\d+/, `${name} speaks of no bug`)
    // What JSON for machines has to escape is enough there.
    const seen = name === 'stdout' && text.startsWith('{') ? text.replace(/[\p{Cf}\x7f-\x9f]/gu, '') : text
    t.notMatch(seen, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, `${name} holds nothing that a terminal obeys`)
  }
}
