import { sluiceError } from '../errors.js'

/** Completes "The address …". The address is shown without what may be a credential. */
export const addressError = (address: string, why: string, help = 'correct it') =>
  sluiceError('USAGE', { at: withoutCredentials(address), message: `the address ${why}`, help })

const withoutCredentials = (address: string): string =>
  withoutSas(address).replace(/^([a-z][a-z0-9+.-]*:\/*).*@/is, '$1…@')

/** Rather cuts too much than shows a part of a signature. */
export const withoutSas = (address: string): string =>
  address.replace(/[?#].*$/s, '').replace(/[^/]*sig(?:=|%3d).*$/is, '…')
