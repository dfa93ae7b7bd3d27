import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { skipWithoutShared } from '../support/shared.js'
import { agreement } from './agreement.js'
import { anonymizedLoad, splitTransactions } from './changed-loads.js'
import { readFolder } from './corpus.js'
import { buildHapi, startHapi } from './hapi-server.js'
import { killedLoads } from './killed-loads.js'
import { badImport, badResources } from './refused-resources.js'
import { everyWay } from './ways.js'

function reasonToSkip(): string | false {
  const absent = skipWithoutShared('data/r4-synthea', 'data/r4-us-core')
  if (absent !== false) return absent
  const reason = buildHapi()
  if (reason !== false) console.log(`# skipped: ${reason}`)
  return reason
}

t.test('interoperability with HAPI FHIR', { skip: reasonToSkip() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-interop-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const data = { synthea: readFolder('data/r4-synthea'), usCore: readFolder('data/r4-us-core') }

  await t.test('a server that is loaded in every way holds just what was loaded', async (t) => {
    const hapi = await startHapi(join(folder, 'first.log'))
    t.teardown(() => hapi.close())
    await everyWay(t, { ...data, base: hapi.base, folder })
  })

  await t.test('a server that is loaded with what was changed on the way', async (t) => {
    const hapi = await startHapi(join(folder, 'second.log'))
    t.teardown(() => hapi.close())
    const place = { ...data, base: hapi.base, folder }
    await t.test('transactions in parts make the same graph', (t) => splitTransactions(t, place))
    await t.test('an anonymized load keeps what refers to what', (t) => anonymizedLoad(t, place))
    await t.test('a load that is killed and run again loses nothing', (t) => killedLoads(t, place))
    await t.test('what HAPI refuses is named, and nothing else fails', (t) => badResources(t, place))
    await t.test('lines that $import refuses are named', (t) => badImport(t, place))
    // Last, as it leaves resources that no comparison expects.
    await t.test('HAPI answers as the server of the other tests does', (t) => agreement(t, hapi.base))
  })
})
