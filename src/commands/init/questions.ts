import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { sluiceError } from '../../errors.js'

/** One question with the answers that it takes. */
export interface Question<T extends string> {
  readonly asks: string
  readonly answers: readonly (readonly [answer: T, says: string])[]
}

const interrupted = () =>
  sluiceError('INTERRUPTED', { message: 'interrupted; nothing was written', help: 'run it again' })

/** Asks questions in a terminal, one after the other. */
export class Dialogue {
  readonly #lines: AsyncIterator<string>
  readonly #output: Writable
  readonly #close: () => void
  #isInterrupted = false

  constructor(input: Readable, output: Writable, signal: AbortSignal) {
    const reader = createInterface({ input, output, terminal: false })
    const stop = (): void => {
      this.#isInterrupted = true
      reader.close()
    }
    signal.addEventListener('abort', stop, { once: true })
    this.#close = () => {
      signal.removeEventListener('abort', stop)
      reader.close()
    }
    this.#lines = reader[Symbol.asyncIterator]()
    this.#output = output
  }

  /** Asks until an answer fits: its number, its name, or nothing for the first. Throws INTERRUPTED. */
  async ask<T extends string>({ asks, answers }: Question<T>): Promise<T> {
    const width = Math.max(...answers.map(([answer]) => answer.length))
    const list = answers.map(([answer, says], at) =>
      `  ${at + 1}  ${answer.padEnd(width)}  ${says}`.trimEnd(),
    )
    this.#output.write(`\n${asks}\n${list.join('\n')}\n`)
    for (;;) {
      const written = await this.#line('[1] > ')
      const at = written === '' ? 0 : /^\d+$/.test(written) ? Number(written) - 1 : -1
      const found =
        answers[at]?.[0] ?? answers.find(([answer]) => answer.toLowerCase() === written.toLowerCase())?.[0]
      if (found !== undefined) return found
      this.#output.write(`Answer with a number from 1 to ${answers.length}, or a name from the list.\n`)
    }
  }

  /** Asks for a text; nothing means the given one. */
  async askText(asks: string, usual: string): Promise<string> {
    this.#output.write(`\n${asks}\n`)
    return (await this.#line(`[${usual}] > `)) || usual
  }

  async #line(prompt: string): Promise<string> {
    this.#output.write(prompt)
    const next = await this.#lines.next()
    // The end of the input answers nothing: a half-answered dialogue writes no file.
    if (next.done === true || this.#isInterrupted) throw interrupted()
    return next.value.trim()
  }

  close(): void {
    this.#close()
  }
}
