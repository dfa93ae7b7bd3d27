// Holds src/commands/display/terminal.ts.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { diffText } from '../../src/commands/diff/text.js'
import { openRunDisplay } from '../../src/commands/display/run-display.js'
import { linePrinters } from '../../src/commands/display/terminal.js'
import { describeFailure } from '../../src/commands/failure.js'
import type { DiffSummary } from '../../src/diff/summary.js'
import { sluiceError } from '../../src/errors.js'
import { visible } from '../../src/visible.js'
import { verbRun } from '../support/verb-run.js'

const HOSTILE = [
  ['a command that clears the screen', '\u001b[2J', '\\u001b[2J'],
  ['a title', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
  ['a bell', '\u0007', '\\u0007'],
  ['a carriage return', '\r', '\\u000d'],
  ['a line break', '\n', '\\u000a'],
  ['a backspace', '\b\b', '\\u0008\\u0008'],
  ['DEL', '\u007f', '\\u007f'],
  ['a command of one byte (C1)', '\u009b31m', '\\u009b31m'],
  ['a next line (C1)', '\u0085', '\\u0085'],
  ['a right-to-left override', '\u202egpj', '\\u202egpj'],
  ['an isolate', '\u2066x', '\\u2066x'],
  ['a zero width space', '\u200b', '\\u200b'],
  ['a byte order mark', '\ufeff', '\\ufeff'],
  ['a line separator', '\u2028', '\\u2028'],
  ['an invisible tag', '\u{e0041}', '\\udb40\\udc41'],
] as const

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const isClean = (text: string): boolean => text.split('\n').every((line) => !INVISIBLE.test(line))

function recorder() {
  const pieces: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      pieces.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => pieces.join('') }
}

for (const [what, raw, shown] of HOSTILE)
  t.test(`a name with ${what} is shown escaped in messages and events`, async (t) => {
    const name = `a${raw}b.ndjson.gz`
    const folder = t.testdir({
      'c.json': JSON.stringify({
        fhirVersion: 'R4',
        fhirPathRules: [{ path: 'Patient.id', method: 'keep' }],
      }),
    })
    const at = (part: string) => join(folder, part)
    mkdirSync(at('in'))
    writeFileSync(at(`in/${name}`), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff]))
    const words = ['anonymize', '-i', at('in'), '-o', at('out'), '-c', at('c.json')]
    const { exitCode, stdout, stderr } = await verbRun(words)
    t.equal(exitCode, 3, stderr)
    t.ok(isClean(stdout) && isClean(stderr), JSON.stringify(stdout + stderr))
    t.match(stdout, `failed: a${shown}b.ndjson.gz: `)
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly event: string; readonly item?: string })
    t.equal(events.find(({ event }) => event === 'item.failed')?.item, name, 'events keep the name itself')

    const asJson = await verbRun([...words, '--json'])
    t.ok(isClean(asJson.stdout), JSON.stringify(asJson.stdout))
    t.match(JSON.parse(asJson.stdout), { failed: [{ item: name }] })

    const missing = await verbRun([
      'anonymize',
      '-i',
      at(name),
      '-o',
      at('out'),
      '-c',
      at('c.json'),
      '--json',
    ])
    t.ok(isClean(missing.stdout) && isClean(missing.stderr), JSON.stringify(missing))
    t.match(missing.stderr, `a${shown}b`)
  })

t.test('a person sees warnings, waits and the failure escaped, each on its own line', async (t) => {
  for (const [what, raw, shown] of HOSTILE) {
    const { stream, text } = recorder()
    const terminal = {
      stdin: process.stdin,
      stdout: stream,
      stderr: stream,
      ...linePrinters(stream, stream),
      isInteractive: true,
      signal: new AbortController().signal,
    }
    const display = await openRunDisplay(terminal, { isVerbose: false, hasBar: false })
    display.onEvent({ event: 'item.failed', level: 'warn', item: `x${raw}`, place: raw })
    display.onEvent({ event: 'lock.waiting', level: 'info', place: raw, maxSeconds: 1 })
    display.onEvent({ event: 'export.polled', level: 'info', progress: raw, seconds: 1 })
    await display.close()
    const lines = text().trimEnd().split('\n')
    t.equal(lines.length, 3, what)
    t.ok(
      lines.every((line) => line.includes(shown) && isClean(line)),
      `${what}: ${JSON.stringify(lines)}`,
    )
    const error = sluiceError('SINK_LOCKED', { at: `y${raw}`, message: `x${raw} is held` })
    const failure = describeFailure(error)
    t.equal(
      failure.text,
      `SINK_LOCKED: y${shown}: x${shown} is held; wait for it to end and run it again`,
      what,
    )
    t.match(failure.json, { error: { at: `y${raw}` } }, 'the document keeps the name itself')
  }
})

t.test('a coloured comparison has no sequence but its own', async (t) => {
  for (const [what, raw] of HOSTILE) {
    const counts = { kept: 0, changed: 1, removed: 0, added: 0 }
    const summary = {
      examples: [
        {
          item: raw,
          line: 1,
          type: raw,
          rows: [{ place: raw, outcome: 'changed', before: raw, after: raw }],
          moreCount: 0,
        },
      ],
      types: [{ type: raw, resources: 1, bytes: { before: 1, after: 1 }, values: counts }],
      elements: [{ path: raw, fhirType: raw, outcomes: { changed: 1 } }],
      lookAt: [{ path: raw, why: raw, kept: 1 }],
      items: { compared: 1 },
      lines: { compared: 1, unchanged: 0, quarantined: 0, blank: 0 },
      bytes: { before: 1, after: 1 },
      values: counts,
      run: { fingerprint: raw, asOf: raw, version: raw, quarantinedByCode: { [raw]: 1 } },
      warnings: [{ message: raw }],
    } as unknown as DiffSummary
    const own = new RegExp(`${String.fromCharCode(27)}\\[(?:0|1|3[123])m`, 'g')
    for (const line of diffText(summary, { isColored: true, width: 80 }))
      t.notOk(INVISIBLE.test(line.replace(own, '')), `${what}: ${JSON.stringify(line)}`)
  }
})

t.test('what can be seen stays as it is, in any script', async (t) => {
  for (const text of ['Müller', '北京 患者', 'مريض', 'emoji 😀', 'a\\b "c"', 'e\u0301'])
    t.equal(visible(text), text)
})

t.test('help keeps its lines', async (t) => {
  const { stdout } = await verbRun(['anonymize', '--help'])
  t.ok(stdout.split('\n').length > 30 && !stdout.includes('\\u000a'))
})
