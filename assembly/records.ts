/**
 * The records that the host writes and the walk reads. The host's side is `src/anonymizer/walk/layout.ts`; a test holds
 * both to the same numbers.
 */

/** What the walk does with a value. */
export namespace Act {
  /** Leaves the line to the interpreter. */
  export const BAIL = 0
  export const KEEP_STRING = 1
  export const KEEP_NUMBER = 2
  export const KEEP_BOOLEAN = 3
  export const OBJECT = 4
  /** Removes the value, checking only its JSON syntax. */
  export const DROP = 5
  export const HASH = 6
  export const HASH_REFERENCE = 7
  export const METHOD = 8
  export const RESOURCE = 9
  export const SHIFT = 10
  /** Redacts a date to its year. */
  export const KEEP_YEAR = 11
  /** Does what the act of a variant says, which depends on what the element holds. */
  export const CHOOSE = 12
  /** The host has not decided yet. Only `lookUp` meets such an edge. */
  export const UNKNOWN = 13
  /** Keeps a code if it may stay. */
  export const CODE = 14
  /** Keeps the system or the code of a pair if the pair may stay. */
  export const PART = 15
}

/** Facts about an edge, as bits. */
export namespace Fact {
  /** A single string that is kept or dropped whole. */
  export const PLAIN_STRING: u32 = 1
  /** The meta of a resource that gets labels. */
  export const META: u32 = 2
  /** The id of a resource. */
  export const ID: u32 = 4
  /** The `_` object of a primitive. */
  export const UNDERSCORE: u32 = 8
  export const ARRAY: u32 = 16
  export const BOOLEAN: u32 = 32
  export const STRING: u32 = 64
  export const DATE: u32 = 128
  export const INSTANT: u32 = 256
  /** An instant in meta, which is completed if only a part of it is left. */
  export const META_INSTANT: u32 = 512
  /** `security` in meta. */
  export const SECURITY: u32 = 1024
  /** An element that may name the resource's patient. */
  export const PATIENT: u32 = 2048
  /** A code that is judged where its rule leaves it as it is. */
  export const CODE: u32 = 4096
}

/** One key of an object. `key` is the address of its bytes, with quotes and colon, padded with zeros to 16. */
export namespace Edge {
  export const KEY: usize = 0
  /** One byte; so is the next. */
  export const KEY_LENGTH: usize = 4
  /** Number of the element among the mandatory ones of its type, from 1; 0 if it is not mandatory, or not masked. */
  export const MANDATORY: usize = 5
  /** Index of the key's bit in the set of keys seen. */
  export const INDEX: usize = 6
  export const ACT: usize = 8
  /** Required first byte of a dropped value: a quote, a brace, or 0 for numbers and booleans. */
  export const OPENING: usize = 9
  export const FACTS: usize = 10
  /** Address of the counter of the rule whose claim begins here; 0 for none. */
  export const COUNTER: usize = 12
  /** Table of the object's keys, or the choice of CHOOSE; 0 until it is made. For CODE and PART, see `code-cache.ts`. */
  export const TABLE: usize = 16
  /** The edge that followed this one last time; 0 for none. */
  export const NEXT: usize = 20
  export const RULE: usize = 24
  /** Kind of the child resource, for `hostStart`; for CODE, number of the element; for PART, a `Part`. */
  export const KIND: usize = 28
  export const BYTES: usize = 32
}

/** The keys that an object at one place may have. Its edges follow at 32. */
export namespace Table {
  /** The edge that came first last time; 0 for none. */
  export const FIRST: usize = 0
  /** Number of 32-bit words in its set of keys seen. */
  export const WORDS: usize = 4
  export const MASK: usize = 8
  export const FACTOR: usize = 12
  /** Address of the slots, which tables of one type share: each the offset of an edge in the table, or 0. */
  export const SLOTS: usize = 16
  /** What stands in for mandatory elements, which tables of one type share: their number and a mask for each; 0 for none. */
  export const MASKS: usize = 20
}

/** What stands in for a mandatory element. The first one follows at FIRST. */
export namespace Mask {
  export const FIRST: usize = 16
  /** Index of the element's key in the set of keys seen. */
  export const KEY_INDEX: usize = 0
  /** Address and length of the member that is written. */
  export const TEXT: usize = 4
  export const LENGTH: usize = 8
  export const BYTES: usize = 16
}

/** What follows at an element, by the predicates that it meets (`choices.ts`). */
export namespace Choice {
  /** The variants met last, by a hash of their masks: 16 slots, each a mask and the address of an edge or table. */
  export const SLOT_MASK: usize = 0
  export const SLOT_VARIANT: usize = 4
  export const SLOT_BYTES: usize = 8
  /** Number of predicates, and their addresses. Bit k of a mask is set if the element meets predicate k. */
  export const COUNT: usize = 128
  export const PREDICATES: usize = 132
}

/** What is known about one part of a pair: bits, and the index of the other part's key. */
export namespace Part {
  export const INDEX: u32 = 0xffff
  /** Whether the rules leave the other one as it is, too. */
  export const JUDGES_OTHER: u32 = 0x10000
  export const IS_SYSTEM: u32 = 0x20000
}

/** The start of a resource's walk. */
export namespace Start {
  /** The resource's table, or with CHOOSES the choice of one. */
  export const TABLE: usize = 0
  /** Address of the counter of resources of this type. */
  export const COUNTER: usize = 4
  export const FLAGS: usize = 8
  /** How to find the resource's patient: address of keys, or 0 to ask the host. */
  export const PATIENT: usize = 12

  export const CONTAINED: u32 = 1
  export const CHOOSES: u32 = 8
}

/** What the host sets before a run of lines. */
export namespace Settings {
  export const RULE_COUNTERS: usize = 0
  /** Bytes of the counters, a multiple of 16. */
  export const COUNTER_BYTES: usize = 4
  /** Where the counters are copied to at the start of a line. */
  export const COUNTER_COPY: usize = 8
  /** Largest day of birth, as year · 10000 + month · 100 + day, of a person over 89. */
  export const OVER_89: usize = 12
  export const SHIFT_SCOPE: usize = 16
  /** Days of the scope FIXED. */
  export const DAYS: usize = 20
  export const REMOVES_TIME_ZONE: usize = 24
  export const MAX_LINE_BYTES: usize = 28
  /** Whether the source is one document instead of lines. */
  export const IS_DOCUMENT: usize = 32
  /** The names of the resource types (`names.ts`). */
  export const RESOURCE_NAMES: usize = 36
  /** The key's block for the hashes, and their cache; 0 if nothing is hashed. */
  export const HASH_KEY: usize = 40
  export const HASH_CACHE: usize = 44
  /** The cache of days by patient (`patients.ts`). */
  export const PATIENT_CACHE: usize = 48
  /** How days follow from 64 digits: weights of 16 bits and what is added to their sum; 0 to ask the host. */
  export const DIGIT_WEIGHTS: usize = 52
  export const DIGIT_SUM: usize = 56
  export const DIGIT_MODULUS: usize = 60
  export const DIGIT_LEAST: usize = 64
  /** Whether an instant that is cut to its year is written as the first instant of that year. */
  export const WHOLE_INSTANTS: usize = 68
  /** The cache of verdicts on codes and the counters of those that go; 0 if none are judged. */
  export const CODE_CACHE: usize = 72
  export const CODE_COUNTERS: usize = 76
}
