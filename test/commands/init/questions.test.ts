import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { Dialogue } from '../../../src/commands/init/questions.js'

/** A dialogue with somebody who writes these lines. */
function dialogueWith(lines: readonly string[], signal = new AbortController().signal) {
  const input = new PassThrough()
  let shown = ''
  const output = new Writable({
    write(chunk, _, done) {
      shown += String(chunk)
      done()
    },
  })
  const dialogue = new Dialogue(input, output, signal)
  for (const line of lines) input.write(`${line}\n`)
  return { dialogue, input, shown: () => shown }
}

const COLORS = {
  asks: 'Which color?',
  answers: [
    ['red', 'like a rose'],
    ['blue', ''],
  ],
} as const

t.test('an answer is a number, a name, or nothing for the first', async (t) => {
  const { dialogue, shown } = dialogueWith(['2', 'BLUE', '', 'red'])
  t.equal(await dialogue.ask(COLORS), 'blue')
  t.equal(await dialogue.ask(COLORS), 'blue')
  t.equal(await dialogue.ask(COLORS), 'red')
  t.equal(await dialogue.ask(COLORS), 'red')
  t.match(shown(), 'Which color?\n  1  red   like a rose\n  2  blue\n[1] > ')
  dialogue.close()
})

t.test('another answer is asked for again', async (t) => {
  const { dialogue, shown } = dialogueWith(['3', 'green', '0', ' 1 '])
  t.equal(await dialogue.ask(COLORS), 'red')
  t.equal(shown().match(/Answer with a number from 1 to 2/g)?.length, 3)
  dialogue.close()
})

t.test('the end of the input and a signal end the dialogue as interrupted', async (t) => {
  const { dialogue, input } = dialogueWith([])
  input.end()
  await t.rejects(dialogue.ask(COLORS), { code: 'INTERRUPTED' })
  const stop = new AbortController()
  const other = dialogueWith([], stop.signal)
  const asked = other.dialogue.ask(COLORS)
  stop.abort(new Error('stop'))
  await t.rejects(asked, { code: 'INTERRUPTED' })
})
