// What is shown: filters, search, order, opened rows. It stands in the address behind #, so that a view can be bookmarked.

const GROUPS = ['status', 'basis', 'kind', 'severity'];
const FLAGS = ['review', 'against'];
const state = { q: '', sort: 'rank', down: false, unit: null, co: false, open: new Set(), on: {} };
for (const group of [...GROUPS, ...FLAGS]) state.on[group] = new Set();
let query = cutQuery('');

const KEYS_OF = {
  status: (row) => [row.status],
  basis: (row) => (row.basis ? [row.basis] : []),
  kind: (row) => row.problems.map((p) => p[2]),
  severity: (row) => [String(row.severity)],
  review: (row) => (row.review ? ['1'] : []),
  against: (row) => (row.against ? ['1'] : []),
};
const KEYS = Object.fromEntries(Object.entries(KEYS_OF).map(([group, keysOf]) => [group, ROWS.map((row) => [...new Set(keysOf(row))])]));
const ORDER = {
  rank: ROWS.map((row) => (row.rank === null ? Infinity : row.rank)),
  number: naturalOrder(),
  confidence: ROWS.map((row) => row.confidence),
};

function naturalOrder() {
  const collator = new Intl.Collator('zh', { numeric: true });
  const sorted = ROWS.map((row, n) => n).sort((a, b) => !ROWS[a].number - !ROWS[b].number || collator.compare(ROWS[a].number, ROWS[b].number) || a - b);
  const places = [];
  sorted.forEach((n, place) => (places[n] = place));
  return places;
}

function isOfUnit(row) {
  return state.co ? row.units.includes(state.unit) : (row.units[0] || '') === state.unit;
}

// The rows that pass, and for each button how many rows it would leave beside the filters of the other groups.
function filter() {
  const groups = [...GROUPS, ...FLAGS];
  const counts = new Map();
  const passing = [];
  for (let n = 0; n < ROWS.length; n += 1) {
    if ((state.unit !== null && !isOfUnit(ROWS[n])) || !matches(n, query)) continue;
    const failing = groups.filter((group) => state.on[group].size && !KEYS[group][n].some((key) => state.on[group].has(key)));
    if (!failing.length) passing.push(n);
    if (failing.length > 1) continue;
    for (const group of failing.length ? failing : groups) {
      for (const key of KEYS[group][n]) counts.set(`${group} ${key}`, (counts.get(`${group} ${key}`) || 0) + 1);
    }
  }
  const order = ORDER[state.sort];
  const sign = state.down ? -1 : 1;
  // What has no rank stays behind in either direction.
  passing.sort((a, b) => (order[a] === order[b] ? a - b : order[a] === Infinity ? 1 : order[b] === Infinity ? -1 : sign * (order[a] - order[b])));
  return { passing, counts };
}

function described() {
  const parts = [];
  if (state.q.trim()) parts.push(`${WORDS.search}“${state.q.trim()}”`);
  for (const group of GROUPS) if (state.on[group].size) parts.push(`${WORDS[group]}：${DATA.names[group].filter(([key]) => state.on[group].has(key)).map((pair) => pair[1]).join('、')}`);
  for (const flag of FLAGS) if (state.on[flag].size) parts.push(WORDS[flag]);
  if (state.unit !== null) parts.push(`${WORDS.unit}：${state.unit || WORDS.no_unit}${state.co ? `（${WORDS.with_co}）` : ''}`);
  return parts;
}

function keepAddress() {
  const parts = new URLSearchParams();
  if (state.q) parts.set('q', state.q);
  for (const [group, keys] of Object.entries(state.on)) if (keys.size) parts.set(group, [...keys].join(','));
  if (state.unit !== null) parts.set('unit', state.unit);
  if (state.co) parts.set('co', '1');
  if (state.sort !== 'rank' || state.down) parts.set('sort', (state.down ? '-' : '') + state.sort);
  if (state.open.size && state.open.size <= 50) parts.set('open', [...state.open].map((n) => n + 1).join(','));
  const hash = `#${parts}`;
  if (hash === (location.hash || '#')) return;
  // Some browsers forbid it to a page from a file; then the address stays as it is.
  try {
    history.replaceState(null, '', hash);
  } catch (error) {
    return;
  }
}

function readState() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const list = (key) => (parts.get(key) || '').split(',').filter(Boolean);
  state.q = (parts.get('q') || '').slice(0, 200);
  for (const group of GROUPS) state.on[group] = new Set(list(group).filter((key) => NAMES[group].has(key)));
  for (const flag of FLAGS) state.on[flag] = new Set(list(flag).filter((key) => key === '1'));
  state.unit = parts.has('unit') && ROWS.some((row) => row.units.includes(parts.get('unit')) || !parts.get('unit')) ? parts.get('unit') : null;
  state.co = parts.get('co') === '1';
  const sort = parts.get('sort') || 'rank';
  state.down = sort.startsWith('-');
  state.sort = Object.keys(ORDER).includes(sort.replace(/^-/, '')) ? sort.replace(/^-/, '') : 'rank';
  state.open = new Set(list('open').map((n) => Number(n) - 1).filter((n) => n in ROWS));
}
