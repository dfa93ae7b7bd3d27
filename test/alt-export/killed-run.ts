import { runAltExport } from '../../src/alt-export/run.js'
import type { FaultPoint } from '../../src/pipeline/options.js'
import { folderSink } from '../../src/storage/folder/folder.js'
import { COHORT } from '../support/alt-export-run.js'
import { planFor } from '../support/pipeline-run.js'

/** Where a run kills itself: the nth time it comes there. */
export interface Death {
  readonly at: FaultPoint | 'page' | 'alt-export.started' | 'alt-export.ids' | 'item.committed' | 'never'
  readonly nth: number
}

interface Order {
  readonly base: string
  readonly output: string
  readonly isRaw: boolean
  readonly death: Death
}

// A process of its own: its argument is an order, and it dies as it is told.
const { base, output, isRaw, death } = JSON.parse(process.argv[2] ?? '{}') as Order
let seen = 0
const reach = (at: string): void => {
  if (at !== death.at) return
  seen += 1
  if (seen === death.nth) process.kill(process.pid, 'SIGKILL')
}

const report = await runAltExport({
  base,
  definition: {
    ...COHORT,
    include: [
      'Patient?_id=$IDS&_include=Patient:general-practitioner&_count=20',
      'Observation?patient=$IDS&_include=Observation:performer&_count=40',
    ],
  },
  plan: isRaw ? undefined : planFor(),
  idsPerItem: 50,
  workers: 1,
  chunkBytes: 16 * 1024,
  sink: folderSink(output),
  faultPoint: reach,
  onEvent: ({ event }) => reach(event),
  onStatus: ({ phase }) => {
    if (phase === 'exporting') reach('page')
  },
})
process.stdout.write(JSON.stringify(report))
