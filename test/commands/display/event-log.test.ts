import { Writable } from 'node:stream'
import t from 'tap'
import { eventLog } from '../../../src/commands/display/event-log.js'
import { progressBar } from '../../../src/commands/display/progress-bar.js'

/** A stream whose reader takes nothing until it is told to. */
class Stuck extends Writable {
  readonly lines: string[] = []
  private release: (() => void) | undefined
  private isOpen = false

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.lines.push(chunk.toString())
    if (this.isOpen) done()
    else this.release = done
  }

  open(): void {
    this.isOpen = true
    this.release?.()
  }
}

t.test('events are JSON lines with level, time and fields; those below the level are left out', async (t) => {
  const stream = new Stuck()
  stream.open()
  const log = eventLog(stream, 'info')
  log.event('info', 'item.committed', { item: 'a.ndjson' })
  log.event('debug', 'line.quarantined', {})
  await log.close()
  t.match(
    stream.lines.map((line) => JSON.parse(line)),
    [{ level: 'info', event: 'item.committed', item: 'a.ndjson', time: /^\d{4}-.*Z$/ }],
  )
})

t.test('a slow reader costs log lines, which are dropped and counted, and no memory', async (t) => {
  const stream = new Stuck()
  const log = eventLog(stream, 'info')
  for (let n = 0; n < 20_000; n++) log.event('info', 'chunk.retried', { item: 'x'.repeat(100) })
  t.ok(stream.writableLength < 2 * 1024 * 1024, `${stream.writableLength} bytes wait`)
  const closed = log.close()
  stream.open()
  await closed
  const last = JSON.parse(stream.lines.at(-1) ?? '{}') as { event?: string; lineCount?: number }
  t.equal(last.event, 'log.dropped')
  const events = stream.lines.filter((line) => line !== '')
  t.equal((last.lineCount ?? 0) + events.length - 1, 20_000)
})

t.test('a reader that never reads holds the end up only for a moment', async (t) => {
  const log = eventLog(new Stuck(), 'info')
  for (let n = 0; n < 10; n++) log.event('info', 'run.progress', {})
  const startedMs = performance.now()
  await log.close()
  t.ok(performance.now() - startedMs < 5000)
})

t.test('the progress bar shows bytes, lines, speed, time left and quarantined lines', async (t) => {
  const shown: string[] = []
  const terminal = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        shown.push(chunk.toString())
        done()
      },
    }),
    { isTTY: true, columns: 200, cursorTo: () => true, clearLine: () => true },
  )
  const bar = progressBar(terminal)
  bar.update({ bytesRead: 0, bytesTotal: 4096, lineCount: 0, quarantinedCount: 0 })
  bar.update({ bytesRead: 1024, bytesTotal: 4096, lineCount: 1234, quarantinedCount: 5 })
  bar.close()
  t.match(
    shown.join(''),
    /25% \| 1\.0 KiB of 4\.0 KiB \| 1,234 lines \| .*\/s \| \d\d:\d\d:\d\d left \| 5 quarantined/,
  )
})
