// A custom method gets one value at a time and says what to write in its place.

/** @type {import('fhir-sluice').CustomMethod} */
export default function initials({ text }) {
  const initial = [...text.trim()][0]
  // null removes the value. The label is added to meta.security of the resource.
  return { json: initial === undefined ? null : `${initial.toUpperCase()}.`, label: 'ABSTRACT' }
}
