// The filter bar, the table in pieces, the keyboard.

const PIECE = 50;
const MOST_OPENED = 300;
const buttons = [];
let shown = [];
let drawn = 0;
let current = 0;

function update(keep) {
  const began = performance.now();
  query = cutQuery(state.q);
  const { passing, counts } = filter();
  const before = keep ? shown[current] : undefined;
  shown = passing;
  current = Math.max(0, shown.indexOf(before));
  drawn = 0;
  byId('body').replaceChildren();
  drawMore(Math.max(PIECE, current + 1));
  for (const [group, key, button] of buttons) {
    pressed(button, state.on[group].has(key));
    button.lastChild.textContent = String(counts.get(`${group} ${key}`) || 0);
  }
  byId('unit').value = state.unit === null ? '' : `=${state.unit}`;
  byId('co').checked = state.co;
  if (byId('q').value !== state.q) byId('q').value = state.q;
  for (const cell of byId('head').children) if (cell.dataset.sort) cell.setAttribute('aria-sort', cell.dataset.sort !== state.sort ? 'none' : state.down ? 'descending' : 'ascending');
  byId('nothing').hidden = shown.length > 0;
  byId('open-all').disabled = !shown.length;
  byId('clear').disabled = !described().length;
  byId('state').textContent = [say('shown', { n: shown.length, total: ROWS.length }), ...described()].join('；');
  keepAddress();
  document.documentElement.dataset.updateMs = (performance.now() - began).toFixed(1);
}

function drawMore(n) {
  const piece = document.createDocumentFragment();
  const end = Math.min(shown.length, drawn + n);
  for (; drawn < end; drawn += 1) {
    const row = shown[drawn];
    piece.append(makeRow(row, query.words, state.open.has(row), toggle));
    if (state.open.has(row)) piece.append(makeDetail(row, query.words));
  }
  byId('body').append(piece);
  byId('more').hidden = drawn >= shown.length;
  byId('more').textContent = say('more', { n: Math.min(PIECE, shown.length - drawn) });
}

function toggle(n, want) {
  const isOpen = want === undefined ? !state.open.has(n) : want;
  const line = byId(`r${n}`);
  if (isOpen) state.open.add(n);
  else state.open.delete(n);
  if (line) {
    const detail = byId(`d${n}`);
    if (detail) detail.remove();
    if (isOpen) line.after(makeDetail(n, query.words));
    line.classList.toggle('is-open', isOpen);
    line.querySelector('.open').setAttribute('aria-expanded', String(isOpen));
    current = shown.indexOf(n);
  }
  keepAddress();
}

function focusRow(place) {
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, place));
  if (current >= drawn) drawMore(Math.max(PIECE, current + 1 - drawn));
  byId(`r${shown[current]}`).querySelector('.open').focus();
}

// A row that the digest or the list of risks names: the filters give way where they hide it.
function showRow(n) {
  if (!shown.includes(n)) clearFilters();
  state.open.add(n);
  if (shown.indexOf(n) >= drawn) drawMore(shown.indexOf(n) + 1 - drawn);
  toggle(n, true);
  focusRow(shown.indexOf(n));
  byId(`r${n}`).scrollIntoView({ block: 'center' });
}

function clearFilters() {
  state.q = '';
  state.unit = null;
  state.co = false;
  for (const keys of Object.values(state.on)) keys.clear();
  update(true);
}

function choose(group, key) {
  if (group === 'unit') state.unit = state.unit === key ? null : key;
  else if (!state.on[group].delete(key)) state.on[group].add(key);
  update(true);
}

function readAddress() {
  readState();
  update(false);
}

function drawFilters() {
  const group = (title, ...children) => byId('groups').append(make('div', { class: 'group', role: 'group', 'aria-label': title }, make('span', { class: 'label' }, title), ...children));
  const button = (what, key, name, look) => {
    const made = make('button', { type: 'button', class: `toggle ${look}`, 'aria-pressed': 'false' }, `${name} `, make('span', { class: 'n' }, '0'));
    made.addEventListener('click', () => choose(what, key));
    buttons.push([what, key, made]);
    return made;
  };
  for (const what of GROUPS) group(WORDS[what], ...DATA.names[what].map(([key, name]) => button(what, key, name, what === 'status' ? `st-${key}` : '')));
  group(WORDS.flags, ...FLAGS.map((flag) => button(flag, '1', WORDS[flag], '')));
  const sizes = count((row) => [row.units[0] || '']);
  for (const row of ROWS) for (const unit of row.units) if (!sizes.has(unit)) sizes.set(unit, 0);
  const collator = new Intl.Collator('zh');
  const units = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || collator.compare(a, b));
  const select = make('select', { id: 'unit', 'aria-label': WORDS.unit }, make('option', { value: '' }, WORDS.all_units), ...units.map((unit) => make('option', { value: `=${unit}` }, `${unit || WORDS.no_unit}（${sizes.get(unit)}）`)));
  select.addEventListener('change', () => {
    state.unit = select.value ? select.value.slice(1) : null;
    update(true);
  });
  const co = make('input', { type: 'checkbox', id: 'co' });
  co.addEventListener('change', () => {
    state.co = co.checked;
    update(true);
  });
  group(WORDS.unit, select, make('label', { class: 'check' }, co, ` ${WORDS.with_co}`));
}

