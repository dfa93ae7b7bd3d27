import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createOwn, reopenOwn } from '../../../src/storage/folder/own-file.js'

t.test('whatever has the name is removed, and a link is never followed', async (t) => {
  const folder = t.testdir({ 'outside.txt': 'untouched', 'old.txt': 'old' })
  const link = join(folder, 'link.txt')
  symlinkSync(join(folder, 'outside.txt'), link)
  for (const path of [link, join(folder, 'old.txt'), join(folder, 'new.txt')]) {
    const file = await createOwn(path)
    await file.writeFile('ours')
    await file.close()
    t.equal(readFileSync(path, 'utf8'), 'ours')
  }
  t.equal(readFileSync(join(folder, 'outside.txt'), 'utf8'), 'untouched')
})

t.test('only a file of its own is opened again: no link of either kind', async (t) => {
  const folder = t.testdir({ 'outside.txt': 'untouched', 'ours.txt': 'ours' })
  symlinkSync(join(folder, 'outside.txt'), join(folder, 'symbolic.txt'))
  writeFileSync(join(folder, 'twice.txt'), 'two names')
  linkSync(join(folder, 'twice.txt'), join(folder, 'hard.txt'))
  for (const name of ['symbolic.txt', 'hard.txt', 'twice.txt', 'none.txt'])
    t.equal(await reopenOwn(join(folder, name)), undefined, name)
  const file = await reopenOwn(join(folder, 'ours.txt'))
  t.equal(await file?.readFile('utf8'), 'ours')
  await file?.close()
})
