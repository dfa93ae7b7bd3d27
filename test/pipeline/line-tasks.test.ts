import t from 'tap'
import type { Dispatch } from '../../src/pipeline/chunks/dispatch.js'
import type { RunContext } from '../../src/pipeline/context.js'
import { LineTasks, type TaskOptions } from '../../src/pipeline/line-tasks.js'
import type { LinesTask } from '../../src/workers/protocol.js'
import { specOf } from '../support/spec-of.js'

/** The tasks that chunks of these texts become. */
async function tasksOf(
  texts: readonly string[],
  {
    scope = 'resource',
    options = {},
  }: {
    readonly scope?: string
    readonly options?: Partial<TaskOptions>
  } = {},
): Promise<readonly LinesTask[]> {
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: [], parameters: { dateShiftScope: scope } })
  const made: LinesTask[] = []
  const dispatch = {
    run: async (task: LinesTask) => {
      made.push(task)
      return []
    },
  } as unknown as Dispatch
  const run = {
    spec,
    dispatch,
    source: { folderName: 'export' },
  }
  const shared = { item: 'a/b.ndjson', document: false, maxLineBytes: 100, keepContent: false }
  const tasks = new LineTasks(run as unknown as RunContext, { ...shared, ...options })
  let offset = 0
  for (const text of texts) {
    const bytes = Buffer.from(new SharedArrayBuffer(text.length))
    bytes.set(Buffer.from(text))
    const slab = {
      bytes,
      shared: bytes.buffer as unknown as SharedArrayBuffer,
      claim: new SharedArrayBuffer(4),
      long: false,
    }
    await tasks.anonymize({ kind: 'lines', slab, start: 0, end: text.length, offset })
    offset += text.length
  }
  return made
}

t.test('the place of a line is its offset', async (t) => {
  const places = async (...args: Parameters<typeof tasksOf>) =>
    (await tasksOf(...args)).map(({ firstRecord }) => firstRecord)
  t.strictSame(await places(['a\nb\n', 'c\n', 'd']), [0, 4, 6])
  t.strictSame(await places(['{\n}', '{\n}'], { options: { document: true } }), [0, 0], 'a document is at 0')
})

t.test('the scopes file and folder of dateShift put a name before the key', async (t) => {
  for (const [scope, prefix] of [
    ['resource', ''],
    ['file', 'b.ndjson'],
    ['folder', 'export'],
  ] as const)
    t.strictSame(
      (await tasksOf(['a\n'], { scope })).map((task) => task.dateShiftPrefix),
      [prefix],
      scope,
    )
})

t.test('offsets in the parts of a document are those of the document', async (t) => {
  const options = { document: true, areParts: true }
  t.strictSame(
    (await tasksOf(['{}', '{}'], { options })).map(({ baseOffset }) => baseOffset),
    [0, 2],
  )
  t.strictSame(
    (await tasksOf(['{}', '{}'])).map(({ baseOffset }) => baseOffset),
    [0, 0],
  )
})
