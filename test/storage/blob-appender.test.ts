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
