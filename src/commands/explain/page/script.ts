/**
 * The page's only script: it filters the rows of the tables of elements by text and by what becomes of them. Without it,
 * the page shows the same without the filter.
 */
export const SCRIPT = `
const form = document.querySelector('#filter');
const query = form.querySelector('input');
const select = form.querySelector('select');
const status = form.querySelector('output');
const types = [...document.querySelectorAll('#elements details')].map((details) => ({
  details,
  rows: [...details.querySelectorAll('tbody tr')].map((row) => ({ row, text: row.textContent.toLowerCase() })),
}));
const OPENED = 8;
function apply() {
  const words = query.value.toLowerCase().split(/\\s+/).filter((word) => word !== '');
  const isFiltered = words.length > 0 || select.value !== '';
  let count = 0;
  let shownTypes = 0;
  for (const { details, rows } of types) {
    let shown = 0;
    for (const { row, text } of rows) {
      const isShown =
        words.every((word) => text.includes(word)) && (select.value === '' || row.className === select.value);
      row.hidden = !isShown;
      if (isShown) shown++;
    }
    details.hidden = shown === 0;
    if (shown > 0) shownTypes++;
    details.open = isFiltered && shown > 0 && shownTypes <= OPENED;
    count += shown;
  }
  status.textContent = isFiltered ? count + ' rows in ' + shownTypes + ' types' : '';
}
let timer;
form.hidden = false;
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
`
