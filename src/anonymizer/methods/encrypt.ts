import { createCipheriv, createDecipheriv } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { createHmac } from '../keyed-hash/hmac.js'
import { subKey } from '../keyed-hash/sub-key.js'
import { type LeafMethod, type LeafPlace, RECORD } from './leaf.js'
import { method, requiredKey } from './method.js'

const IV_BYTES = 16
const BLOCK_BYTES = 16

export const encrypt = method({
  name: 'encrypt',
  summary: 'encrypts the value with AES-CBC; `sluice decrypt` reverses it',
  settings: {},
  records: ['ENCRYPT'],
  reach: 'values',
  writesText: true,
  dependsOnPlace: true,
  keysOf: () => ['encryptKey'],
  compile: (_, { parameters }) =>
    compileEncrypt(requiredKey(parameters, 'encryptKey'), requiredKey(parameters, 'perturbKey')),
  resultOf: () => 'encrypted',
})

/**
 * Encrypts with AES-CBC and PKCS#7 padding. The result is a string whatever the type: base64 of IV and ciphertext
 * (law 8.1, 8.2). The IV is an HMAC over the place and the value, under a key of its own: the same value in the same
 * place under the same key gives the same IV, anything else a different one.
 */
function compileEncrypt(encryptKey: string, ivKey: string): LeafMethod {
  const key = Buffer.from(encryptKey)
  const algorithm = algorithmFor(key)
  const hmac = createHmac(subKey(ivKey, 'encrypt', encryptKey))
  return (leaf, place) => {
    const iv = hmac.bytes(`${placeText(place)}\0${leaf.text}`).subarray(0, IV_BYTES)
    const cipher = createCipheriv(algorithm, key, iv)
    const encrypted = Buffer.concat([iv, cipher.update(leaf.text, 'utf8'), cipher.final()])
    return { record: RECORD.ENCRYPT, json: `"${encrypted.toString('base64')}"` }
  }
}

/** Returns a text that identifies a place in a run; names never contain U+0000. */
export const placeText = ({ item, record, offset }: LeafPlace): string => `${item}\0${record}\0${offset}`

/**
 * Decrypts an encrypted value; '' for ''. Throws BAD_LINE if it is not an encrypted value or belongs to another key,
 * and CONFIG_INVALID if the key is not 16, 24 or 32 bytes long. The error quotes nothing.
 */
export function decryptValue(base64: string, encryptKey: string): string {
  if (base64 === '') return ''
  const key = Buffer.from(encryptKey)
  const algorithm = algorithmFor(key)
  const bytes = isBase64(base64) ? Buffer.from(base64, 'base64') : Buffer.alloc(0)
  if (bytes.length < IV_BYTES + BLOCK_BYTES || bytes.length % BLOCK_BYTES !== 0) throw notDecryptable()
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, IV_BYTES))
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    throw notDecryptable()
  }
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

const notDecryptable = (): Error =>
  sluiceError('BAD_LINE', {
    message: 'not a value encrypted with this key',
    help: 'give the key it was encrypted with',
  })

function algorithmFor(key: Buffer): string {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32)
    throw sluiceError('CONFIG_INVALID', {
      at: 'parameters.encryptKey',
      message: 'encryptKey must be 16, 24 or 32 bytes long in UTF-8',
    })
  return `aes-${key.length * 8}-cbc`
}