function drawHead() {
  for (const [word, sort] of COLUMNS) {
    const cell = make('th', { scope: 'col', 'data-sort': sort });
    if (sort) {
      const button = make('button', { type: 'button', class: 'sort', title: say('sort_by', { name: WORDS[word] }) }, WORDS[word], make('span', { class: 'arrow', 'aria-hidden': 'true' }));
      button.addEventListener('click', () => {
        state.down = state.sort === sort && !state.down;
        state.sort = sort;
        update(false);
      });
      // Browsers leave buttons out of the header that they repeat on paper.
      cell.append(button, make('span', { class: 'on-paper' }, WORDS[word]));
    } else cell.append(WORDS[word]);
    byId('head').append(cell);
  }
}

let focusBefore = null;

function showHelp(isShown) {
  if (isShown === !byId('help').hidden) return;
  byId('help').hidden = !isShown;
  if (isShown) {
    focusBefore = document.activeElement;
    byId('help-close').focus();
  } else if (focusBefore) focusBefore.focus();
}

function rowOfFocus() {
  const line = document.activeElement.closest('tr.row, tr.detail');
  return line ? Number(line.id.slice(1)) : null;
}

function escape() {
  const n = rowOfFocus();
  if (!byId('help').hidden) showHelp(false);
  else if (document.activeElement === byId('q') && state.q) {
    state.q = '';
    update(true);
  } else if (n !== null && state.open.has(n)) {
    toggle(n, false);
    focusRow(shown.indexOf(n));
  } else if (n === null) focusRow(current);
}

function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key;
  if (key === 'Escape') escape();
  else if (!byId('help').hidden) {
    // The window has one button: the focus stays on it.
    if (key !== 'Tab') return;
    byId('help-close').focus();
  } else if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && document.activeElement.type !== 'checkbox') {
    if (document.activeElement !== byId('q') || !(key === 'Enter' || key === 'ArrowDown')) return;
    focusRow(current);
  } else if (key === '/' || key === '、') byId('q').focus();
  else if (key === '?' || key === '？') showHelp(true);
  else if (key === 'f') byId('groups').querySelector('button').focus();
  else if (key === 'j' || key === 'k' || ((key === 'ArrowDown' || key === 'ArrowUp') && document.activeElement.closest('tr.row'))) {
    const n = rowOfFocus();
    const step = key === 'j' || key === 'ArrowDown' ? 1 : -1;
    focusRow(n === null ? current : shown.indexOf(n) + step);
  } else return;
  event.preventDefault();
}

function start() {
  byId('meta').textContent = [DATA.place, DATA.period, say('elapsed', { share: percent(DATA.elapsed) }), say('items', { n: ROWS.length }), WORDS.made_by].filter(Boolean).join(' · ');
  drawPassages(showRow);
  drawOverview(choose, showRow);
  drawFilters();
  drawHead();
  for (const [key, meaning] of Object.entries(WORDS.keys)) byId('keys').append(make('dt', {}, make('kbd', {}, key)), make('dd', {}, meaning));
  const search = byId('q');
  const searched = (event) => {
    if (event.isComposing || search.value === state.q) return;
    state.q = search.value;
    update(true);
  };
  search.addEventListener('input', searched);
  search.addEventListener('compositionend', () => searched({}));
  byId('clear').addEventListener('click', clearFilters);
  byId('print').addEventListener('click', () => window.print());
  byId('help-open').addEventListener('click', () => showHelp(true));
  byId('help-close').addEventListener('click', () => showHelp(false));
  byId('more').addEventListener('click', () => {
    const first = drawn;
    drawMore(PIECE);
    focusRow(first);
  });
  byId('open-all').addEventListener('click', () => {
    for (const n of shown.slice(0, MOST_OPENED)) state.open.add(n);
    update(true);
    if (shown.length > MOST_OPENED) byId('state').textContent += `；${say('open_all_note', { n: MOST_OPENED })}`;
  });
  byId('close-all').addEventListener('click', () => {
    state.open.clear();
    update(true);
  });
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    byId('table').focus();
  });
  document.addEventListener('keydown', onKey);
  window.addEventListener('hashchange', readAddress);
  window.addEventListener('beforeprint', () => {
    drawMore(shown.length);
    // An opened row seldom fits below the overview: a header without rows would be left there.
    byId('table').classList.toggle('own-page', shown.length > 0 && state.open.has(shown[0]));
  });
  if ('IntersectionObserver' in window) {
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && drawn < shown.length && drawMore(PIECE), { rootMargin: '600px' }).observe(byId('more').parentElement);
  }
  readAddress();
  // The texts are folded before the first search, while nobody waits.
  const warm = (n) => {
    for (let i = n; i < Math.min(n + 500, ROWS.length); i += 1) haystack(i);
    if (n + 500 < ROWS.length) setTimeout(warm, 0, n + 500);
  };
  setTimeout(warm, 50, 0);
}

start();
