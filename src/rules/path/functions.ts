const TABLE: readonly (readonly [min: number, max: number, names: string])[] = [
  [
    0,
    0,
    'empty not allTrue anyTrue allFalse anyFalse count distinct isDistinct single first last tail children',
  ],
  [0, 0, 'descendants toInteger toDecimal toString toBoolean toDate toDateTime toTime convertsToInteger'],
  [
    0,
    0,
    'convertsToDecimal convertsToString convertsToBoolean convertsToDate convertsToDateTime convertsToTime',
  ],
  [0, 0, 'convertsToQuantity length upper lower toChars trim abs ceiling exp floor ln sqrt truncate'],
  [0, 0, 'now today timeOfDay'],
  [0, 1, 'exists any toQuantity round join'],
  [
    1,
    1,
    'all where select repeat ofType is as skip take intersect exclude union combine subsetOf supersetOf',
  ],
  [
    1,
    1,
    'indexOf lastIndexOf startsWith endsWith contains matches split encode decode escape unescape log power',
  ],
  [1, 1, 'extension nodesByType nodesByName'],
  [1, 2, 'substring trace aggregate defineVariable'],
  [2, 2, 'replace replaceMatches'],
  [2, 3, 'iif'],
]

/** The functions a rule may call, with the number of arguments each takes (law 4.9 to 4.14). */
export const FUNCTIONS: ReadonlyMap<string, { readonly min: number; readonly max: number }> = new Map(
  TABLE.flatMap(([min, max, names]) => names.split(' ').map((name) => [name, { min, max }] as const)),
)
