const DIGIT_0 = 48

/** The multiplication of the dihedral group D5, row by row. */
const PRODUCT = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
]
/** Verhoeff's permutation, applied once for each place from the right, modulo 8. */
const PERMUTED = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
]

/** Whether digits end with their check digit by Verhoeff's method (SNOMED CT, Technical Implementation Guide). */
export function isVerhoeff(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - DIGIT_0
    const permuted = (PERMUTED[place % 8] ?? '').charCodeAt(digit) - DIGIT_0
    sum = (PRODUCT[sum] ?? '').charCodeAt(permuted) - DIGIT_0
  }
  return sum === 0
}

/** Whether digits end with their check digit modulo 10, every second digit doubled (LOINC, NPI: Luhn). */
export function isModulo10(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - DIGIT_0
    const weighted = place % 2 === 0 ? digit : digit * 2
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}
