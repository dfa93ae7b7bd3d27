import { createHash } from 'node:crypto'
import t from 'tap'
import { KEY_BYTES, KeyTable } from '../../../src/alt-export/items/key-table.js'

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, KEY_BYTES)

t.test('the table holds what a map holds, also while it grows', async (t) => {
  const table = new KeyTable()
  const map = new Map<string, number>()
  for (let n = 0; n < 30_000; n += 1) {
    const name = `Patient/${(n * 7919) % 20_000}`
    const value = (n % 4_000_000) + 1
    table.set(keyOf(name), value)
    map.set(name, value)
  }
  t.equal(table.size, map.size)
  let wrong = 0
  for (const [name, value] of map) if (table.get(keyOf(name)) !== value) wrong += 1
  t.equal(wrong, 0)
  for (let n = 0; n < 1000; n += 1) if (table.get(keyOf(`none ${n}`)) !== 0) wrong += 1
  t.equal(wrong, 0, 'nothing else is there')
})

t.test('a key takes no more than 26 bytes, whatever their number', async (t) => {
  const table = new KeyTable()
  let worst = 0
  for (let n = 0; n < 120_000; n += 1) {
    table.set(keyOf(String(n)), 1)
    if (n > 20_000 && n % 1000 === 0) worst = Math.max(worst, table.bytes / table.size)
  }
  t.ok(worst < 26, `${worst.toFixed(1)} bytes a key`)
})

t.test('keys that differ in any bit are different', async (t) => {
  const table = new KeyTable()
  const key = Buffer.alloc(KEY_BYTES)
  table.set(key, 1)
  for (let bit = 0; bit < KEY_BYTES * 8; bit += 1) {
    const other = Buffer.alloc(KEY_BYTES)
    other[bit >> 3] = 1 << (bit & 7)
    t.equal(table.get(other), 0)
    table.set(other, bit + 2)
  }
  t.equal(table.get(key), 1)
  t.equal(table.size, KEY_BYTES * 8 + 1)
})
