import t from 'tap'
import { Output } from '../../src/anonymizer/output.js'

t.test('an output grows by what is reserved and keeps what was written', async (t) => {
  const out = new Output(4)
  let expected = ''
  for (let k = 0; k < 300; k++) {
    const text = `piece ${k} `
    out.reserve(text.length)
    out.bytes.write(text, out.length)
    out.length += text.length
    expected += text
    t.ok(out.bytes.length >= out.length)
  }
  t.equal(out.bytes.toString('latin1', 0, out.length), expected)
  t.equal(out.view.byteLength, out.bytes.length, 'the view is that of the bytes')
  t.equal(out.view.getUint8(out.length - 1), 0x20)
})

t.test('room that is there is not asked for again', async (t) => {
  const out = new Output(64)
  const { bytes } = out
  out.reserve(64)
  t.equal(out.bytes, bytes)
  out.reserve(65)
  t.not(out.bytes, bytes)
})
