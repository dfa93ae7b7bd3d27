// Holds src/load/tally.ts, src/load/type-ranks.ts.

import t from 'tap'
import { Tally } from '../../src/load/tally.js'

const PLACES = { base: 'http://127.0.0.1/', source: 'in', state: 'in.load' }

t.test('the report names a type only if it is one', async (t) => {
  const tally = new Tally()
  tally.settled([
    { fate: 'loaded', status: '201', type: 'VisionPrescription' },
    { fate: 'failed', status: '422', type: 'VisionPrescription' },
    { fate: 'failed', status: '422', type: 'Patient' },
    { fate: 'failed', status: '404', type: 'CanaryName' },
    { fate: 'ambiguous', status: 'none', type: 'CanaryFamily' },
  ])
  t.strictSame(tally.report(PLACES).byType, {
    Patient: { loaded: 0, failed: 1, ambiguous: 0 },
    VisionPrescription: { loaded: 1, failed: 1, ambiguous: 0 },
    others: { loaded: 0, failed: 1, ambiguous: 1 },
  })
})
