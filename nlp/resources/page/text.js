// Elements, search and highlighting. Text from the report reaches the page through text nodes alone.

const DATA = JSON.parse(document.getElementById('data').textContent);
const WORDS = DATA.words;
const ROWS = DATA.rows;
const NAMES = {};
for (const what of ['status', 'basis', 'kind', 'severity']) NAMES[what] = new Map(DATA.names[what]);

function byId(id) {
  return document.getElementById(id);
}

function say(key, values) {
  return WORDS[key].replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? String(values[name]) : whole));
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== false && value !== undefined) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function percent(share) {
  if (share > 0 && share < 0.005) return '<1%';
  if (share < 1 && share >= 0.995) return '>99%';
  return `${Math.round(share * 100)}%`;
}

// Lower case and half width, with the length kept, so that a place in the folded text is the same place in the text.
function fold(text) {
  const narrow = text.replace(/[\uff01-\uff5e\u3000]/g, (c) => (c === '\u3000' ? ' ' : String.fromCharCode(c.charCodeAt(0) - 0xfee0)));
  const lower = narrow.toLowerCase();
  return lower.length === text.length ? lower : narrow.replace(/[A-Z]/g, (c) => c.toLowerCase());
}

function cutQuery(query) {
  const parts = fold(query).split(/\s+/).filter(Boolean);
  return { words: parts.filter((p) => !/^#./.test(p)), numbers: parts.filter((p) => /^#./.test(p)).map((p) => p.slice(1)) };
}

const folded = [];

function haystack(n) {
  if (folded[n] === undefined) {
    const row = ROWS[n];
    folded[n] = fold([row.number, row.task, row.units.join('、'), row.text, row.section, ...row.other.map((pair) => pair[1])].join('\n'));
  }
  return folded[n];
}

function matches(n, query) {
  if (query.numbers.length && !query.numbers.includes(fold(ROWS[n].number))) return false;
  if (!query.words.length) return true;
  const text = haystack(n);
  return query.words.every((word) => text.includes(word));
}

// Where the words of a search stand in a text: [start, end], in order, those that touch joined.
function findHits(text, words) {
  if (!words.length || !text) return [];
  const plain = fold(text);
  const found = [];
  for (const word of words) {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) found.push([at, at + word.length]);
  }
  found.sort((a, b) => a[0] - b[0]);
  const joined = [];
  for (const hit of found) {
    const last = joined[joined.length - 1];
    if (last && hit[0] <= last[1]) last[1] = Math.max(last[1], hit[1]);
    else joined.push(hit);
  }
  return joined;
}

// A text cut at every border of its layers. A layer is {start, end, look, mark?, id?}: `look` the class of what it covers, `mark` the
// words shown where it begins, `id` [attribute, value]. Layers may nest and overlap in any way.
function layered(text, layers) {
  const piece = document.createDocumentFragment();
  const sorted = layers.filter((l) => l.start < l.end).sort((a, b) => a.start - b.start || b.end - a.end);
  const borders = new Set([0, text.length]);
  for (const layer of sorted) borders.add(layer.start).add(layer.end);
  const cuts = [...borders].filter((b) => b >= 0 && b <= text.length).sort((a, b) => a - b);
  let active = [];
  let next = 0;
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const start = cuts[i];
    active = active.filter((layer) => layer.end > start);
    while (next < sorted.length && sorted[next].start <= start) {
      const layer = sorted[next];
      active.push(layer);
      if (layer.mark) piece.append(make('span', { class: `tag ${layer.look}` }, layer.mark));
      next += 1;
    }
    const part = text.slice(start, cuts[i + 1]);
    piece.append(active.length ? covered(part, active) : part);
  }
  return piece;
}

function covered(part, layers) {
  const element = make(layers.some((l) => l.look === 'hit' || l.look === 'problem') ? 'mark' : 'span', {
    class: [...new Set(layers.map((l) => l.look))].join(' '),
  });
  for (const layer of layers) {
    if (!layer.id) continue;
    const [name, value] = layer.id;
    const before = element.getAttribute(name);
    element.setAttribute(name, before ? `${before} ${value}` : value);
  }
  element.append(part);
  return element;
}

function hitLayers(text, words) {
  return findHits(text, words).map(([start, end]) => ({ start, end, look: 'hit' }));
}

function marked(text, words) {
  return layered(text, hitLayers(text, words));
}

// A stretch of a text that is short enough for a cell; it holds the first hit where there is one.
function excerpt(text, words, longest) {
  if (text.length <= longest) return marked(text, words);
  const hits = findHits(text, words);
  let start = hits.length ? Math.max(0, Math.min(hits[0][0] - 12, text.length - longest)) : 0;
  let end = start + longest;
  // A character of two halves stays whole.
  if (/[\udc00-\udfff]/.test(text[start])) start -= 1;
  if (/[\udc00-\udfff]/.test(text[end] || '')) end += 1;
  const piece = marked(text.slice(start, end), words);
  if (start) piece.prepend('…');
  if (end < text.length) piece.append('…');
  return piece;
}

function statusWord(status) {
  return make('span', { class: `status st-${status}` }, NAMES.status.get(status));
}
