// One row of the table, and what it opens to.

const COLUMNS = [
  ['rank', 'rank'],
  ['number', 'number'],
  ['task', null],
  ['unit', null],
  ['status', null],
  ['basis', null],
  ['finding', null],
  ['confidence', 'confidence'],
];
const LONGEST_TASK = 90;
const LONGEST_FINDING = 130;
const DOUBTS = [['review', 'review'], ['against', 'against_short']];

function flagsOf(row) {
  return DOUBTS.filter(([key]) => row[key]).map(([key, word]) => make('span', { class: `flag ${key}` }, WORDS[word]));
}

// What a row says in short: its problems, else its summary; where the search hit only the text, the place of the hit.
function findingOf(row, words) {
  const problems = row.problems.filter(([start], i) => row.problems.findIndex((p) => p[0] === start) === i).map(([start, end]) => row.text.slice(start, end));
  const short = problems.join('；') || row.summary || row.reason;
  const isSeen = (word) => fold([short.slice(0, LONGEST_FINDING), row.task.slice(0, LONGEST_TASK), row.units.join('、'), row.number].join('\n')).includes(word);
  const unseen = words.filter((word) => !isSeen(word));
  const text = unseen.length && findHits(row.text, unseen).length ? row.text : short;
  return excerpt(text, unseen.length && text === row.text ? [...unseen, ...words] : words, LONGEST_FINDING);
}

function makeRow(n, words, isOpen, toggle) {
  const row = ROWS[n];
  const open = make('button', { type: 'button', class: 'open', 'aria-expanded': String(isOpen), 'aria-controls': `d${n}` }, excerpt(row.task || numberOf(n), words, LONGEST_TASK));
  open.addEventListener('click', () => toggle(n));
  const line = make(
    'tr',
    { id: `r${n}`, class: isOpen ? 'row is-open' : 'row' },
    make('td', { class: 'figure' }, row.rank === null ? '—' : String(row.rank)),
    make('th', { scope: 'row' }, marked(row.number, words)),
    make('td', {}, open),
    make('td', {}, marked(row.units.join('、'), words)),
    make('td', {}, statusWord(row.status), ...flagsOf(row)),
    make('td', {}, row.basis ? make('span', { class: 'basis' }, NAMES.basis.get(row.basis)) : null, row.severity ? make('span', { class: 'severity' }, NAMES.severity.get(String(row.severity))) : null),
    make('td', {}, findingOf(row, words)),
    make('td', { class: 'figure' }, percent(row.confidence)),
  );
  line.addEventListener('click', (event) => {
    if (event.target.closest('button, a') || String(window.getSelection())) return;
    toggle(n);
  });
  return line;
}

function makeDetail(n, words) {
  const row = ROWS[n];
  // What is marked on demand: the indicators shown, and whether the cue words are.
  const on = { indicators: new Set(), cues: false };
  // On paper a task is not printed again below a row that shows it whole.
  const again = row.task.length <= LONGEST_TASK ? ' again' : '';
  const task = make('p', { class: `text task${again}` });
  const text = make('p', { class: 'text status-text', tabindex: '-1' });
  const redraw = () => {
    task.replaceChildren(layered(row.task, [...hitLayers(row.task, words), ...indicatorLayers(row, 'task', on.indicators)]));
    text.replaceChildren(row.text ? layered(row.text, textLayers(row, words, on)) : WORDS.no_text);
  };
  redraw();
  const left = make('div', { class: 'left' }, make('h3', { class: again.trim() }, WORDS.task), task, make('h3', {}, WORDS.text), text, row.text ? legend(row, on, redraw) : null);
  if (row.indicators.length) left.append(make('h3', {}, WORDS.indicators), indicatorTable(row, on, redraw));
  if (row.summary) left.append(make('h3', { class: 'summary' }, WORDS.summary), make('p', { class: 'text summary' }, row.summary));
  left.append(make('h3', {}, WORDS.source), make('p', { class: 'source' }, marked([row.file, row.at, row.section].filter(Boolean).join(' · '), words)));
  for (const [header, value] of row.other) if (value) left.append(make('h3', {}, header), make('p', { class: 'text' }, marked(value, words)));
  const label = `${numberOf(n)} ${row.task.slice(0, 40)}`;
  return make('tr', { id: `d${n}`, class: 'detail' }, make('td', { colspan: COLUMNS.length }, make('div', { class: 'both', role: 'region', 'aria-label': label }, left, judgement(n))));
}

