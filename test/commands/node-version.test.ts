import t from 'tap'
import { checkNodeVersion } from '../../src/commands/node-version.js'

t.test('Node 20.12 and newer are accepted, older ones refused with what to do', async (t) => {
  for (const version of ['v20.12.0', 'v20.20.2', '22.0.0', 'v26.1.0-nightly'])
    t.doesNotThrow(() => checkNodeVersion(version))
  for (const version of ['v20.11.1', 'v18.20.0', 'v8.0.0'])
    t.throws(() => checkNodeVersion(version), { code: 'SYSTEM_ERROR', message: /install a newer Node/ })
})
