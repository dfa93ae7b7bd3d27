/** What the module asks its host for. Addresses and results are those of the module's memory. */

/**
 * Returns the start record for the resource type `[from, to)` under a kind of child resource; 0 if the interpreter must
 * serve it.
 */
@external('host', 'start')
export declare function hostStart(from: usize, to: usize, kind: u32): usize

/** Writes what the rules decide about an edge whose key the data has for the first time. */
@external('host', 'edge')
export declare function hostEdge(edge: usize): void

/** Makes the table of an edge's objects, or its choice, and returns its address; 0 if there is no room for more. */
@external('host', 'table')
export declare function hostTable(edge: usize): usize

/** Makes the variant of a choice for the predicates whose bits are set; 0 if the interpreter must serve the line. */
@external('host', 'variant')
export declare function hostVariant(choice: usize, mask: u32): usize

/**
 * Judges a system and a code, or the code of an element (`element` is its number; 0 for a pair). The texts are without
 * quotes, with their escapes, 0 for one that is absent. Returns 1 if they stay, the address of the counter of what goes,
 * or 0 if the interpreter must serve the line.
 */
@external('host', 'verdict')
export declare function hostVerdict(element: u32, systemFrom: usize, systemTo: usize, codeFrom: usize, codeTo: usize): usize

/** Decides a criterion that bytes do not decide, on the element at `at`: 0 false, 1 true, 2 unsure, 3 empty. */
@external('host', 'criterion')
export declare function hostCriterion(number: u32, at: usize): i32

/**
 * Runs a rule's method on the scalar `[from, to)`. Returns METHOD_FAILED, or the bits of the records that it leaves with
 * METHOD_GONE or METHOD_REPLACED, if so.
 */
@external('host', 'method')
export declare function hostMethod(edge: usize, from: usize, to: usize): u32

/** Length of the replacement of the last `hostMethod`. */
@external('host', 'replacementLength')
export declare function hostReplacementLength(): u32

/** Writes the replacement of the last `hostMethod`. */
@external('host', 'replacement')
export declare function hostReplacement(at: usize): void

/** Returns the days for the dates of the current owner and rule; NO_DAYS if the method must decide. */
@external('host', 'days')
export declare function hostDays(rule: u32): i32

/** Returns the days for the prefix that is the 64 hex digits at `at`. */
@external('host', 'daysOfDigits')
export declare function hostDaysOfDigits(at: usize): i32

/** Returns the days for the patient with the id `[from, to)`. */
@external('host', 'daysOfPatient')
export declare function hostDaysOfPatient(from: usize, to: usize): i32

/** Writes the labels for a set of records, comma-separated, at an address of its own; returns it. */
@external('host', 'codings')
export declare function hostCodings(records: u32): usize

/**
 * Adds labels to the meta `[from, to)` of the output, which has a `security`, and moves what follows it up to `end`.
 * Returns the new end.
 */
@external('host', 'label')
export declare function hostLabel(from: usize, to: usize, end: usize, records: u32): usize

export const METHOD_FAILED: u32 = 0x80000000
export const METHOD_GONE: u32 = 0x100
export const METHOD_REPLACED: u32 = 0x200
export const METHOD_RECORDS: u32 = 0xff
export const NO_DAYS: i32 = i32.MIN_VALUE
