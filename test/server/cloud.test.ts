import { gzipSync } from 'node:zlib'
import t from 'tap'
import { startAzurite } from '../support/azurite.js'
import { firstOf } from '../support/elements.js'
import { startSluice } from '../support/sluice.js'
import { CONFIG, clientOf, lines, outcomeText } from './provider.js'

const patient = (id: string) => JSON.stringify({ resourceType: 'Patient', id, name: [{ family: 'CANARY' }] })

t.test('data, configurations and containers may lie in Azure storage', async (t) => {
  const azurite = await startAzurite(t)
  const data = await azurite.container()
  const lake = await azurite.container()
  await data
    .getBlockBlobClient('r4/Patient.ndjson')
    .uploadData(Buffer.from(lines(patient('a'), patient('b'))))
  await data.getBlockBlobClient('r4/more.ndjson.gz').uploadData(gzipSync(lines(patient('c'))))
  const config = Buffer.from(JSON.stringify(CONFIG))
  const { etag = '' } = await lake.getBlockBlobClient('anonymization/safe.json').uploadData(config)
  const words = [
    'serve',
    '--port',
    '0',
    '--polls-per-minute',
    '60000',
    '--data',
    `azurite://${data.containerName}/r4`,
    '--outputs',
    `azurite://${lake.containerName}`,
  ]
  const env = { AZURITE_CONNECTION_STRING: azurite.connectionString }
  const refused = await startSluice(words, { env }).finished
  t.equal(refused.exitCode, 2)
  t.match(refused.stderr, '--state is needed')
  const running = startSluice([...words, '--state', t.testdir()], { env })
  t.teardown(() => void running.child.kill('SIGKILL'))
  const base = /"baseUrl":"([^"]+)"/.exec(await running.saw('server.ready'))?.[1] ?? ''
  const client = clientOf(base)

  const raw = await client.export('/$export')
  t.same(raw.resources, ['Patient/a', 'Patient/b', 'Patient/c'])
  const part = await client.ask(firstOf(raw.manifest.output).url, { headers: { range: 'bytes=0-16' } })
  t.equal(await part.text(), '{"resourceType":"')
  t.same((await client.export('/Patient/$export?_since=2020-01-01')).resources, raw.resources)

  for (const condition of [
    '',
    `&_anonymizationConfigEtag=${encodeURIComponent(etag)}`,
    `&_anonymizationConfigEtag=${etag.replaceAll('"', '')}`,
  ]) {
    const query = `_container=research&_anonymizationConfig=safe.json${condition}`
    const { lines: found, manifest } = await client.export(`/$export?${query}`)
    t.equal(found.length, 3, query)
    t.notMatch(found.join(), 'CANARY')
    t.equal(manifest.output.length, 2)
  }
  const names: string[] = []
  for await (const { name } of lake.listBlobsFlat({ prefix: 'research/' })) names.push(name)
  t.equal(
    names.filter((name) => /^research\/\d{8}T\d{6}-[0-9a-f]{32}\/Patient-\d\.ndjson$/.test(name)).length,
    6,
  )

  for (const [query, text] of [
    ['_anonymizationConfig=none.json', 'not found'],
    ['_anonymizationConfig=safe.json&_anonymizationConfigEtag=0x0', 'HTTP conditional header'],
  ] as const) {
    const started = await client.kickOff(`/$export?_container=c&${query}`)
    const url = started.headers.get('content-location') ?? ''
    let status = await client.ask(url)
    for (; status.status === 202; status = await client.ask(url))
      await new Promise((resolve) => setTimeout(resolve, 100))
    t.equal(status.status, 400)
    t.match(await outcomeText(status), text)
  }

  await data.getBlockBlobClient('r4/Patient.ndjson').uploadData(Buffer.from(lines(patient('new'))))
  t.equal(
    (await client.ask(firstOf(raw.manifest.output).url)).status,
    410,
    'a changed blob is another version',
  )
  t.same((await client.export('/$export')).resources, ['Patient/c', 'Patient/new'])
})
