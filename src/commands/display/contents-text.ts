import type { Contents } from '../../export/contents.js'
import type { Terminal } from './terminal.js'

/** Says what did not come. */
export function printContents(
  { isEmpty, missingTypes }: Contents,
  { isIncrement, isFailure }: { readonly isIncrement: boolean; readonly isFailure: boolean },
  terminal: Terminal,
): void {
  if (missingTypes.length > 0) terminal.print(`requested, but not received: ${missingTypes.join(', ')}`)
  if (isEmpty && isIncrement) terminal.print('no new or changed resource was delivered')
  else if (isEmpty)
    terminal.print(
      `WARNING: no resource was delivered${
        isFailure
          ? '; check the source, the request and what the account may read. --allow-empty accepts this'
          : ''
      }`,
    )
}
