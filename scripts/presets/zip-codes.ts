/**
 * The three-digit ZIP code areas that had inhabitants in the census: the prefixes of the Census Bureau's ZIP Code
 * Tabulation Areas, without the 18 areas of the 2020 census with 20,000 inhabitants or fewer (45 CFR
 * 164.514(b)(2)(i)(B)). By their first two digits; `0-24` stands for 0, 1, 2 and 4.
 */
const POPULATED: Readonly<Record<string, string>> = {
  '00': '679',
  '01': '0-9',
  '02': '0-9',
  '03': '0-57-9',
  '04': '0-9',
  '05': '0-46-8',
  '06': '0-9',
  '07': '0-9',
  '08': '0-9',
  '10': '013-9',
  '11': '0-9',
  '12': '0-9',
  '13': '0-9',
  '14': '0-9',
  '15': '0-9',
  '16': '0-9',
  '17': '0-9',
  '18': '0-9',
  '19': '013-9',
  '20': '016-9',
  '21': '0-24-9',
  '22': '0-9',
  '23': '0-9',
  '24': '0-9',
  '25': '0-9',
  '26': '0-8',
  '27': '0-9',
  '28': '0-9',
  '29': '0-9',
  '30': '0-9',
  '31': '02-9',
  '32': '0-9',
  '33': '013-9',
  '34': '124679',
  '35': '0-24-9',
  '36': '0-8',
  '37': '0-46-9',
  '38': '0-9',
  '39': '0-8',
  '40': '0-9',
  '41': '0-8',
  '42': '0-7',
  '43': '0-9',
  '44': '0-9',
  '45': '0-8',
  '46': '0-9',
  '47': '0-9',
  '48': '0-9',
  '49': '0-9',
  '50': '0-8',
  '51': '0-6',
  '52': '0-8',
  '53': '0-2457-9',
  '54': '0-9',
  '55': '01347-9',
  '56': '0-7',
  '57': '0-7',
  '58': '0-8',
  '59': '0-9',
  '60': '0-9',
  '61': '0-9',
  '62': '02-9',
  '63': '013-9',
  '64': '014-8',
  '65': '0-8',
  '66': '0-24-9',
  '67': '0-9',
  '68': '013-9',
  '69': '013',
  '70': '013-8',
  '71': '0-46-9',
  '72': '0-9',
  '73': '014-9',
  '74': '013-9',
  '75': '0-24-9',
  '76': '0-9',
  '77': '03-9',
  '78': '0-9',
  '79': '0-9',
  '80': '0-9',
  '81': '0-6',
  '82': '024-9',
  '83': '0-8',
  '84': '013-7',
  '85': '0-35-79',
  '86': '03-5',
  '87': '013-57',
  '88': '0-3',
  '89': '014578',
  '90': '02-8',
  '91': '0-9',
  '92': '0-8',
  '93': '0-79',
  '94': '013-9',
  '95': '0-9',
  '96': '0178',
  '97': '0-9',
  '98': '0-689',
  '99': '0-9',
}

/** All prefixes of areas with more than 20,000 inhabitants: 876. */
export const POPULATED_PREFIXES: ReadonlySet<string> = new Set(
  Object.entries(POPULATED).flatMap(([first, last]) => digitsOf(last).map((digit) => first + digit)),
)

function digitsOf(text: string): string[] {
  return text
    .replace(/(\d)-(\d)/g, (_, from: string, to: string) => '0123456789'.slice(+from, +to + 1))
    .split('')
}

/** Matches the ZIP codes, of five digits or nine, in these areas. */
export function populatedZipPattern(): string {
  const byLast = new Map<string, string[]>()
  for (const [first, last] of Object.entries(POPULATED).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    byLast.set(last, [...(byLast.get(last) ?? []), first])
  const parts = [...byLast].map(([last, firsts]) => {
    const digit = last.length === 1 ? last : `[${last}]`
    return firsts.length === 1 ? `${firsts[0]}${digit}` : `(${firsts.join('|')})${digit}`
  })
  return `^(${parts.join('|')})[0-9]{2}(-[0-9]{4})?$`
}

/** Matches whatever has the form of a ZIP code. */
export const ZIP_PATTERN = '^[0-9]{5}(-[0-9]{4})?$'
