import t from 'tap'
import { BlobAppender } from '../../src/storage/blob-appender.js'
import { startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'

const azurite = await startAzurite(t)

t.test('after a failure nothing more is kept, and every later call says so', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const appender = await BlobAppender.open(container, 'j', 0)
  await appender.append('one\n')
  await appender.keep()
  await container.appendBlock('j', Buffer.from('theirs\n'), { position: 4 })
  await appender.append('two\n')
  await t.rejects(appender.keep(), { code: 'SINK_LOCKED' })
  await container.createAppendBlob('j')
  await container.appendBlock('j', Buffer.from('one\n'), { position: 0 })
  await t.rejects(appender.keep(), { code: 'SINK_LOCKED' }, 'with nothing held back')
  await appender.append('three\n')
  await t.rejects(appender.flush(), { code: 'SINK_LOCKED' }, 'where it would fit again')
  t.equal((await container.readText('j'))?.text, 'one\n')
})

t.test('many small appends become few before the service takes no more, also on going on', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const lines = Array.from({ length: 23 }, (_, n) => `line ${n}\n`)
  const appendAll = async (appender: BlobAppender, texts: readonly string[]) => {
    for (const text of texts) {
      await appender.append(text)
      await appender.keep()
      const count = (await container.head('j'))?.committedBlockCount ?? 0
      t.ok(count <= 5, `${count} appends`)
    }
    await appender.close()
  }
  const before = lines.slice(0, 14)
  await appendAll(await BlobAppender.open(container, 'j', 0, { mostAppends: 5 }), before)
  const length = before.join('').length
  const grown: number[] = []
  const onGrown = (bytes: number) => grown.push(bytes)
  await appendAll(
    await BlobAppender.open(container, 'j', length, { mostAppends: 5, onGrown }),
    lines.slice(14),
  )
  t.equal((await container.readText('j'))?.text, lines.join(''))
  t.equal(grown.at(-1), lines.join('').length)
  t.equal(await container.head('j.aside'), undefined)
})
