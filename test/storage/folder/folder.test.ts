import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderSink, folderSource } from '../../../src/storage/folder/folder.js'
import { makeFolders } from '../../../src/storage/folder/folder-files.js'
import { firstOf } from '../../support/elements.js'
import { filesIn, textIn, writeFiles } from '../../support/pipeline-run.js'

const FACTS = { sourceVersion: '1', lines: 1, quarantined: 0 }
const bytes = (text: string): [Uint8Array] => [Buffer.from(text)]

t.test('an output appears whole by commit, and not before', async (t) => {
  const folder = join(t.testdir(), 'out')
  const item = folderSink(folder).item('a/b.ndjson', 'fingerprint')
  t.equal(await item.resume(0), true)
  await item.append([Buffer.from('one\n'), Buffer.from('two\n')])
  await item.flush()
  t.strictSame([...filesIn(folder).keys()], ['a/b.ndjson.part'])
  const sealed = await item.sealed()
  t.equal(await item.find(sealed), 'ready')
  await item.commit(FACTS)
  await item.settle()
  t.equal(await item.find(sealed), 'committed')
  const { bytes, version } = sealed
  t.strictSame(await folderSink(folder).head('a/b.ndjson'), { bytes, version })
  t.equal(textIn(folder, 'a/b.ndjson'), 'one\ntwo\n')
})

t.test('an output goes on from what is kept of it', async (t) => {
  const folder = join(t.testdir(), 'out')
  const first = folderSink(folder).item('x', 'fingerprint')
  await first.resume(0)
  await first.append(bytes('kept lost'))
  await first.close()
  const second = folderSink(folder).item('x', 'fingerprint')
  t.equal(await second.resume(5), true)
  await second.append(bytes('new'))
  await second.commit(FACTS)
  t.equal(textIn(folder, 'x'), 'kept new')
  const third = folderSink(folder).item('x', 'fingerprint')
  t.equal(await third.resume(5), false, 'nothing is there to go on from')
  await third.abort()
  t.strictSame([...filesIn(folder).keys()], ['x'], 'an output that is there stays')
})

t.test('an output that another program changed while it was written is not committed', async (t) => {
  const folder = join(t.testdir(), 'out')
  const item = folderSink(folder).item('x', 'fingerprint')
  await item.resume(0)
  await item.append(bytes('ours'))
  appendFileSync(join(folder, 'x.part'), 'theirs')
  await t.rejects(item.sealed(), { code: 'SINK_CHANGED', retry: 'later', at: 'x' })
  await item.close()
})

t.test('an aborted output leaves nothing', async (t) => {
  const folder = join(t.testdir(), 'out')
  const item = folderSink(folder).item('x', 'fingerprint')
  await item.resume(0)
  await item.append(bytes('text'))
  await item.abort()
  t.equal(filesIn(folder).size, 0)
})

t.test('a run that takes over removes half-written outputs, and no file of anybody else', async (t) => {
  const folder = join(t.testdir(), 'out')
  const ours = [
    'x.ndjson.0a1b2c3d.part',
    'a/b.json.gz.0a1b2c3d.part',
    'x-00002.ndjson.0a1b2c3d.part',
    'run.json.0a1b2c3d.part',
    'outputs.ndjson.0a1b2c3d.part',
    `${'0'.repeat(32)}.0a1b2c3d.part`,
  ]
  const others = [
    'backup.20261130.part',
    'a/disk.img.20261130.part',
    'x.ndjson.part',
    'x.ndjson',
    '20261130.part',
  ]
  writeFiles(folder, Object.fromEntries([...ours, ...others].map((name) => [name, name])))
  const unlock = await folderSink(folder).state.lock()
  await unlock()
  t.strictSame([...filesIn(folder).keys()].sort(), [...others].sort())
})

t.test('folders are made with those above them, at once or never', async (t) => {
  const folder = t.testdir({ file: '' })
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'))
  const deep = join(folder, 'a', 'b', 'c')
  await Promise.all([makeFolders(deep, 0o700), makeFolders(deep, 0o700), makeFolders(join(deep, 'd'), 0o700)])
  t.equal(statSync(join(deep, 'd')).mode & 0o777, 0o700)
  await makeFolders(deep)
  await t.rejects(makeFolders(join(folder, 'file')), { code: 'EEXIST' })
  await t.rejects(makeFolders(join(folder, 'file', 'x')), { code: 'ENOTDIR' })
  await t.rejects(makeFolders(join(folder, 'link')), { code: 'EEXIST' })
  // Where the kernel takes no folders, as an automounter.
  if (process.platform === 'linux') await t.rejects(makeFolders('/proc/sluice/x'), { code: 'ENOENT' })
})

t.test('names never leave the folder', async (t) => {
  const sink = folderSink(join(t.testdir(), 'out'))
  for (const name of ['../x', 'a/../../x', '/etc/x', '', 'a//b', './x', 'a/..', 'x\0y'])
    t.throws(() => sink.item(name, 'fingerprint'), { code: 'SOURCE_UNUSABLE' }, JSON.stringify(name))
  for (const name of ['a b', '..x', 'x..', 'ü/%2F', 'a\\b'])
    t.doesNotThrow(() => sink.item(name, 'fingerprint'), name)
})

t.test('state is whole or not at all, for the owner only, and destroyed on demand', async (t) => {
  const folder = join(t.testdir(), 'out')
  const { state } = folderSink(folder)
  await state.write('deep/x.json', 'one')
  await state.write('deep/x.json', 'two')
  t.equal(await state.read('deep/x.json'), 'two')
  t.equal(statSync(join(`${folder}.sluice`, 'deep/x.json')).mode & 0o777, 0o600)
  await state.destroy('deep/x.json')
  await state.destroy('deep/x.json')
  t.equal(await state.read('deep/x.json'), undefined)
  const journal = await state.appender('j', 0)
  await journal.append('one\n')
  await journal.append('two\n')
  await journal.close()
  t.equal(await state.bytesOf('j'), 8)
  const again = await state.appender('j', 4)
  await again.append('three\n')
  await again.flush()
  await again.close()
  t.equal(await state.read('j'), 'one\nthree\n')
  t.notOk(existsSync(folder), 'nothing lies in the output')
})

t.test('a read is of the version that was listed', async (t) => {
  const folder = t.testdir({ 'x.ndjson': 'some text' })
  const source = folderSource(folder)
  const items = []
  for await (const item of source.list(() => {})) items.push(item)
  t.equal(items.length, 1)
  const reader = await source.open(firstOf(items), 5)
  const target = new Uint8Array(new SharedArrayBuffer(100))
  t.equal(await reader.read(target), 4)
  t.equal(Buffer.from(target.subarray(0, 4)).toString(), 'text')
  t.equal(await reader.read(target), 0)
  await reader.verify()
  writeFileSync(join(folder, 'new'), 'same size')
  renameSync(join(folder, 'new'), join(folder, 'x.ndjson'))
  await t.rejects(reader.verify(), { code: 'SOURCE_CHANGED' })
  await reader.close()
  await t.rejects(source.open(firstOf(items), 0), { code: 'SOURCE_CHANGED' })
  t.not((await source.head('x.ndjson'))?.version, firstOf(items).version)
  t.equal(await source.head('none'), undefined)
  mkdirSync(join(folder, 'sub'))
  writeFileSync(join(folder, 'sub', 'y.ndjson'), '')
  const flat: string[] = []
  for await (const { name } of folderSource(folder, { recursive: false }).list(() => {})) flat.push(name)
  t.strictSame(flat, ['x.ndjson'])
})
