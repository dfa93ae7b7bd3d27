// Holds src/pipeline/raw/raw-lines.ts.

import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { LineCount } from '../../../src/pipeline/raw/raw-lines.js'
import { type Plan, startBadServer } from '../../support/bad-fhir-server.js'
import { exportTo, lines, patientLine } from '../../support/export-run.js'
import { FRAMES, hasZstd, zstdOf } from '../../support/zstd.js'

t.jobs = 4

const full = lines(3, patientLine)

/** Files as they come, and how many lines they hold. */
const FILES: Readonly<Record<string, readonly [content: string | Buffer, lines: number | undefined]>> = {
  nothing: ['', 0],
  'blank lines': ['\n\r\n\n', 0],
  resources: [full, 3],
  'gzip of nothing': [gzipSync(''), 0],
  'gzip of blank lines': [gzipSync('\n\n'), 0],
  'gzip of resources': [gzipSync(full), 3],
  'gzip in two members': [Buffer.concat([gzipSync(full), gzipSync(full)]), 6],
  'gzip that is cut': [gzipSync(full).subarray(0, 40), undefined],
  ...(hasZstd
    ? ({
        'zstd in two frames': [Buffer.concat([zstdOf(full), zstdOf(full)]), 6],
        'zstd that is cut': [zstdOf(full).subarray(0, 20), undefined],
      } as const)
    : ({ 'zstd that Node cannot read': [FRAMES.repeated, undefined] } as const)),
}

// What the bad server counts are line feeds of what it sends.
const uncounted: Plan['manifest'] = ({ output, ...manifest }) => ({
  ...manifest,
  output: (output as { type: string; url: string }[]).map(({ type, url }) => ({ type, url })),
})

for (const [name, [content, expected]] of Object.entries(FILES))
  t.test(`a raw export of ${name} holds ${expected ?? 'unknown'} lines`, async (t) => {
    const server = await startBadServer(t, { files: { Patient: [content] }, manifest: uncounted })
    const request = { level: 'system', parameters: [['_type', 'Patient']] } as const
    const output = join(t.testdir(), 'out')
    const isEmpty = expected === 0
    const report = await exportTo(server, output, { plan: undefined, request })
    t.match(report, { isComplete: true, isEmpty, missingTypes: isEmpty ? ['Patient'] : [] })
    t.match(report.run, { outputs: [{ bytes: content.length, lines: expected }] })
  })

t.test('a count of the manifest holds for a file in gzip', async (t) => {
  for (const [count, isComplete] of [
    [3, true],
    [4, false],
  ] as const) {
    const manifest: Plan['manifest'] = ({ output, ...rest }) => ({
      ...rest,
      output: (output as object[]).map((file) => ({ ...file, count })),
    })
    const server = await startBadServer(t, { files: { Patient: [gzipSync(full)] }, manifest })
    const report = await exportTo(server, join(t.testdir(), String(count)), { plan: undefined })
    t.equal(report.isComplete, isComplete)
  }
})

t.test('lines are counted whatever the pieces are', async (t) => {
  for (const bytes of [Buffer.from(full), gzipSync(full)])
    for (const size of [2, 3, 7, bytes.length]) {
      const counter = new LineCount()
      for (let from = 0; from < bytes.length; from += size)
        await counter.add(bytes.subarray(from, from + size))
      t.equal(await counter.end(), 3, `pieces of ${size}`)
    }
})
