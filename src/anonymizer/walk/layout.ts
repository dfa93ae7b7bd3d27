/**
 * The records in the module's memory, as `assembly/records.ts` describes them: offsets of their fields, and the values of
 * fields that are codes or bits. All fields are little-endian; addresses are of 32 bits.
 */

/** What the walk does with a value. */
export const ACT = {
  /** Leaves the line to the interpreter. */
  BAIL: 0,
  KEEP_STRING: 1,
  KEEP_NUMBER: 2,
  KEEP_BOOLEAN: 3,
  OBJECT: 4,
  /** Removes the value, checking only its JSON syntax. */
  DROP: 5,
  HASH: 6,
  HASH_REFERENCE: 7,
  METHOD: 8,
  RESOURCE: 9,
  SHIFT: 10,
  /** Redacts a date to its year. */
  KEEP_YEAR: 11,
  /** Does what the act of a variant says, which depends on what the element holds. */
  CHOOSE: 12,
  /** The host has not decided yet. */
  UNKNOWN: 13,
  /** Keeps a code if it may stay. */
  CODE: 14,
  /** Keeps the system or the code of a pair if the pair may stay. */
  PART: 15,
} as const

export const FACT = {
  PLAIN_STRING: 1,
  META: 2,
  ID: 4,
  UNDERSCORE: 8,
  ARRAY: 16,
  BOOLEAN: 32,
  STRING: 64,
  DATE: 128,
  INSTANT: 256,
  META_INSTANT: 512,
  SECURITY: 1024,
  PATIENT: 2048,
  CODE: 4096,
} as const

export const EDGE = {
  KEY: 0,
  KEY_LENGTH: 4,
  MANDATORY: 5,
  INDEX: 6,
  ACT: 8,
  OPENING: 9,
  FACTS: 10,
  COUNTER: 12,
  TABLE: 16,
  NEXT: 20,
  RULE: 24,
  KIND: 28,
  BYTES: 32,
} as const

export const TABLE = { FIRST: 0, WORDS: 4, MASK: 8, FACTOR: 12, SLOTS: 16, MASKS: 20, BYTES: 32 } as const

export const MASK = { FIRST: 16, KEY_INDEX: 0, TEXT: 4, LENGTH: 8, BYTES: 16 } as const

export const CHOICE = { COUNT: 128, PREDICATES: 132 } as const

/** What is known about one part of a pair, beside the index of the other part's key. */
export const PART = { JUDGES_OTHER: 0x10000, IS_SYSTEM: 0x20000 } as const

export const START = { TABLE: 0, COUNTER: 4, FLAGS: 8, PATIENT: 12, BYTES: 16 } as const

export const START_FLAG = { CONTAINED: 1, CHOOSES: 8 } as const

export const SETTINGS = {
  RULE_COUNTERS: 0,
  COUNTER_BYTES: 4,
  COUNTER_COPY: 8,
  OVER_89: 12,
  SHIFT_SCOPE: 16,
  DAYS: 20,
  REMOVES_TIME_ZONE: 24,
  MAX_LINE_BYTES: 28,
  IS_DOCUMENT: 32,
  RESOURCE_NAMES: 36,
  HASH_KEY: 40,
  HASH_CACHE: 44,
  PATIENT_CACHE: 48,
  DIGIT_WEIGHTS: 52,
  DIGIT_SUM: 56,
  DIGIT_MODULUS: 60,
  DIGIT_LEAST: 64,
  WHOLE_INSTANTS: 68,
  CODE_CACHE: 72,
  CODE_COUNTERS: 76,
  BYTES: 80,
} as const

/** Which days dates shift by (`assembly/shifts.ts`). */
export const SCOPE = { FIXED: 0, ROOT: 1, PATIENT: 2 } as const

/** Answers of the host (`assembly/host.ts`). */
export const METHOD_FAILED = 0x80000000 | 0
export const METHOD_GONE = 0x100
export const METHOD_REPLACED = 0x200
export const NO_DAYS = -(2 ** 31)
/** Answers of the host about a code; any other is the address of a counter. */
export const VERDICT = { LEAVES: 0, STAYS: 1 } as const

/** Bytes of the caches that the host makes room for. */
export const HASH_CACHE_BYTES = 16 << 20
export const PATIENT_CACHE_BYTES = 80 << 10
export const CODE_CACHE_BYTES = (128 << 12) + (256 << 9)
export const CODE_COUNTER_BYTES = 1024

/** Longest name of a resource type. */
export const MAX_NAME_BYTES = 32
/** Number of 32-bit words in the set of keys seen in an object. */
export const SEEN_WORDS = 16
