// The overview: digest, counts, bars. Every bar is a button that filters.

const COLOURS = { completed: '#2e7d32', in_progress: '#1f6fbf', not_started: '#6b6b6b', at_risk: '#c0281c' };
const MOST_UNITS = 10;
const MOST_RISKS = 5;

function count(keysOf) {
  const counts = new Map();
  for (const row of ROWS) for (const key of keysOf(row)) counts.set(key, (counts.get(key) || 0) + 1);
  return counts;
}

function panel(title, note, ...children) {
  return make('div', { class: 'panel' }, make('h3', {}, title), note ? make('p', { class: 'note' }, note) : null, ...children);
}

function doughnut(counts) {
  const total = ROWS.length || 1;
  const round = 2 * Math.PI * 40;
  const label = DATA.names.status.map(([key, name]) => `${name} ${counts.get(key) || 0}`).join('，');
  const ring = draw('svg', { viewBox: '0 0 120 120', width: 120, height: 120, role: 'img', 'aria-label': label, class: 'ring' });
  let before = 0;
  for (const [key] of DATA.names.status) {
    const part = ((counts.get(key) || 0) / total) * round;
    if (!part) continue;
    // A narrow gap keeps neighbours apart without relying on their colours.
    const length = Math.max(part - (part < round ? 1.5 : 0), 0.8);
    ring.append(
      draw('circle', {
        cx: 60, cy: 60, r: 40, fill: 'none', stroke: COLOURS[key], 'stroke-width': 22,
        'stroke-dasharray': `${length.toFixed(2)} ${(round - length).toFixed(2)}`, 'stroke-dashoffset': (-before).toFixed(2), transform: 'rotate(-90 60 60)',
      }),
    );
    before += part;
  }
  ring.append(draw('text', { x: 60, y: 68, 'text-anchor': 'middle', class: 'total' }, String(ROWS.length)));
  return ring;
}

function barSvg(value, whole, most, colour) {
  const width = 100;
  const svg = draw('svg', { viewBox: `0 0 ${width} 10`, preserveAspectRatio: 'none', class: 'bar', 'aria-hidden': 'true' });
  if (whole !== null) svg.append(draw('rect', { x: 0, y: 0, width: ((whole / most) * width).toFixed(2), height: 10, fill: '#cfd4da' }));
  svg.append(draw('rect', { x: 0, y: 0, width: ((value / most) * width).toFixed(2), height: 10, fill: colour }));
  return svg;
}

function swatch(colour) {
  return draw('svg', { viewBox: '0 0 10 10', width: 12, height: 12, 'aria-hidden': 'true' }, draw('rect', { width: 10, height: 10, fill: colour }));
}

function barButton(name, figure, svg, press) {
  const button = make('button', { type: 'button', class: 'barline' }, make('span', { class: 'name' }, name), svg, make('span', { class: 'figure' }, figure));
  button.addEventListener('click', press);
  return make('li', {}, button);
}

function drawOverview(choose, showRow) {
  const byStatus = count((row) => [row.status]);
  const statuses = DATA.names.status.map(([key, name]) => {
    const n = byStatus.get(key) || 0;
    return barButton(name, `${n}（${percent(n / (ROWS.length || 1))}）`, swatch(COLOURS[key]), () => choose('status', key));
  });
  const bars = (group, counts) => {
    const most = Math.max(1, ...counts.values());
    const lines = DATA.names[group].filter(([key]) => counts.get(key));
    if (!lines.length) return make('p', { class: 'note' }, WORDS.none);
    const items = lines.map(([key, name]) => barButton(name, String(counts.get(key)), barSvg(counts.get(key), null, most, COLOURS.at_risk), () => choose(group, key)));
    return make('ul', { class: 'bars' }, ...items);
  };
  byId('panels').append(
    panel(WORDS.by_status, '', make('div', { class: 'beside' }, doughnut(byStatus), make('ul', { class: 'bars' }, ...statuses))),
    panel(WORDS.by_basis, '', bars('basis', count((row) => (row.basis ? [row.basis] : []))), make('h3', {}, WORDS.by_kind), bars('kind', count((row) => row.problems.map((p) => p[2])))),
    panel(WORDS.by_unit, WORDS.by_unit_note, unitBars(choose)),
    panel(WORDS.top_risks, '', topRisks(showRow)),
  );
}

function unitBars(choose) {
  const all = count((row) => [row.units[0] || '']);
  const risky = count((row) => (row.status === 'at_risk' ? [row.units[0] || ''] : []));
  const units = [...risky.keys()].sort((a, b) => risky.get(b) - risky.get(a) || all.get(a) - all.get(b)).slice(0, MOST_UNITS);
  if (!units.length) return make('p', { class: 'note' }, WORDS.none);
  const most = Math.max(...units.map((unit) => all.get(unit)));
  const lines = units.map((unit) => barButton(unit || WORDS.no_unit, `${risky.get(unit)} / ${all.get(unit)}`, barSvg(risky.get(unit), all.get(unit), most, COLOURS.at_risk), () => choose('unit', unit)));
  return make('ul', { class: 'bars units' }, ...lines);
}

function rowLink(n, label, showRow) {
  const link = make('a', { href: `#open=${n + 1}` }, label);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    showRow(n);
  });
  return link;
}

function numberOf(n) {
  return ROWS[n].number ? say('item_n', { n: ROWS[n].number }) : say('row_n', { n: n + 1 });
}

function topRisks(showRow) {
  if (!DATA.risks.length) return make('p', { class: 'note' }, WORDS.none);
  const lines = DATA.risks.slice(0, MOST_RISKS).map(([n, reason]) =>
    make('li', {}, rowLink(n, numberOf(n), showRow), ` ${ROWS[n].units[0] || ''}`, make('span', { class: 'why' }, excerpt(reason, [], 70))),
  );
  return make('ol', { class: 'top' }, ...lines);
}

function drawPassages(showRow) {
  byId('digest').hidden = !DATA.passages.length;
  for (const passage of DATA.passages) {
    const cited = passage.cited.flatMap(([name, n], i) => [i ? '、' : WORDS.cited, n === null ? say('item_n', { n: name }) : rowLink(n, say('item_n', { n: name }), showRow)]);
    byId('passages').append(
      make('h3', {}, passage.heading),
      ...passage.text.split(/\n|(?<=[。；])(?=\d+\.[^\d])/).filter(Boolean).map((line) => make('p', {}, line)),
      ...(cited.length ? [make('p', { class: 'cited' }, ...cited)] : []),
    );
  }
}