function textLayers(row, words, on) {
  const layers = row.statements.map(([start, end, status], i) => ({ start, end, look: `st-${status}`, mark: NAMES.status.get(status), id: ['data-statement', i] }));
  row.problems.forEach(([start, end, kind], i) => layers.push({ start, end, look: 'problem', mark: NAMES.kind.get(kind), id: ['data-problem', i] }));
  if (on.cues) row.cues.forEach(([start, end], i) => layers.push({ start, end, look: 'cue', id: ['data-cue', i] }));
  return [...layers, ...indicatorLayers(row, 'text', on.indicators), ...hitLayers(row.text, words)];
}

function indicatorLayers(row, where, shown) {
  return [...shown].filter((i) => row.indicators[i][where]).map((i) => ({ start: row.indicators[i][where][0], end: row.indicators[i][where][1], look: 'indicator', id: ['data-indicator', i] }));
}

function pressed(button, isOn) {
  button.setAttribute('aria-pressed', String(isOn));
}

function legend(row, on, redraw) {
  const line = make('p', { class: 'legend' }, `${WORDS.legend}：`, ...DATA.names.status.map(([key, name]) => make('span', { class: `st-${key}` }, name)), make('mark', { class: 'problem' }, WORDS.legend_problem));
  if (row.cues.length) {
    const button = make('button', { type: 'button', class: 'small', 'aria-pressed': 'false' }, WORDS.cues);
    button.addEventListener('click', () => {
      on.cues = !on.cues;
      pressed(button, on.cues);
      redraw();
    });
    line.append(button);
  }
  return line;
}

function plainTable(look, headers, lines) {
  const head = headers.length ? make('thead', {}, make('tr', {}, ...headers.map((header) => make('th', { scope: 'col' }, header)))) : null;
  return make('table', { class: look }, head, make('tbody', {}, ...lines.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell))))));
}

function indicatorTable(row, on, redraw) {
  const lines = row.indicators.map((indicator, i) => {
    const button = make('button', { type: 'button', class: 'small show', 'aria-pressed': 'false', 'aria-label': say('show_spans_of', { name: indicator.name }) }, WORDS.show_spans);
    button.addEventListener('click', () => {
      if (!on.indicators.delete(i)) on.indicators.add(i);
      pressed(button, on.indicators.has(i));
      redraw();
    });
    const verdict = make('span', { class: `light ${indicator.light || 'none'}` }, DATA.names.verdict[indicator.verdict] || indicator.verdict);
    return [indicator.name, indicator.target, indicator.result, verdict, indicator.arithmetic, button];
  });
  return plainTable('inner indicators', [WORDS.indicator, WORDS.target, WORDS.result, WORDS.verdict, WORDS.arithmetic, WORDS.show_spans], lines);
}

function judgement(n) {
  const row = ROWS[n];
  const right = make('div', { class: 'right' });
  const part = (title, ...children) => right.append(make('h3', {}, title), ...children);
  const decided = row.decided === 'model' ? WORDS.decided_model : WORDS.decided_rules;
  part(WORDS.judged, make('p', { class: 'marks' }, statusWord(row.status), row.basis ? ` ${NAMES.basis.get(row.basis)}` : null, row.severity ? ` ${NAMES.severity.get(String(row.severity))}` : null, ...flagsOf(row)));
  right.append(make('p', {}, `${row.reason}。`.replace(/。。$/, '。'), make('span', { class: 'note' }, decided)));
  if (row.rules) right.append(make('p', { class: 'note' }, say('rules_say', { status: NAMES.status.get(row.rules) })));
  part(WORDS.probabilities, plainTable('inner odds', [], DATA.names.status.map(([key, name], i) => [name, barSvg(row.probabilities[i], 1, 1, COLOURS[key]), percent(row.probabilities[i])])));
  part(WORDS.why_ranked, ...ranking(row));
  return right;
}

function ranking(row) {
  if (row.rank === null) return [make('p', {}, WORDS.unranked)];
  const terms = row.terms.map(([name, value]) => [DATA.names.term[name] || name, value.toFixed(1)]);
  return [
    make('p', {}, say('rank_line', { rank: row.rank, total: DATA.risks.length, score: row.score.toFixed(1) }), row.why ? make('span', { class: 'note' }, row.why) : null),
    plainTable('inner terms', [], [...terms, [make('b', {}, WORDS.sum), make('b', {}, row.score.toFixed(1))]]),
  ];
}
